//! BLEU-1 to BLEU-4 (Papineni et al. 2002), with the constants of pycocoevalcap 1.2 (`bleu_scorer.py`, option "closest").
//!
//! `BLEU-n = BP * (p_1 ... p_n)^(1/n)`, where `p_k` is the share of the candidate's k-grams that a reference has too
//! (each at most as often as in the reference that has most of it), and `BP = exp(1 - r/c)` punishes candidates of length
//! `c` shorter than the reference length `r` closest to it (the shorter one where two are as close). The corpus sums
//! all counts before dividing.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::ngrams::{N, NGram, Vocabulary, counts};
use crate::{Items, Scores};

/// Keeps a product of precisions from being 0.
const TINY: f64 = 1e-15;
/// Keeps a division from being by 0.
const SMALL: f64 = 1e-9;

/// BLEU-1, BLEU-2, BLEU-3 and BLEU-4 of tokenised `items`: 0 to 1.
///
/// An empty candidate scores about 0 (the original's 1e-15 shows), an item whose references are all empty too.
///
/// ```
/// # use wsac_metrics::{Items, bleu};
/// let items = Items::new(vec!["a dog barks".into()], vec![vec!["a dog is barking".into()]])?;
/// let [bleu_1, ..] = bleu(&items);
/// assert!((bleu_1.corpus - 2.0 / 3.0 * (-1.0f64 / 3.0).exp()).abs() < 1e-8);
/// # Ok::<(), wsac_metrics::Error>(())
/// ```
pub fn bleu(items: &Items) -> [Scores; N] {
    let matches: Vec<Matches> = (0..items.len())
        .into_par_iter()
        .map(|i| Matches::of(&items.candidates()[i], &items.references()[i]))
        .collect();
    let mut total = Matches::default();
    matches.iter().for_each(|m| total.add(m));
    let (corpus, per_item) = (
        total.bleu(),
        matches.iter().map(Matches::bleu).collect::<Vec<_>>(),
    );
    std::array::from_fn(|n| Scores {
        corpus: corpus[n],
        per_item: per_item.iter().map(|bleu| bleu[n]).collect(),
    })
}

/// What an item, or a corpus, adds up to.
#[derive(Default)]
struct Matches {
    /// The candidate's words.
    length: usize,
    /// The words of the reference closest in length.
    reference_length: usize,
    /// The candidate's n-grams.
    guessed: [usize; N],
    /// Those that a reference has too.
    correct: [usize; N],
}

impl Matches {
    fn of(candidate: &str, references: &[String]) -> Self {
        let mut vocabulary = Vocabulary::default();
        let candidate = vocabulary.words(candidate);
        let references: Vec<_> = references.iter().map(|r| vocabulary.words(r)).collect();
        let mut most: HashMap<NGram, u32> = HashMap::new();
        for (_, ngram, count) in references.iter().flat_map(|r| counts(r)) {
            let most = most.entry(ngram).or_default();
            *most = count.max(*most);
        }
        let mut correct = [0; N];
        for (n, ngram, count) in counts(&candidate) {
            correct[n - 1] += count.min(most.get(&ngram).copied().unwrap_or(0)) as usize;
        }
        let length = candidate.len();
        let lengths = references.iter().map(Vec::len);
        Self {
            length,
            reference_length: lengths
                .min_by_key(|&l| (l.abs_diff(length), l))
                .unwrap_or(0),
            guessed: std::array::from_fn(|k| length.saturating_sub(k)),
            correct,
        }
    }

    fn add(&mut self, other: &Self) {
        self.length += other.length;
        self.reference_length += other.reference_length;
        for k in 0..N {
            self.guessed[k] += other.guessed[k];
            self.correct[k] += other.correct[k];
        }
    }

    fn bleu(&self) -> [f64; N] {
        let ratio = (self.length as f64 + TINY) / (self.reference_length as f64 + SMALL);
        let brevity_penalty = if ratio < 1.0 {
            (1.0 - 1.0 / ratio).exp()
        } else {
            1.0
        };
        let mut product = 1.0;
        std::array::from_fn(|k| {
            product *= (self.correct[k] as f64 + TINY) / (self.guessed[k] as f64 + SMALL);
            product.powf(1.0 / (k as f64 + 1.0)) * brevity_penalty
        })
    }
}
