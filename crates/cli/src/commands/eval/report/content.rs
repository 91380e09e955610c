//! The content of a report, whatever its format: the measures with their values, the worst and the best clips.

use wsac_metrics::{Comparison, Interval};

use super::extremes::Extremes;
use crate::commands::eval::measure::Found;

/// The content of a report.
pub struct Report {
    /// The files of predictions: ours, and the one compared with.
    pub systems: Vec<String>,
    /// The file of references.
    pub against: String,
    /// How many clips were scored.
    pub clips: usize,
    /// How many references they have.
    pub references: usize,
    /// The confidence level of the intervals, 0 to 1.
    pub level: f64,
    /// One line per measure.
    pub lines: Vec<Line>,
    /// The worst and the best clips.
    pub extremes: Option<Extremes>,
}

/// A measure and its value, or the reason why there is none.
pub struct Line {
    /// Its name, e.g. `bleu_4`.
    pub name: String,
    /// Its value.
    pub told: Found<Score>,
}

/// The reported values of a measure.
pub struct Score {
    /// The score of our predictions.
    pub score: f64,
    /// Its confidence interval.
    pub interval: Option<Interval>,
    /// The score of the predictions compared with.
    pub other: Option<f64>,
    /// The test of their difference.
    pub comparison: Option<Comparison>,
}

impl Report {
    /// The measures that were computed.
    pub fn scored(&self) -> impl Iterator<Item = (&str, &Score)> {
        let lines = self.lines.iter();
        lines.filter_map(|line| Some((line.name.as_str(), line.told.as_ref().ok()?)))
    }

    /// The measures that were not computed, and why.
    pub fn missing_lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.lines.iter();
        lines.filter_map(|line| Some((line.name.as_str(), line.told.as_ref().err()?.as_str())))
    }
}
