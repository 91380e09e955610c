//! One measure of one file of predictions: its name, and its value or the reason why there is none.

use wsac_metrics::Scores;

use super::metrics::Metric;

/// A value, or the reason why there is none.
pub type Found<T> = Result<T, String>;

/// One measure of one file of predictions.
pub struct Measure {
    /// The kind of measure.
    pub metric: Metric,
    /// Its name, e.g. `bleu_4`.
    pub name: String,
    /// Its value.
    pub value: Found<Measured>,
}

/// See [`Measure`].
pub enum Measured {
    /// A score of the corpus and of each clip.
    Scores(Scores),
    /// A number of the corpus alone.
    Number(f64),
}
