//! CIDEr-D and CIDEr (Vedantam et al. 2015). What pycocoevalcap 1.2 calls "CIDEr" is CIDEr-D (`cider_scorer.py`).
//!
//! Captions are tf-idf vectors over their n-grams, one vector for each n = 1..4: `count(w) * (ln M - ln max(1, df(w)))`,
//! with M items, of which `df(w)` have the n-gram in any reference. The score is ten times the cosine of candidate and
//! reference, averaged over n and over references. CIDEr-D clips the candidate's values at the reference's and
//! multiplies by `exp(-(l_c - l_r)^2 / (2 sigma^2))`, sigma = 6, where a length `l` counts bigrams (as the original does).

use std::collections::HashMap;

use rayon::prelude::*;

use crate::ngrams::{Count, N, NGram, Vocabulary, counts, shared};
use crate::{Items, Scores, ptb};

const SIGMA: f64 = 6.0;

/// CIDEr-D of tokenised `items`: 0 to 10; the corpus score is the mean.
///
/// The weights come from the references of all items, so an item's score depends on the corpus it stands in.
///
/// # A single item always scores 0
/// With one item every n-gram occurs in all of them and weighs `ln 1 = 0`, however good the candidate is. pycocoevalcap
/// gives this 0 too, aac-metrics refuses. So callers should warn where [`Items::len`] is 1: it says nothing about the
/// caption. The same holds for [`cider`] and [`spider`](crate::spider()).
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
    let rarity = Rarity::among(counted.par_iter().map(|(_, references)| references));
    let per_item = counted.par_iter().map(|(candidate, references)| {
        let candidate = rarity.vector(candidate);
        let similarities = references.iter().map(|reference| {
            let reference = rarity.vector(reference);
            similarity(&candidate, &reference)
        });
        similarities.sum::<f64>() / references.len() as f64 * 10.0
    });
    Scores::mean_of(per_item.collect())
}

/// In how many documents n-grams occur.
#[derive(Debug, Clone)]
struct Rarity {
    /// Of those that more than one document has; a single one counts as much as none.
    frequency: HashMap<NGram, u32>,
    log_documents: f64,
}

impl Rarity {
    /// Among `documents`, each of several captions.
    fn among<'a>(documents: impl IndexedParallelIterator<Item = &'a Vec<Vec<Count>>>) -> Self {
        let distinct: Vec<Vec<NGram>> = documents
            .map(|captions| {
                let ngrams = captions.iter().flatten().map(|&(_, ngram, _)| ngram);
                let mut ngrams: Vec<NGram> = ngrams.collect();
                ngrams.sort_unstable();
                ngrams.dedup();
                ngrams
            })
            .collect();
        let log_documents = (distinct.len() as f64).ln();
        let mut frequency: HashMap<NGram, u32> = HashMap::new();
        for ngram in distinct.into_iter().flatten() {
            *frequency.entry(ngram).or_default() += 1;
        }
        frequency.retain(|_, documents| *documents > 1);
        Self {
            frequency,
            log_documents,
        }
    }

    fn vector(&self, counts: &[Count]) -> Vector {
        Vector::new(counts, |ngram| {
            let df = self.frequency.get(ngram).copied().unwrap_or(1);
            self.log_documents - f64::from(df).ln()
        })
    }
}

/// Captions among which others can be compared as CIDEr-D does, without being references: how rare each of their n-grams is.
///
/// ```
/// let corpus = wsac_metrics::Corpus::of(&["A dog barks.", "A dog growls.", "Rain falls on a roof."]);
/// let [dogs, dog, rain] = &corpus.vectors(&["Dogs and a dog bark.", "A dog growls.", "Rain."])[..] else {
///     panic!("three captions, three vectors")
/// };
/// assert!(dogs.clipped_cosine(dog) > dogs.clipped_cosine(rain));
/// assert!((dog.clipped_cosine(dog) - 0.75).abs() < 1e-9, "it has no n-gram of 4 words");
/// ```
#[derive(Debug, Clone)]
pub struct Corpus {
    vocabulary: Vocabulary,
    rarity: Rarity,
}

impl Corpus {
    /// Of `captions` as people wrote them, each a document of its own.
    pub fn of<S: AsRef<str> + Sync>(captions: &[S]) -> Self {
        let mut vocabulary = Vocabulary::default();
        let words: Vec<Vec<u32>> = (ptb::tokenise_all(captions).iter())
            .map(|caption| vocabulary.words(caption))
            .collect();
        let counted: Vec<Vec<Vec<Count>>> = words.par_iter().map(|w| vec![counts(w)]).collect();
        let rarity = Rarity::among(counted.par_iter());
        Self { vocabulary, rarity }
    }

    /// The vectors of `captions` as they were written, comparable with each other.
    pub fn vectors<S: AsRef<str>>(&self, captions: &[S]) -> Vec<Vector> {
        let tokenised: Vec<String> = (captions.iter())
            .map(|caption| ptb::tokenise(caption.as_ref()))
            .collect();
        let mut new = HashMap::new();
        (tokenised.iter())
            .map(|caption| {
                let words = self.vocabulary.words_beside(caption, &mut new);
                self.rarity.vector(&counts(&words))
            })
            .collect()
    }
}

/// A caption's tf-idf values.
#[derive(Debug, Clone)]
pub struct Vector {
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

    /// CIDEr-D's similarity, averaged over n: 0 to 1, a tenth of a score against this one `reference`.
    pub fn clipped_cosine(&self, reference: &Self) -> f64 {
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
