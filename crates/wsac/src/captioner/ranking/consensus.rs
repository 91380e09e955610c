//! Consensus of captions: texts [C] and the votes of other texts [R] -> the mean likeness of each, in [0, 1].
//!
//! Likeness is CIDEr's: for n-grams of 1 to 4 words the cosine of their counts, each weighted by how rare it is. An n-gram
//! is rare that few of the texts at hand have, as there is no corpus of references here.

use std::collections::HashMap;

/// The longest n-gram.
const LONGEST: usize = 4;

/// The n-grams of a text with their weights, for each length, and the lengths of these vectors.
struct Grams {
    weights: [HashMap<String, f32>; LONGEST],
    norms: [f32; LONGEST],
}

/// The mean likeness of each of `candidates` to the other candidates and to `voters`; all 0 where it is alone.
pub fn consensus(candidates: &[&str], voters: &[&str]) -> Vec<f32> {
    let texts: Vec<[HashMap<String, f32>; LONGEST]> = (candidates.iter().chain(voters))
        .map(|text| counts(text))
        .collect();
    let mut rarity: HashMap<&String, f32> = HashMap::new();
    for gram in texts.iter().flatten().flat_map(HashMap::keys) {
        *rarity.entry(gram).or_default() += 1.0;
    }
    let all = texts.len() as f32;
    let weigh = |(gram, n): (&String, &f32)| {
        // One that all have still says a little.
        (gram.clone(), n * (1.0 + (all / rarity[gram]).ln()))
    };
    let grams: Vec<Grams> = (texts.iter())
        .map(|counts| {
            let weights = counts.each_ref().map(|c| c.iter().map(weigh).collect());
            let norms = weights.each_ref().map(length);
            Grams { weights, norms }
        })
        .collect();
    let mean = |i: usize| {
        let others = (0..grams.len()).filter(|&j| j != i);
        let sum: f32 = others.map(|j| grams[i].likeness(&grams[j])).sum();
        sum / (grams.len() - 1).max(1) as f32
    };
    (0..candidates.len()).map(mean).collect()
}

/// How often a text has each n-gram, for each n.
fn counts(text: &str) -> [HashMap<String, f32>; LONGEST] {
    let text = text.to_lowercase();
    let words: Vec<&str> = (text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    std::array::from_fn(|n| {
        let mut counts = HashMap::new();
        for gram in words.windows(n + 1) {
            *counts.entry(gram.join(" ")).or_default() += 1.0;
        }
        counts
    })
}

/// Summed in an order of its own, that equal texts give equal bits.
fn length(weights: &HashMap<String, f32>) -> f32 {
    let mut squares: Vec<f32> = weights.values().map(|w| w * w).collect();
    squares.sort_by(f32::total_cmp);
    squares.iter().sum::<f32>().sqrt()
}

impl Grams {
    /// The mean over n of the cosines; where neither text is that long, n says nothing.
    fn likeness(&self, other: &Self) -> f32 {
        let (mut sum, mut lengths) = (0.0, 0);
        for n in 0..LONGEST {
            let norms = (self.norms[n], other.norms[n]);
            if norms == (0.0, 0.0) {
                continue;
            }
            lengths += 1;
            let (mine, theirs) = (&self.weights[n], &other.weights[n]);
            let shared = mine.iter().filter_map(|(g, w)| Some(w * theirs.get(g)?));
            let mut shared: Vec<f32> = shared.collect();
            shared.sort_by(f32::total_cmp);
            if norms.0 > 0.0 && norms.1 > 0.0 {
                sum += shared.iter().sum::<f32>() / (norms.0 * norms.1);
            }
        }
        sum / lengths.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_say_is_the_consensus() {
        let candidates = [
            "a dog barks loudly",
            "a man speaks and a dog barks",
            "a cat meows",
        ];
        let scores = consensus(&candidates, &["a dog barks", "dog barking in a yard"]);
        assert!(scores[0] > scores[1] && scores[1] > scores[2], "{scores:?}");
        assert!(scores.iter().all(|s| (0.0..=1.0).contains(s)));
        assert_eq!(consensus(&["a dog"], &[]), [0.0]);
        let same = consensus(&["a dog barks", "A dog barks."], &[]);
        assert!((same[0] - 1.0).abs() < 1e-6 && same[0] == same[1]);
        assert!(consensus(&[], &["a dog"]).is_empty());
    }

    #[test]
    fn equal_texts_give_equal_bits() {
        let texts = [
            "rain falls on a roof and a dog barks",
            "wind blows hard while rain falls",
        ];
        let first = consensus(&texts, &["rain falls"]);
        for _ in 0..20 {
            assert_eq!(first, consensus(&texts, &["rain falls"]));
        }
    }
}
