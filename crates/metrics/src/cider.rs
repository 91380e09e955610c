//! CIDEr-D and CIDEr (Vedantam et al. 2015). What pycocoevalcap 1.2 calls "CIDEr" is CIDEr-D (`cider_scorer.py`).
//!
//! Captions are tf-idf vectors over their n-grams, one vector for each n = 1..4: `count(w) * (ln M - ln max(1, df(w)))`,
//! with M items, of which `df(w)` have the n-gram in any reference. The score is ten times the cosine of candidate and
//! reference, averaged over n and over references. CIDEr-D clips the candidate's values at the reference's and
//! multiplies by `exp(-(l_c - l_r)^2 / (2 sigma^2))`, sigma = 6, where a length `l` counts bigrams (as the original does).

use std::collections::HashMap;

use rayon::prelude::*;

use crate::ngrams::{Count, N, NGram, Vocabulary, counts, shared};
use crate::{Items, Scores};

const SIGMA: f64 = 6.0;

/// CIDEr-D of tokenised `items`: 0 to 10; the corpus score is the mean.
///
/// The weights come from the references of all items, so an item's score depends on the corpus it stands in. A single
/// item scores 0 (`ln 1 = 0`), as in pycocoevalcap; aac-metrics refuses it.
///
/// ```
/// # use wsac_metrics::{Items, cider_d};
/// let items = Items::new(
///     vec!["a dog barks loudly".into(), "rain falls".into()],
///     vec![vec!["a dog barks loudly".into()], vec!["wind blows".into()]],
/// )?;
/// let scores = cider_d(&items);
/// assert!((scores.per_item[0] - 10.0).abs() < 1e-12);
/// assert_eq!(scores.per_item[1], 0.0);
/// # Ok::<(), wsac_metrics::Error>(())
/// ```
pub fn cider_d(items: &Items) -> Scores {
    consensus(items, Vector::clipped_cosine)
}

/// Plain CIDEr of tokenised `items`, without clipping and without the penalty for length: 0 to 10.
///
/// The paper's CIDEr stems the words first; like the public code, this one does not.
pub fn cider(items: &Items) -> Scores {
    consensus(items, Vector::cosine)
}

fn consensus(items: &Items, similarity: fn(&Vector, &Vector) -> f64) -> Scores {
    let mut vocabulary = Vocabulary::default();
    let words: Vec<(Vec<u32>, Vec<Vec<u32>>)> = (items.iter())
        .map(|(candidate, references)| {
            let candidate = vocabulary.words(candidate);
            let references = references.iter().map(|r| vocabulary.words(r));
            (candidate, references.collect())
        })
        .collect();
    let counted: Vec<(Vec<Count>, Vec<Vec<Count>>)> = (words.par_iter())
        .map(|(candidate, references)| {
            let references = references.iter().map(|r| counts(r)).collect();
            (counts(candidate), references)
        })
        .collect();

    // The number of items whose references have the n-gram.
    let of_items: Vec<Vec<NGram>> = (counted.par_iter())
        .map(|(_, references)| {
            let ngrams = references.iter().flatten().map(|&(_, ngram, _)| ngram);
            let mut ngrams: Vec<NGram> = ngrams.collect();
            ngrams.sort_unstable();
            ngrams.dedup();
            ngrams
        })
        .collect();
    let mut frequency: HashMap<NGram, u32> = HashMap::new();
    for ngram in of_items.into_iter().flatten() {
        *frequency.entry(ngram).or_default() += 1;
    }
    let log_items = (items.len() as f64).ln();
    let weight = |ngram: &NGram| {
        let df = frequency.get(ngram).copied().unwrap_or(0);
        log_items - f64::from(df.max(1)).ln()
    };

    let per_item = counted.par_iter().map(|(candidate, references)| {
        let candidate = Vector::new(candidate, weight);
        let similarities = references.iter().map(|reference| {
            let reference = Vector::new(reference, weight);
            similarity(&candidate, &reference)
        });
        similarities.sum::<f64>() / references.len() as f64 * 10.0
    });
    Scores::mean_of(per_item.collect())
}

/// A caption's tf-idf values.
struct Vector {
    /// The n-grams, `(n, itself, value)`, sorted.
    values: Vec<(usize, NGram, f64)>,
    /// Euclidean length of the vector of each n.
    norm: [f64; N],
    /// How many bigrams it has: the original's notion of length.
    length: f64,
}

impl Vector {
    fn new(counts: &[Count], weight: impl Fn(&NGram) -> f64) -> Self {
        let weigh = |&(n, ngram, count): &_| (n, ngram, f64::from(count) * weight(&ngram));
        let values: Vec<(usize, NGram, f64)> = counts.iter().map(weigh).collect();
        let mut norm = [0.0; N];
        for &(n, _, value) in &values {
            norm[n - 1] += value * value;
        }
        let bigrams = counts.iter().filter(|(n, ..)| *n == 2);
        Self {
            values,
            norm: norm.map(f64::sqrt),
            length: bigrams.map(|&(.., count)| f64::from(count)).sum(),
        }
    }

    /// CIDEr-D's similarity, averaged over n.
    fn clipped_cosine(&self, reference: &Self) -> f64 {
        let apart = self.length - reference.length;
        let penalty = (-(apart * apart) / (2.0 * SIGMA * SIGMA)).exp();
        self.product(reference, |x, y| x.min(y) * y) * penalty
    }

    /// CIDEr's similarity, averaged over n.
    fn cosine(&self, reference: &Self) -> f64 {
        self.product(reference, |x, y| x * y)
    }

    fn product(&self, reference: &Self, multiply: fn(f64, f64) -> f64) -> f64 {
        let mut sums = [0.0; N];
        for (i, j) in shared(&self.values, &reference.values) {
            let (n, _, x) = self.values[i];
            sums[n - 1] += multiply(x, reference.values[j].2);
        }
        let cosine = |n: usize| match self.norm[n] * reference.norm[n] {
            0.0 => sums[n],
            norms => sums[n] / norms,
        };
        (0..N).map(cosine).sum::<f64>() / N as f64
    }
}
