//! Rows to the layout of the paper's Table 1: a group per data set, with published scores, as Markdown, CSV, JSON, LaTeX.

use std::fs;
use std::path::Path;

use wsac::{Error, Result};
use wsac_metrics::Interval;
use wsac_report::table::{Best, Cell, Column, Group, Number, Table};

use crate::config::Config;
use crate::grid::Outcome;
use crate::table::Row;

/// The metrics of the paper's table, in its order, then those by keywords.
const COLUMNS: [(&str, &str); 11] = [
    ("bleu_1", "BLEU-1"),
    ("bleu_4", "BLEU-4"),
    ("meteor", "METEOR"),
    ("rouge_l", "ROUGE-L"),
    ("cider_d", "CIDEr-D"),
    ("spice", "SPICE"),
    ("spider", "SPIDEr"),
    ("strict", "strict"),
    ("lenient", "lenient"),
    ("either", "either"),
    ("invented", "invented"),
];

/// The name of a metric in tables.
pub fn head(name: &str) -> String {
    let known = COLUMNS.iter().find(|(key, _)| *key == name);
    known.map_or_else(|| name.to_owned(), |(_, head)| (*head).to_owned())
}

/// The table of `rows`.
pub fn table(config: &Config, outcome: &Outcome, rows: &[Row]) -> Table {
    let scores = || rows.iter().flat_map(|row| &row.scores);
    // BLEU-2 and -3 and SPICE's parts are in the files of the cells; papers omit them.
    let left_out = |name: &str| matches!(name, "bleu_2" | "bleu_3") || name.starts_with("spice.");
    let mut keys: Vec<String> = COLUMNS.iter().map(|(key, _)| (*key).to_owned()).collect();
    for name in scores().map(|score| &score.name) {
        if !keys.contains(name) && !left_out(name) {
            keys.push(name.clone());
        }
    }
    keys.retain(|key| scores().any(|score| score.name == *key));
    let mut columns = vec![
        Column::words("training", "training"),
        Column::words("inference", "inference"),
    ];
    columns.extend(keys.iter().map(|key| {
        let column = Column::score(&head(key), key);
        if key == "invented" {
            Column {
                best: Best::Lowest,
                ..column
            }
        } else {
            column
        }
    }));
    let mut groups = Vec::new();
    for (d, data) in config.data.iter().enumerate() {
        let used = &outcome.data.get(d);
        let clips = used.map_or(0, |used| used.items.len());
        let probe = if data.probe.is_some() {
            ", TEXT-PROBE (no sound)"
        } else {
            ""
        };
        let row = |row: &Row| {
            let mut cells: Vec<Cell> = vec![
                config.training[row.training].name.as_str().into(),
                config.inference[row.inference].name.as_str().into(),
            ];
            cells.extend(keys.iter().map(|key| {
                let score = row.scores.iter().find(|score| score.name == *key);
                match score.map(|score| (&score.value, score.spread)) {
                    Some((Ok(value), spread)) => Cell::from(Number {
                        mean: value.corpus,
                        spread,
                        interval: Some([value.interval.0, value.interval.1]),
                        runs: spread.map(|_| config.seeds.len()),
                    }),
                    _ => Cell::Empty,
                }
            }));
            cells
        };
        groups.push(Group {
            title: format!("{}, {clips} clips{probe}", data.name),
            published: false,
            rows: rows.iter().filter(|row| row.data == d).map(row).collect(),
        });
        if !data.published.is_empty() {
            let row = |row: &crate::config::Published| {
                let mut cells: Vec<Cell> =
                    vec![row.training.as_str().into(), row.inference.as_str().into()];
                cells.extend(keys.iter().map(|key| {
                    row.scores
                        .get(key)
                        .map_or(Cell::Empty, |&score| score.into())
                }));
                cells
            };
            groups.push(Group {
                title: format!("{}, published by others", data.name),
                published: true,
                rows: data.published.iter().map(row).collect(),
            });
        }
    }
    Table {
        title: config.name.clone(),
        columns,
        groups,
        notes: notes(config, rows),
    }
}

