//! What `wsac eval` prints: the scores as a table, JSON, CSV, Markdown or LaTeX; the worst and the best clips; a file
//! with the scores of each clip.

mod data;
mod extremes;
mod grid;
mod latex;
mod per_item;

use std::io::Write;

use anyhow::Result;
use wsac_metrics::{Comparison, Interval};

use super::scorer::Found;
use crate::output::json_line;
pub use extremes::Extremes;
pub use per_item::write as write_per_item;

/// How scores are written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For reading in a terminal
    Table,
    /// One object: scores, intervals, what was not computed and why
    Json,
    /// metric,score,low,high and, with --against, the other's score, the difference, its interval and p
    Csv,
    /// A table for a README
    Markdown,
    /// A table for a paper (booktabs), a row a system, scores as percentages like the paper's
    Latex,
}

/// All that is told.
pub struct Report {
    /// The files of predictions: ours, and the one compared with.
    pub systems: Vec<String>,
    /// The file of references.
    pub against: String,
    /// How many clips were scored.
    pub clips: usize,
    /// How many references they have.
    pub references: usize,
    /// The share inside the intervals, 0 to 1.
    pub level: f64,
    /// A measure a line.
    pub lines: Vec<Line>,
    /// The worst and the best clips.
    pub extremes: Option<Extremes>,
}

/// A measure and its value, or why there is none.
pub struct Line {
    /// Its name, e.g. `bleu_4`.
    pub name: String,
    /// Its value.
    pub told: Found<Score>,
}

/// What is told of a measure.
pub struct Score {
    /// Of our predictions.
    pub score: f64,
    /// Where it lies.
    pub interval: Option<Interval>,
    /// Of the predictions compared with.
    pub other: Option<f64>,
    /// Whether the two differ.
    pub comparison: Option<Comparison>,
}

impl Report {
    /// Writes the report in `format`.
    pub fn write(&self, format: Format, out: &mut impl Write) -> Result<()> {
        match format {
            Format::Table => {
                self.grid(out, "", "  ", "")?;
                self.missing(out, "")?;
                self.extremes(out)
            }
            Format::Markdown => {
                self.grid(out, "| ", " | ", " |")?;
                self.missing(out, "\n")?;
                self.extremes(out)
            }
            Format::Json => json_line(out, &self.json()),
            Format::Csv => self.csv(out),
            Format::Latex => self.latex(out),
        }
    }

    /// What was computed.
    fn scored(&self) -> impl Iterator<Item = (&str, &Score)> {
        let lines = self.lines.iter();
        lines.filter_map(|line| Some((line.name.as_str(), line.told.as_ref().ok()?)))
    }

    /// What was not computed, and why.
    fn missing_lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.lines.iter();
        lines.filter_map(|line| Some((line.name.as_str(), line.told.as_ref().err()?.as_str())))
    }

    fn extremes(&self, out: &mut impl Write) -> Result<()> {
        match &self.extremes {
            Some(extremes) => extremes.write(out),
            None => Ok(()),
        }
    }
}

/// Four decimals; whole numbers (vocabularies) as they are.
pub fn number(x: f64) -> String {
    if x.is_nan() {
        "-".to_owned()
    } else if x.fract() == 0.0 && x.abs() >= 10.0 {
        format!("{x}")
    } else {
        format!("{x:.4}")
    }
}
