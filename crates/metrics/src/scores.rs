//! What every metric answers: one number for the corpus, one for each item; and how a score of other items, drawn from
//! these, comes about.

use std::sync::Arc;

/// The scores of one metric.
#[derive(Debug, Clone)]
pub struct Scores {
    /// The score of all items together. Not always the mean of `per_item`: BLEU and METEOR sum their counts first.
    pub corpus: f64,
    /// The score of each item, in the order of the items. NaN where an item has none (SPICE's colours where nothing has
    /// a colour).
    pub per_item: Vec<f64>,
    pool: Option<Pool>,
}

/// What a metric sums over the items before it computes the corpus score.
#[derive(Debug, Clone)]
struct Pool {
    /// A row an item, [N, width].
    counts: Arc<[f64]>,
    width: usize,
    /// The score of a row, or of a sum of rows.
    score: fn(&[f64]) -> f64,
}

impl Scores {
    /// Scores whose corpus value is the mean of the items that have one: NaN where none has, 0 where there is no item.
    pub fn mean_of(per_item: Vec<f64>) -> Self {
        let mut scores = Self {
            corpus: 0.0,
            per_item,
            pool: None,
        };
        scores.corpus = scores.of(0..scores.per_item.len());
        scores
    }

    /// Scores whose corpus value is `score` of the summed `counts`, a row of `width` numbers an item.
    ///
    /// # Panics
    /// Where `counts` is not [N, width].
    pub fn pooled(
        per_item: Vec<f64>,
        counts: Arc<[f64]>,
        width: usize,
        score: fn(&[f64]) -> f64,
    ) -> Self {
        assert_eq!(
            counts.len(),
            per_item.len() * width,
            "a row of counts an item"
        );
        let pool = Pool {
            counts,
            width,
            score,
        };
        let mut scores = Self {
            corpus: 0.0,
            per_item,
            pool: Some(pool),
        };
        scores.corpus = scores.of(0..scores.per_item.len());
        scores
    }

    /// The corpus score of `items`, some of which may be drawn more than once.
    pub fn of(&self, items: impl IntoIterator<Item = usize>) -> f64 {
        let mut sum = self.sum();
        items.into_iter().for_each(|item| sum.add(self, item));
        sum.score(self)
    }

    /// An empty sum, to which items of these scores, or of another system's with the same metric, can be added.
    pub(crate) fn sum(&self) -> Sum {
        let width = self.pool.as_ref().map_or(2, |pool| pool.width);
        Sum(vec![0.0; width])
    }
}

/// Items added up: the counts of a pooled metric; for others the scores and how many there are.
pub(crate) struct Sum(Vec<f64>);

impl Sum {
    pub(crate) fn add(&mut self, scores: &Scores, item: usize) {
        match &scores.pool {
            Some(Pool { counts, width, .. }) => {
                let row = &counts[item * width..][..*width];
                self.0.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            None if scores.per_item[item].is_nan() => {}
            None => {
                self.0[0] += scores.per_item[item];
                self.0[1] += 1.0;
            }
        }
    }

    pub(crate) fn score(&self, scores: &Scores) -> f64 {
        match &scores.pool {
            Some(pool) => (pool.score)(&self.0),
            None if scores.per_item.is_empty() => 0.0,
            None => self.0[0] / self.0[1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_without_a_score_do_not_count_and_counts_are_summed_first() {
        let mean = Scores::mean_of(vec![1.0, f64::NAN, 0.5]);
        assert_eq!(mean.corpus, 0.75);
        assert_eq!(mean.of([2, 2, 1]), 0.5);
        assert!(mean.of([1]).is_nan() && Scores::mean_of(vec![]).corpus == 0.0);
        let ratio = |row: &[f64]| row[0] / row[1];
        let pooled = Scores::pooled(vec![1.0, 0.25], Arc::from([1.0, 1.0, 1.0, 4.0]), 2, ratio);
        assert_eq!(pooled.corpus, 0.4);
        assert_eq!(pooled.of([1, 1]), 0.25);
    }
}
