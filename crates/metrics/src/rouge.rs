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
/// scores 1, empty against anything else 0. (For aac-metrics' answer see [`rouge_l_of_words`].)
///
/// ```
/// # use wsac_metrics::{Items, rouge_l};
/// let items = Items::new(vec!["a dog barks".into()], vec![vec!["a dog barks".into(), "barking".into()]])?;
/// assert_eq!(rouge_l(&items).corpus, 1.0);
/// # Ok::<(), wsac_metrics::Error>(())
/// ```
pub fn rouge_l(items: &Items) -> Scores {
    score(items, |caption| caption.split(' ').collect())
}

/// ROUGE-L of tokenised `items` as aac-metrics 0.6.0 (`rouge_l.py`) computes it: 0 to 1; the corpus score is the mean.
///
/// Words are what white space parts, so an empty caption has none: an empty candidate scores 0, and an empty reference adds
/// nothing (the original divides by zero there). All other captions score as with [`rouge_l`].
pub fn rouge_l_of_words(items: &Items) -> Scores {
    score(items, |caption| caption.split_whitespace().collect())
}

fn score(items: &Items, words: fn(&str) -> Vec<&str>) -> Scores {
    let per_item = (0..items.len()).into_par_iter();
    let per_item = per_item.map(|i| {
        let references = items.references()[i].iter();
        let references: Vec<_> = references.map(|reference| words(reference)).collect();
        f_score(&words(&items.candidates()[i]), &references)
    });
    Scores::mean_of(per_item.collect())
}

fn f_score(candidate: &[&str], references: &[Vec<&str>]) -> f64 {
    let (mut precision, mut recall) = (0.0f64, 0.0f64);
    for reference in references.iter().filter(|reference| !reference.is_empty()) {
        let common = longest_common_subsequence(candidate, reference) as f64;
        precision = precision.max(common / candidate.len().max(1) as f64);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_captions_are_one_empty_word_or_no_word_at_all() {
        let of = |candidate: &str, reference: &str| {
            let references = vec![vec![reference.to_owned(), "rain".to_owned()]];
            let items = Items::new(vec![candidate.to_owned()], references).expect("one item");
            (rouge_l(&items).corpus, rouge_l_of_words(&items).corpus)
        };
        assert_eq!(of("", ""), (1.0, 0.0));
        assert_eq!(of("", "a dog"), (0.0, 0.0));
        assert_eq!(of("rain", ""), (1.0, 1.0));
        let (spaces, words) = of("3\u{a0}1/2 dogs", "3 dogs");
        assert!(spaces < words, "{spaces} {words}");
    }
}