fn notes(config: &Config, rows: &[Row]) -> Vec<String> {
    let mut notes = vec![match config.seeds.len() {
        1 => "Scores times 100, with 95 % bootstrap intervals over the clips; one seed.".to_owned(),
        n => format!(
            "Scores times 100: mean and standard deviation over {n} seeds, 95 % bootstrap intervals over the clips."
        ),
    }];
    for score in rows.iter().flat_map(|row| &row.scores) {
        if let Err(why) = &score.value {
            let note = format!("{}: {why}.", head(&score.name));
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    for published in config.data.iter().flat_map(|data| &data.published) {
        notes.push(format!("{}: {}.", published.training, published.source));
    }
    notes
}

/// Writes `table.{md,csv,json,tex}`.
///
/// # Errors
/// If a file cannot be written.
pub fn write(table: &Table, folder: &Path) -> Result<()> {
    let json =
        serde_json::to_string_pretty(&table.json()).map_err(|e| Error::Config(e.to_string()))?;
    for (ending, text) in [
        ("md", table.markdown(true)),
        ("csv", table.csv()),
        ("json", json),
        ("tex", table.latex("tab:results")),
    ] {
        let path = folder.join(format!("table.{ending}"));
        fs::write(&path, text).map_err(|e| Error::io(&path, e))?;
    }
    Ok(())
}

/// Writes `differences.csv`: how much better than the first row of its data set each row is by each metric, in the scores' own
/// units, with the 95 % interval of the paired bootstrap over the clips and the p of approximate randomisation.
///
/// # Errors
/// If the file cannot be written.
pub fn write_differences(config: &Config, rows: &[Row], folder: &Path) -> Result<()> {
    let path = folder.join("differences.csv");
    let wrong = |e: csv::Error| Error::Config(format!("{}: {e}", path.display()));
    let mut file = csv::Writer::from_path(&path).map_err(wrong)?;
    file.write_record([
        "data",
        "training",
        "inference",
        "metric",
        "difference",
        "low",
        "high",
        "p",
    ])
    .map_err(wrong)?;
    for row in rows {
        let [data, training, inference] = [
            &config.data[row.data].name,
            &config.training[row.training].name,
            &config.inference[row.inference].name,
        ];
        for score in &row.scores {
            let Some(better) = &score.better else {
                continue;
            };
            let Interval { low, high } = better.interval;
            let numbers = [better.difference, low, high, better.p].map(|x| format!("{x:.5}"));
            let names = [data, training, inference, &score.name].map(String::as_str);
            let record = names.into_iter().chain(numbers.iter().map(String::as_str));
            file.write_record(record).map_err(wrong)?;
        }
    }
    file.flush().map_err(|e| Error::io(&path, e))
}

/// The description of a data set, in sentences.
pub fn facts(config: &Config, outcome: &Outcome, data: usize) -> Vec<String> {
    let source = &config.data[data];
    let used = &outcome.data[data];
    let mut facts = vec![
        if config.training.iter().all(|t| t.model.is_some()) {
            "Nothing was trained: the captioners were given.".to_owned()
        } else {
            format!("Learned from the captions of {}.", source.train.display())
        },
        format!(
            "{} clips captioned, of {}.",
            used.items.len(),
            source.test.display()
        ),
    ];
    if !used.failed.is_empty() {
        let names: Vec<&str> = used
            .failed
            .iter()
            .map(|(name, _)| name.as_str())
            .take(10)
            .collect();
        facts.push(format!(
            "{} could not be read and are in no cell: {} ..",
            used.failed.len(),
            names.join(", ")
        ));
    }
    if let Some(probe) = &used.probe {
        facts.push(format!(
            "Stand-ins are moved by a gap of length {:.3} and noise of variance {:.5} in each coordinate.",
            probe.length(),
            probe.noise_variance
        ));
    }
    if let Some(gap) = &used.gap {
        let length = gap.iter().map(|x| x * x).sum::<f32>().sqrt();
        facts.push(format!(
            "Embedding shift moves by a gap of length {length:.3}."
        ));
    }
    facts
}
