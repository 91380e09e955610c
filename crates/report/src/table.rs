//! A table without a format: columns, groups of rows, numbers with their spread and interval -> Markdown, CSV, JSON, LaTeX,
//! HTML. [`Table::results`] has the layout of the paper's Table 1.

mod data;
mod html;
mod latex;
mod markdown;

use serde::Serialize;

/// A table.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, in groups that are set apart by a rule.
    pub groups: Vec<Group>,
    /// Lines below it.
    pub notes: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Column {
    /// Its head, e.g. `BLEU-4`.
    pub name: String,
    /// Its name in CSV and JSON, e.g. `bleu_4`; the head where it is empty.
    pub key: String,
    /// Numbers are multiplied by this where people read them (100 for scores, as papers do); CSV and JSON have them as
    /// they are. 0 is taken as 1.
    pub scale: f64,
    /// Decimals, after scaling, where people read them.
    pub decimals: usize,
    /// Which of its numbers is bold.
    pub best: Best,
}

/// Which number of a column is the best of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Best {
    /// None is.
    #[default]
    None,
    /// The largest.
    Highest,
    /// The smallest.
    Lowest,
}

/// Rows that belong together, e.g. ours, or those that were published.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Group {
    /// A line above them; none where it is empty.
    pub title: String,
    /// Of others: set in italics or grey, and no number of theirs is bold.
    pub published: bool,
    /// The rows: as many cells as there are columns; missing ones are empty.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// Nothing: not computed, not published.
    #[default]
    Empty,
    /// Words.
    Text(String),
    /// A number.
    Number(Number),
}

/// A number, unscaled, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Number {
    /// Its value: the mean where there are several runs.
    pub mean: f64,
    /// Standard deviation over runs (seeds).
    pub spread: Option<f64>,
    /// Where it lies: lower and upper end (bootstrap over clips).
    pub interval: Option<[f64; 2]>,
    /// How many runs.
    pub runs: Option<usize>,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Cell {
    /// A number with nothing around it; NaN is [`Cell::Empty`].
    fn from(mean: f64) -> Self {
        match mean.is_nan() {
            true => Self::Empty,
            false => Self::Number(Number {
                mean,
                ..Number::default()
            }),
        }
    }
}

impl From<Number> for Cell {
    fn from(number: Number) -> Self {
        match number.mean.is_nan() {
            true => Self::Empty,
            false => Self::Number(number),
        }
    }
}

impl Number {
    /// Mean and spread (n - 1) of one value a run; no spread of one run, NaN of none.
    pub fn of_runs(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Self {
            mean,
            spread: (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
            interval: None,
            runs: Some(values.len()),
        }
    }

    /// With an interval.
    pub fn between(self, low: f64, high: f64) -> Self {
        Self {
            interval: Some([low, high]),
            ..self
        }
    }
}

impl Column {
    /// A column of words.
    pub fn words(name: &str, key: &str) -> Self {
        Self {
            name: name.into(),
            key: key.into(),
            scale: 1.0,
            ..Self::default()
        }
    }

    /// A column of scores between 0 and 1 (CIDEr: 10), times 100 with one decimal, the highest bold.
    pub fn score(name: &str, key: &str) -> Self {
        Self {
            scale: 100.0,
            decimals: 1,
            best: Best::Highest,
            ..Self::words(name, key)
        }
    }

    /// A column of shares between 0 and 1 as percentages with one decimal, none bold.
    pub fn share(name: &str, key: &str) -> Self {
        Self {
            best: Best::None,
            ..Self::score(name, key)
        }
    }

    /// A column of numbers as they are.
    pub fn number(name: &str, key: &str, decimals: usize, best: Best) -> Self {
        Self {
            decimals,
            best,
            ..Self::words(name, key)
        }
    }

    fn key(&self) -> &str {
        if self.key.is_empty() {
            &self.name
        } else {
            &self.key
        }
    }

    fn scaled(&self, value: f64) -> f64 {
        value * if self.scale == 0.0 { 1.0 } else { self.scale }
    }

    /// For people: scaled, rounded.
    fn show(&self, value: f64) -> String {
        let shown = format!("{:.*}", self.decimals, self.scaled(value));
        match shown.strip_prefix('-') {
            Some(rest) if !rest.bytes().any(|b| (b'1'..=b'9').contains(&b)) => rest.to_owned(),
            _ => shown,
        }
    }
}

impl Table {
    /// No row yet, the columns of the paper's Table 1: training strategy, inference strategy, BLEU-1, BLEU-4, METEOR,
    /// ROUGE-L, CIDEr-D, SPICE, SPIDEr. Scores are given unscaled (0 to 1; CIDEr-D to 10) and shown times 100.
    pub fn results(title: &str) -> Self {
        let mut columns = vec![
            Column::words("Training strategy", "training"),
            Column::words("Inference strategy", "inference"),
        ];
        columns.extend(MEASURES.map(|(name, key)| Column::score(name, key)));
        Self {
            title: title.into(),
            columns,
            ..Self::default()
        }
    }

    /// The cell at `column` of `row`, empty where the row is short.
    fn cell<'a>(&self, row: &'a [Cell], column: usize) -> &'a Cell {
        row.get(column).unwrap_or(&Cell::Empty)
    }

    /// Whether a number is the best of its group, as people see it (equal after rounding: all of them are).
    fn is_best(&self, group: &Group, column: usize, number: &Number) -> bool {
        let wanted = &self.columns[column];
        if group.published || wanted.best == Best::None || group.rows.len() < 2 {
            return false;
        }
        let means = group
            .rows
            .iter()
            .filter_map(|row| match self.cell(row, column) {
                Cell::Number(number) => Some(number.mean),
                _ => None,
            });
        let best = match wanted.best {
            Best::Lowest => means.fold(f64::INFINITY, f64::min),
            _ => means.fold(f64::NEG_INFINITY, f64::max),
        };
        wanted.show(number.mean) == wanted.show(best)
    }

    /// Whether a column has numbers, and so stands at the right.
    fn is_number(&self, column: usize) -> bool {
        let mut rows = self.groups.iter().flat_map(|g| &g.rows);
        rows.any(|row| matches!(self.cell(row, column), Cell::Number(_)))
    }
}

/// Heads of the paper's Table 1, and the names that `wsac eval` has for them.
pub const MEASURES: [(&str, &str); 7] = [
    ("BLEU-1", "bleu_1"),
    ("BLEU-4", "bleu_4"),
    ("METEOR", "meteor"),
    ("ROUGE-L", "rouge_l"),
    ("CIDEr-D", "cider_d"),
    ("SPICE", "spice"),
    ("SPIDEr", "spider"),
];

#[cfg(test)]
mod tests;
