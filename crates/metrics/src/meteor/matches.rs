//! All matches between a candidate and a reference, from the four matchers, in the order in which METEOR lists them.
//!
//! Nothing is used up between the matchers: a word may stand in many matches, of which [`align`](super::align) then
//! chooses. The order of the list decides between equally good choices.

use super::lexicon::{Lexicon, Sentence, Word};
use super::paraphrases::{Found, Paraphrases};
use super::span::{Match, Matcher, Span};

/// The matches of a pair of sentences.
#[derive(Debug)]
pub(super) struct Matches {
    /// Of each word of the reference, the matches that begin there, as listed [words of the reference].
    pub from: Vec<Vec<Match>>,
    /// In how many matches each word of the candidate stands.
    pub candidate_coverage: Vec<u32>,
    /// The same for the reference.
    pub reference_coverage: Vec<u32>,
}

impl Matches {
    /// Lists all matches.
    pub fn list(
        candidate: &Sentence,
        reference: &Sentence,
        lexicon: &Lexicon,
        paraphrases: &Paraphrases,
    ) -> Self {
        let mut matches = Self {
            from: vec![Vec::new(); reference.words.len()],
            candidate_coverage: vec![0; candidate.words.len()],
            reference_coverage: vec![0; reference.words.len()],
        };
        let same = |c: &Word, r: &Word| c.hash == r.hash;
        matches.words(Matcher::Exact, candidate, reference, lexicon, same);
        if candidate.words == reference.words {
            return matches;
        }
        matches.words(Matcher::Stem, candidate, reference, lexicon, |c, r| {
            c.stem == r.stem && !same(c, r)
        });
        matches.words(Matcher::Synonym, candidate, reference, lexicon, |c, r| {
            share(&c.synsets, &r.synsets) && !same(c, r)
        });
        // Phrases of the reference with their paraphrases in the candidate, then the other way round: a pair that the
        // table has in both directions is listed twice.
        for_each_paraphrase(paraphrases, reference, candidate, |r, c| {
            matches.add(Matcher::Paraphrase, c, r)
        });
        for_each_paraphrase(paraphrases, candidate, reference, |c, r| {
            matches.add(Matcher::Paraphrase, c, r)
        });
        matches
    }

    /// Adds every pair of single words that `fit`.
    fn words(
        &mut self,
        matcher: Matcher,
        candidate: &Sentence,
        reference: &Sentence,
        lexicon: &Lexicon,
        fit: impl Fn(&Word, &Word) -> bool,
    ) {
        for (j, &r) in (0..).zip(&reference.words) {
            let word = lexicon.word(r);
            for (i, &c) in (0..).zip(&candidate.words) {
                if fit(lexicon.word(c), word) {
                    self.add(matcher, Span::word(i), Span::word(j));
                }
            }
        }
    }

    fn add(&mut self, matcher: Matcher, candidate: Span, reference: Span) {
        self.from[reference.start as usize].push(Match {
            matcher,
            candidate,
            reference,
        });
        candidate
            .of_mut(&mut self.candidate_coverage)
            .iter_mut()
            .for_each(|count| *count += 1);
        reference
            .of_mut(&mut self.reference_coverage)
            .iter_mut()
            .for_each(|count| *count += 1);
    }
}

/// Whether two ascending lists have a number in common.
fn share(a: &[u32], b: &[u32]) -> bool {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => a.next(),
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Greater => b.next(),
        };
    }
    false
}

/// Tells `found` of every phrase of `left` (by start, then length) whose right sides (in the order of the table) stand in
/// `right` (from its first word to its last): the spans of both.
fn for_each_paraphrase(
    paraphrases: &Paraphrases,
    left: &Sentence,
    right: &Sentence,
    mut found: impl FnMut(Span, Span),
) {
    let mut by_id: Vec<&Found> = right.phrases.iter().collect();
    by_id.sort_by_key(|phrase| phrase.id);
    for phrase in &left.phrases {
        let mut waiting = &by_id[..];
        for id in paraphrases.right_sides(phrase) {
            while let [first, rest @ ..] = waiting
                && first.id < id
            {
                waiting = rest;
            }
            while let [first, rest @ ..] = waiting
                && first.id == id
            {
                found(phrase.span, first.span);
                waiting = rest;
            }
            if waiting.is_empty() {
                break;
            }
        }
    }
}
