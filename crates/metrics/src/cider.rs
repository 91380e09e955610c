//! CIDEr-D and CIDEr (Vedantam et al. 2015). What pycocoevalcap 1.2 calls "CIDEr" is CIDEr-D (`cider_scorer.py`).
//!
//! Captions are tf-idf vectors over their n-grams, one vector for each n = 1..4: `count(w) * (ln M - ln max(1, df(w)))`,
//! with M items, of which `df(w)` have the n-gram in any reference. The score is ten times the cosine of candidate and
//! reference, averaged over n and over references. CIDEr-D clips the candidate's values at the reference's and
//! multiplies by `exp(-(l_c - l_r)^2 / (2 sigma^2))`, sigma = 6, where a length `l` counts bigrams (as the original does).

use std::collections::HashMap;

use rayon::prelude::*;

use crate::ngrams::{N, NGram, Vocabulary, counts};
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
    let mut counted = |caption| counts(&vocabulary.words(caption));
    let mut candidates = Vec::with_capacity(items.len());
    let mut references: Vec<Vec<Counts>> = Vec::with_capacity(items.len());
    for (candidate, of_item) in items.iter() {
        candidates.push(counted(candidate));
        references.push(of_item.iter().map(|r| counted(r)).collect());
    }

    // The number of items whose references have the n-gram; `last` keeps an item from counting twice.
    let mut frequency: HashMap<NGram, (u32, usize)> = HashMap::new();
    for (item, of_item) in references.iter().enumerate() {
        for &(_, ngram, _) in of_item.iter().flatten() {
            let (df, last) = frequency.entry(ngram).or_insert((0, usize::MAX));
            if *last != item {
                (*df, *last) = (*df + 1, item);
            }
        }
    }
    let log_items = (items.len() as f64).ln();
    let weight = |ngram: &NGram| {
        let df = frequency.get(ngram).map_or(0, |&(df, _)| df);
        log_items - f64::from(df.max(1)).ln()
    };

    let per_item = (0..items.len()).into_par_iter().map(|item| {
        let candidate = Vector::new(&candidates[item], weight);
        let similarities = references[item].iter().map(|reference| {
            let reference = Vector::new(reference, weight);
            similarity(&candidate, &reference)
        });
        similarities.sum::<f64>() / references[item].len() as f64 * 10.0
    });
    Scores::mean_of(per_item.collect())
}

type Counts = Vec<(usize, NGram, u32)>;

/// A caption's tf-idf values.
struct Vector {
    /// The n-grams, `(n, itself, value)`.
    values: Vec<(usize, NGram, f64)>,
    /// The same, to look up.
    value: HashMap<NGram, f64>,
    /// Euclidean length of the vector of each n.
    norm: [f64; N],
    /// How many bigrams it has: the original's notion of length.
    length: f64,
}

impl Vector {
    fn new(counts: &Counts, weight: impl Fn(&NGram) -> f64) -> Self {
        let weigh = |&(n, ngram, count): &_| (n, ngram, f64::from(count) * weight(&ngram));
        let values: Vec<(usize, NGram, f64)> = counts.iter().map(weigh).collect();
        let mut norm = [0.0; N];
        for &(n, _, value) in &values {
            norm[n - 1] += value * value;
        }
        let bigrams = counts.iter().filter(|(n, ..)| *n == 2);
        Self {
            value: values.iter().map(|&(_, ngram, x)| (ngram, x)).collect(),
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
        for &(n, ngram, x) in &self.values {
            if let Some(&y) = reference.value.get(&ngram) {
                sums[n - 1] += multiply(x, y);
            }
        }
        let cosine = |n: usize| match self.norm[n] * reference.norm[n] {
            0.0 => sums[n],
            norms => sums[n] / norms,
        };
        (0..N).map(cosine).sum::<f64>() / N as f64
    }
}
