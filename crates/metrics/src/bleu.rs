//! BLEU-1 to BLEU-4 (Papineni et al. 2002), with the constants of pycocoevalcap 1.2 (`bleu_scorer.py`, option "closest").
//!
//! `BLEU-n = BP * (p_1 ... p_n)^(1/n)`, where `p_k` is the share of the candidate's k-grams that a reference has too
//! (each at most as often as in the reference that has most of it), and `BP = exp(1 - r/c)` punishes candidates of length
//! `c` shorter than the reference length `r` closest to it (the shorter one where two are as close). The corpus sums
//! all counts before dividing.

use std::sync::Arc;

use rayon::prelude::*;

use crate::ngrams::{Count, N, Vocabulary, counts, shared};
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
    let matches: Vec<Counts> = (0..items.len())
        .into_par_iter()
        .map(|i| count(&items.candidates()[i], &items.references()[i]))
        .collect();
    let per_item: Vec<[f64; N]> = matches.iter().map(score).collect();
    let pooled: Arc<[f64]> = matches.concat().into();
    // Function pointers, so that the scores of a sample need only its summed counts.
    let score_of_n: [fn(&[f64]) -> f64; N] = [nth::<0>, nth::<1>, nth::<2>, nth::<3>];
    std::array::from_fn(|n| {
        let per_item = per_item.iter().map(|bleu| bleu[n]).collect();
        Scores::pooled(per_item, pooled.clone(), WIDTH, score_of_n[n])
    })
}

/// What an item, or a corpus, adds up to: the candidate's words, those of the reference closest in length, the
/// candidate's n-grams for n = 1..4, and how many of these a reference has too.
type Counts = [f64; WIDTH];
const WIDTH: usize = 2 + 2 * N;

fn count(candidate: &str, references: &[String]) -> Counts {
    let mut vocabulary = Vocabulary::default();
    let candidate = vocabulary.words(candidate);
    let references: Vec<_> = references.iter().map(|r| vocabulary.words(r)).collect();
    // Each n-gram with its count in the reference that has most of it: sorted, so the last of equals.
    let mut most: Vec<Count> = references.iter().flat_map(|r| counts(r)).collect();
    most.sort_unstable();
    most.dedup_by(|next, kept| {
        let same = next.1 == kept.1;
        kept.2 = if same { next.2 } else { kept.2 };
        same
    });
    let length = candidate.len();
    let lengths = references.iter().map(Vec::len);
    let closest = lengths.min_by_key(|&l| (l.abs_diff(length), l));

    let mut row = [0.0; WIDTH];
    (row[0], row[1]) = (length as f64, closest.unwrap_or(0) as f64);
    let (guessed, correct) = row[2..].split_at_mut(N);
    let candidate = counts(&candidate);
    for &(n, _, count) in &candidate {
        guessed[n - 1] += f64::from(count);
    }
    for (i, j) in shared(&candidate, &most) {
        correct[candidate[i].0 - 1] += f64::from(candidate[i].2.min(most[j].2));
    }
    row
}

/// BLEU-1..4 of a row of [`Counts`].
fn score(row: &Counts) -> [f64; N] {
    let (length, closest) = (row[0], row[1]);
    let (guessed, correct) = row[2..].split_at(N);
    let ratio = (length + TINY) / (closest + SMALL);
    let brevity_penalty = if ratio < 1.0 {
        (1.0 - 1.0 / ratio).exp()
    } else {
        1.0
    };
    let mut product = 1.0;
    std::array::from_fn(|k| {
        product *= (correct[k] + TINY) / (guessed[k] + SMALL);
        product.powf(1.0 / (k as f64 + 1.0)) * brevity_penalty
    })
}

/// BLEU-(`K` + 1) of a row of [`Counts`].
fn nth<const K: usize>(row: &[f64]) -> f64 {
    row.try_into().map_or(0.0, |row| score(row)[K])
}
