//! ROUGE-L (Lin 2004) as pycocoevalcap 1.2 (`rouge.py`) computes it.
//!
//! `P` and `R` are the longest common subsequence over the candidate's and the reference's length, each at its best over
//! all references (not necessarily the same one); `ROUGE-L = (1 + b^2) P R / (R + b^2 P)` with `b = 1.2`.

use rayon::prelude::*;

use crate::{Items, Scores};

const BETA: f64 = 1.2;

/// ROUGE-L of tokenised `items`: 0 to 1; the corpus score is the mean.
///
/// Words are what single spaces part, as in the original, so an empty caption is one empty word: empty against empty
/// scores 1, empty against anything else 0. (aac-metrics gives 0, or fails, there.)
///
/// ```
/// # use wsac_metrics::{Items, rouge_l};
/// let items = Items::new(vec!["a dog barks".into()], vec![vec!["a dog barks".into(), "barking".into()]])?;
/// assert_eq!(rouge_l(&items).corpus, 1.0);
/// # Ok::<(), wsac_metrics::Error>(())
/// ```
pub fn rouge_l(items: &Items) -> Scores {
    let per_item = (0..items.len()).into_par_iter();
    let per_item = per_item.map(|i| f_score(&items.candidates()[i], &items.references()[i]));
    Scores::mean_of(per_item.collect())
}

fn f_score(candidate: &str, references: &[String]) -> f64 {
    let candidate: Vec<&str> = candidate.split(' ').collect();
    let (mut precision, mut recall) = (0.0f64, 0.0f64);
    for reference in references {
        let reference: Vec<&str> = reference.split(' ').collect();
        let common = longest_common_subsequence(&candidate, &reference) as f64;
        precision = precision.max(common / candidate.len() as f64);
        recall = recall.max(common / reference.len() as f64);
    }
    if precision == 0.0 || recall == 0.0 {
        return 0.0;
    }
    let beta = BETA * BETA;
    (1.0 + beta) * precision * recall / (recall + beta * precision)
}

/// The length of the longest sequence of words that both have in this order; O(|a| |b|) time, O(|b|) memory.
fn longest_common_subsequence(a: &[&str], b: &[&str]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let longest = if x == y {
                diagonal + 1
            } else {
                row[j].max(row[j + 1])
            };
            diagonal = std::mem::replace(&mut row[j + 1], longest);
        }
    }
    row[b.len()]
}
