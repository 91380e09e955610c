//! What every metric answers: one number for the corpus, one for each item.

/// The scores of one metric.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    /// The score of all items together. Not always the mean of `per_item`: BLEU and METEOR sum their counts first.
    pub corpus: f64,
    /// The score of each item, in the order of the items.
    pub per_item: Vec<f64>,
}

impl Scores {
    /// Scores whose corpus value is the mean of the items: 0 where there are none.
    pub fn mean_of(per_item: Vec<f64>) -> Self {
        let corpus = match per_item.len() {
            0 => 0.0,
            n => per_item.iter().sum::<f64>() / n as f64,
        };
        Self { corpus, per_item }
    }
}
