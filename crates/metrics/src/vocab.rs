//! How rich the candidates' language is: vocabulary measures, equal to aac-metrics 0.6.0 (`vocab.py`), and diversity.

use std::collections::HashSet;

use crate::Items;
use crate::ngrams::{Vocabulary, ngrams};
use crate::twister::Twister;

/// The words of the candidates beside those of the references.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocab {
    /// Distinct words of all candidates.
    pub candidates: f64,
    /// Distinct words of each candidate.
    pub per_candidate: Vec<f64>,
    /// Distinct words of all references.
    pub references: f64,
    /// `candidates / references`.
    pub ratio: f64,
    /// Distinct words of one reference a clip, drawn at random (PyTorch's generator, seed 1234), the mean of as many
    /// draws as the item with most references has references.
    pub references_one: f64,
    /// `candidates / references_one`.
    pub ratio_one: f64,
    /// The share of the candidates' words that a reference has too.
    pub precision: f64,
    /// The share of the references' words that a candidate has too.
    pub recall: f64,
    /// The harmonic mean of precision and recall; 0 where both are 0.
    pub f1: f64,
    /// Shared words over all words.
    pub jaccard: f64,
}

/// The vocabulary measures of tokenised `items`. All 0 where nothing was said.
pub fn vocab(items: &Items) -> Vocab {
    let candidates = distinct(items.candidates());
    let references = distinct(items.references().iter().flatten());
    let shared = candidates.intersection(&references).count() as f64;
    let (c, r) = (candidates.len() as f64, references.len() as f64);
    let (precision, recall) = (over(shared, c), over(shared, r));

    let draws = items.references().iter().map(Vec::len).max().unwrap_or(0);
    let mut twister = Twister::new(1234);
    let mut one = || {
        let drawn = |of_item: &'_ Vec<String>| twister.draw() as usize % of_item.len();
        let drawn: Vec<usize> = items.references().iter().map(drawn).collect();
        distinct(
            items
                .references()
                .iter()
                .zip(drawn)
                .map(|(of_item, i)| &of_item[i]),
        )
        .len()
    };
    let drawn: usize = (0..draws).map(|_| one()).sum();
    let references_one = over(drawn as f64, draws as f64);
    Vocab {
        candidates: c,
        per_candidate: (items.candidates().iter())
            .map(|candidate| distinct([candidate]).len() as f64)
            .collect(),
        references: r,
        ratio: over(c, r),
        references_one,
        ratio_one: over(c, references_one),
        precision,
        recall,
        f1: over(2.0 * precision * recall, precision + recall),
        jaccard: over(shared, c + r - shared),
    }
}

/// `a / b`, and 0 where there is nothing to divide by.
fn over(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

fn distinct<'a>(captions: impl IntoIterator<Item = &'a String>) -> HashSet<&'a str> {
    let captions = captions.into_iter();
    captions.flat_map(|c| c.split_whitespace()).collect()
}

/// How much the candidates differ from each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Diversity {
    /// Distinct words over words: distinct-1 (Li et al. 2016).
    pub distinct_1: f64,
    /// Distinct bigrams over bigrams: distinct-2.
    pub distinct_2: f64,
    /// Distinct candidates over candidates.
    pub unique: f64,
    /// The mean number of words of a candidate.
    pub mean_length: f64,
}

/// The diversity of tokenised `candidates`. All 0 where there is none.
///
/// ```
/// let candidates = ["a dog barks".to_owned(), "a dog barks".to_owned()];
/// let diversity = wsac_metrics::diversity(&candidates);
/// assert_eq!((diversity.distinct_1, diversity.unique, diversity.mean_length), (0.5, 0.5, 3.0));
/// ```
pub fn diversity(candidates: &[String]) -> Diversity {
    let mut vocabulary = Vocabulary::default();
    let mut seen = HashSet::new();
    let mut count = [0.0; 2];
    let mut distinct = [0.0; 2];
    for candidate in candidates {
        for (n, ngram) in ngrams(&vocabulary.words(candidate)).take_while(|(n, _)| *n <= 2) {
            count[n - 1] += 1.0;
            distinct[n - 1] += f64::from(seen.insert(ngram));
        }
    }
    let n = candidates.len() as f64;
    let unique = candidates.iter().collect::<HashSet<_>>().len() as f64;
    Diversity {
        distinct_1: over(distinct[0], count[0]),
        distinct_2: over(distinct[1], count[1]),
        unique: over(unique, n),
        mean_length: over(count[0], n),
    }
}
