//! BERTScore (Zhang et al. 2020): words of candidate and reference are matched by the cosines of their states.
//!
//! ```text
//! P = mean over the candidate's words of the best cosine to a reference's word, at least 0;  R the other way round
//! F = 2 P R / (P + R);   of several references the best counts, for each of the three apart
//! ```
//!
//! As aac-metrics 0.6.0 (`bert_score_mrefs.py`, on torchmetrics): last states, no idf weights, no rescaling, reduction
//! "max". The words that frame a text do not count.

use std::collections::HashMap;

use rayon::prelude::*;
use wsac_encoders::TokenStates;
use wsac_encoders::embedding::dot;
use wsac_metrics::{Items, Scores};

use crate::Progress;

/// Longer texts are cut, in aac-metrics.
const MOST_TOKENS: usize = 64;
/// Items whose states are in memory at a time.
const ITEMS: usize = 64;

/// The three scores; those of the corpus are means. An item with an empty candidate scores 0; one with an empty reference has
/// a recall of 0, as in the original.
#[derive(Debug, Clone)]
pub struct BertScores {
    /// How much of the candidate is in a reference, 0 to 1.
    pub precision: Scores,
    /// How much of a reference is in the candidate, 0 to 1.
    pub recall: Scores,
    /// Their harmonic mean, 0 to 1.
    pub f1: Scores,
}

/// BERTScore of tokenised `items` by `model`.
pub fn bert_score(model: &TokenStates, items: &Items, progress: Progress) -> BertScores {
    let pairs: Vec<(&str, &[String])> = items.iter().collect();
    let mut scores: Vec<[f64; 3]> = Vec::with_capacity(pairs.len());
    for block in pairs.chunks(ITEMS) {
        let mut number: HashMap<&str, usize> = HashMap::new();
        let mut texts: Vec<&str> = Vec::new();
        let captions = block.iter().flat_map(|(candidate, references)| {
            std::iter::once(*candidate).chain(references.iter().map(String::as_str))
        });
        for text in captions {
            number.entry(text).or_insert_with(|| {
                texts.push(text);
                texts.len() - 1
            });
        }
        let states = model.of(&texts, MOST_TOKENS);
        let of = |text: &str| states[number[text]].as_slice();
        scores.par_extend(block.par_iter().map(|(candidate, references)| {
            let references = references
                .iter()
                .map(|r| compare(of(candidate), of(r), model.width()));
            best(references)
        }));
        progress(scores.len());
    }
    let of = |i: usize| Scores::mean_of(scores.iter().map(|s| s[i]).collect());
    BertScores {
        precision: of(0),
        recall: of(1),
        f1: of(2),
    }
}

/// The best of each score. No number at all counts as better than any, and then as 0: so does the original.
fn best(of_references: impl Iterator<Item = [f64; 3]>) -> [f64; 3] {
    let better = |best: [f64; 3], next: [f64; 3]| {
        std::array::from_fn(|i| match best[i].is_nan() || next[i].is_nan() {
            true => f64::NAN,
            false => best[i].max(next[i]),
        })
    };
    let best = of_references.reduce(better).unwrap_or_default();
    best.map(|score| if score.is_nan() { 0.0 } else { score })
}

/// Precision, recall and F of a candidate and a reference: states of unit length, [tokens, width]. NaN where a mean is over
/// no word; F is 0 then.
fn compare(candidate: &[f32], reference: &[f32], width: usize) -> [f64; 3] {
    let words = |states: &'_ [f32]| states.len() / width;
    // The words of a frame are zero in the original, and so is their cosine to any other.
    let (mut of_candidate, mut of_reference) =
        (vec![0f32; words(candidate)], vec![0f32; words(reference)]);
    for (i, own) in candidate.chunks_exact(width).enumerate() {
        for (j, other) in reference.chunks_exact(width).enumerate() {
            let cosine = dot(own, other);
            of_candidate[i] = of_candidate[i].max(cosine);
            of_reference[j] = of_reference[j].max(cosine);
        }
    }
    let mean = |of: &[f32]| of.iter().map(|&x| f64::from(x)).sum::<f64>() / of.len() as f64;
    let (precision, recall) = (mean(&of_candidate), mean(&of_reference));
    let f1 = 2.0 * precision * recall / (precision + recall);
    [precision, recall, if f1.is_nan() { 0.0 } else { f1 }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_matched_with_the_nearest_and_empty_texts_count_as_in_the_original() {
        let (x, y, between) = ([1.0, 0.0], [0.0, 1.0], [0.6, 0.8]);
        let candidate = [x, y].concat();
        let [precision, recall, f1] = compare(&candidate, &between, 2);
        assert!((precision - 0.7).abs() < 1e-6 && (recall - 0.8).abs() < 1e-6);
        assert!((f1 - 2.0 * 0.7 * 0.8 / 1.5).abs() < 1e-6);
        let opposite = compare(&x, &[-1.0, 0.0], 2);
        assert_eq!(opposite, [0.0; 3]);
        let to_nothing = compare(&x, &[], 2);
        assert!(to_nothing[0] == 0.0 && to_nothing[1].is_nan() && to_nothing[2] == 0.0);
        let both = best([compare(&x, &x, 2), to_nothing].into_iter());
        assert_eq!(both, [1.0, 0.0, 1.0]);
    }
}
