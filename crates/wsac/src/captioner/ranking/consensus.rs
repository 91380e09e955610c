//! Consensus of captions (minimum Bayes risk): candidates [C] and the captions nearest to the sound -> scores in [0, 1].
//!
//! If one of the memory's captions were the true one, with these probabilities, what CIDEr-D would a candidate have? The other
//! candidates of the decoder get a small share of the vote. No caption votes for itself.

use wsac_metrics::{Corpus, Vector};

use crate::texts::words;

/// A caption of the memory with a vote.
pub struct Voter<'a> {
    pub caption: &'a str,
    /// The probability that it is the true one, relative to the others.
    pub weight: f32,
}

/// The mean similarity of each of `candidates` to `voters`, and with the share `peers` to the other candidates that are
/// `written`; all 0 if there is nothing to compare with. Similarity is CIDEr-D, with document frequencies of `corpus`.
pub fn consensus(
    candidates: &[&str],
    written: &[bool],
    voters: &[Voter],
    peers: f32,
    corpus: &Corpus,
) -> Vec<f32> {
    let texts: Vec<&str> = (candidates.iter().copied())
        .chain(voters.iter().map(|v| v.caption))
        .collect();
    let vectors = corpus.vectors(&texts);
    let (own, others) = vectors.split_at(candidates.len());
    let said: Vec<String> = texts.iter().map(|text| words(text)).collect();
    let (own_words, their_words) = said.split_at(candidates.len());
    let likeness = |a: &Vector, b: &Vector| a.clipped_cosine(b) as f32;
    let score = |i: usize| {
        let votes = (voters.iter().zip(others).zip(their_words))
            .filter(|(_, words)| **words != own_words[i])
            .map(|((voter, vector), _)| (voter.weight, likeness(&own[i], vector)));
        let found = (own.iter().zip(written).enumerate())
            .filter(|(j, (_, written))| *j != i && **written)
            .map(|(_, (vector, _))| (1.0, likeness(&own[i], vector)));
        match (mean(votes), mean(found)) {
            (Some(votes), Some(found)) => (1.0 - peers) * votes + peers * found,
            (votes, found) => votes.or(found).unwrap_or(0.0),
        }
    };
    (0..candidates.len()).map(score).collect()
}

/// The mean of `(weight, value)`s; `None` if no weight is above 0.
fn mean(weighted: impl Iterator<Item = (f32, f32)>) -> Option<f32> {
    let (total, sum) = weighted.fold((0.0, 0.0), |(total, sum), (weight, value)| {
        (total + weight, sum + weight * value)
    });
    (total > 0.0).then(|| sum / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 5] = [
        "A dog barks loudly.",
        "A man speaks and a dog barks.",
        "A cat meows.",
        "A dog barks.",
        "Dog barking in a yard.",
    ];

    fn voters<'a>(texts: &[&'a str], weights: &[f32]) -> Vec<Voter<'a>> {
        let voter = |(&caption, &weight): (&&'a str, &f32)| Voter { caption, weight };
        texts.iter().zip(weights).map(voter).collect()
    }

    #[test]
    fn what_the_likely_captions_say_is_the_consensus() {
        let corpus = Corpus::of(&TEXTS);
        let written = [true; 3];
        let among =
            |votes: &[Voter], peers| consensus(&TEXTS[..3], &written, votes, peers, &corpus);
        let scores = among(&voters(&TEXTS[3..], &[1.0, 1.0]), 0.0);
        assert!(scores[0] > scores[1] && scores[1] > scores[2], "{scores:?}");
        assert!(scores.iter().all(|s| (0.0..=1.0).contains(s)));
        // More probable captions have more weight, and none votes for itself.
        let cats = among(
            &voters(&["a cat meows loudly", "a dog barks"], &[9.0, 1.0]),
            0.0,
        );
        assert!(cats[2] > cats[0], "{cats:?}");
        let itself = among(&voters(&TEXTS[2..4], &[9.0, 1.0]), 0.0);
        assert!(itself[2] < itself[0], "{itself:?}");
        // Without voters, only the candidates vote.
        let alone = among(&[], 0.1);
        assert!(alone[0] > alone[2], "{alone:?}");
        assert_eq!(alone, among(&[], 0.9));
    }

    #[test]
    fn only_what_was_written_speaks_beside_the_voters() {
        let corpus = Corpus::of(&TEXTS);
        let votes = voters(&["a cat meows"], &[1.0]);
        let with = |written: [bool; 2]| consensus(&TEXTS[..2], &written, &votes, 0.5, &corpus);
        assert_eq!(with([false, false])[0], with([true, false])[0]);
        assert!(with([false, true])[0] > with([false, false])[0]);
    }

    #[test]
    fn equal_texts_give_equal_bits() {
        let texts = [
            "rain falls on a roof and a dog barks",
            "wind blows hard while rain falls",
        ];
        let once = || {
            let corpus = Corpus::of(&texts);
            consensus(
                &texts,
                &[true; 2],
                &voters(&["rain falls"], &[1.0]),
                0.1,
                &corpus,
            )
        };
        let first = once();
        for _ in 0..20 {
            assert_eq!(first, once());
        }
        // Captions that differ in case and full stops are equal: each votes for the other, and both have the same score.
        let twins = ["a dog barks loudly", "A dog barks loudly."];
        let corpus = Corpus::of(&[twins[0], "rain falls"]);
        let same = consensus(&twins, &[true; 2], &[], 0.1, &corpus);
        assert!((same[0] - 1.0).abs() < 1e-6 && same[0] == same[1]);
    }

    #[test]
    fn one_alone_scores_nothing() {
        let corpus = Corpus::of(&["a dog"]);
        assert_eq!(consensus(&["a dog"], &[true], &[], 0.1, &corpus), [0.0]);
        assert!(consensus(&[], &[], &voters(&["a dog"], &[1.0]), 0.1, &corpus).is_empty());
    }
}
