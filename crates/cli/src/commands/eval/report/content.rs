//! What a report says, however it is written: the measures with their values, the worst and the best clips.

use wsac_metrics::{Comparison, Interval};

use super::extremes::Extremes;
use crate::commands::eval::measure::Found;

/// All that is reported.
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

/// What is reported of a measure.
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
    /// What was computed.
    pub fn scored(&self) -> impl Iterator<Item = (&str, &Score)> {
        let lines = self.lines.iter();
        lines.filter_map(|line| Some((line.name.as_str(), line.told.as_ref().ok()?)))
    }

    /// What was not computed, and why.
    pub fn missing_lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.lines.iter();
        lines.filter_map(|line| Some((line.name.as_str(), line.told.as_ref().err()?.as_str())))
    }
}
