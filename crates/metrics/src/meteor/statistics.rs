//! What METEOR counts of a candidate and a reference (23 numbers), and the score that follows from it.

use std::fmt;
use std::ops::AddAssign;

use super::lexicon::{Lexicon, Sentence};
use super::span::{Match, Span};

/// The parameters of METEOR 1.5 for English, tuned to rank translations (Denkowski and Lavie 2014, table 1).
const ALPHA: f64 = 0.85;
const BETA: f64 = 0.20;
const GAMMA: f64 = 0.60;
const DELTA: f64 = 0.75;
/// What a match of each matcher weighs, in the order of [`Matcher`](super::Matcher).
const WEIGHTS: [f64; 4] = [1.0, 0.6, 0.8, 0.6];

/// A count on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sides {
    /// In the candidate.
    pub candidate: u64,
    /// In the reference.
    pub reference: u64,
}

/// What is counted of a candidate and a reference, or summed over many. Displayed as the 23 numbers of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Words.
    pub words: Sides,
    /// Function words among them.
    pub function_words: Sides,
    /// Content words matched, by [`Matcher`](super::Matcher).
    pub content_matches: [Sides; 4],
    /// Function words matched, by [`Matcher`](super::Matcher).
    pub function_matches: [Sides; 4],
    /// Runs of matches that stand in the same order, without a gap, on both sides.
    pub chunks: u64,
    /// Words matched.
    pub matched: Sides,
}

impl AddAssign for Sides {
    fn add_assign(&mut self, other: Self) {
        self.candidate += other.candidate;
        self.reference += other.reference;
    }
}

impl Statistics {
    /// Counts an alignment: `chosen` in the order of the reference.
    pub(super) fn count(
        candidate: &Sentence,
        reference: &Sentence,
        lexicon: &Lexicon,
        chosen: &[Match],
    ) -> Self {
        let function_words = |words: &[u32]| {
            words
                .iter()
                .filter(|&&word| lexicon.word(word).function)
                .count() as u64
        };
        let mut statistics = Self {
            words: Sides {
                candidate: candidate.words.len() as u64,
                reference: reference.words.len() as u64,
            },
            function_words: Sides {
                candidate: function_words(&candidate.words),
                reference: function_words(&reference.words),
            },
            chunks: chunks(chosen),
            ..Self::default()
        };
        for m in chosen {
            let matched = Sides {
                candidate: m.candidate.words.into(),
                reference: m.reference.words.into(),
            };
            let function = Sides {
                candidate: function_words(m.candidate.of(&candidate.words)),
                reference: function_words(m.reference.of(&reference.words)),
            };
            let content = Sides {
                candidate: matched.candidate - function.candidate,
                reference: matched.reference - function.reference,
            };
            statistics.content_matches[m.matcher as usize] += content;
            statistics.function_matches[m.matcher as usize] += function;
            statistics.matched += matched;
        }
        statistics
    }

    /// Whether all words are matched in one chunk.
    fn perfect(&self) -> bool {
        self.matched == self.words && self.chunks == 1
    }

    /// The 23 numbers in the order of the original: words, function words; of each matcher content words and function
    /// words matched; chunks, matched words. Candidate before reference.
    pub fn numbers(&self) -> [u64; 23] {
        let mut numbers = [0; 23];
        let mut put = |at: usize, sides: Sides| {
            numbers[at..at + 2].copy_from_slice(&[sides.candidate, sides.reference]);
        };
        put(0, self.words);
        put(2, self.function_words);
        for matcher in 0..4 {
            put(4 + 4 * matcher, self.content_matches[matcher]);
            put(6 + 4 * matcher, self.function_matches[matcher]);
        }
        put(21, self.matched);
        numbers[20] = self.chunks;
        numbers
    }

    /// The statistics that have these [`numbers`](Self::numbers).
    pub fn from_numbers(numbers: &[u64; 23]) -> Self {
        let sides = |at: usize| Sides {
            candidate: numbers[at],
            reference: numbers[at + 1],
        };
        Self {
            words: sides(0),
            function_words: sides(2),
            content_matches: [4, 8, 12, 16].map(sides),
            function_matches: [6, 10, 14, 18].map(sides),
            chunks: numbers[20],
            matched: sides(21),
        }
    }

    /// What an item adds to the statistics of its corpus: itself, but no chunk where it is perfect.
    pub fn in_corpus(mut self) -> Self {
        if self.perfect() {
            self.chunks = 0;
        }
        self
    }

    /// The METEOR score, 0..=1: F (1 - gamma frag^beta), where F = 1 / ((1 - alpha) / P + alpha / R), P and R are the
    /// weighted shares of matched words in candidate and reference, a content word weighing delta and a function word
    /// 1 - delta, and frag is the number of chunks to a matched word.
    ///
    /// Denkowski and Lavie 2014, "Meteor Universal: Language Specific Translation Evaluation for Any Target Language".
    pub fn score(&self) -> f64 {
        let weighted = |side: fn(Sides) -> u64| {
            let (words, function) = (side(self.words) as f64, side(self.function_words) as f64);
            let length = DELTA * (words - function) + (1.0 - DELTA) * function;
            let content = self
                .content_matches
                .iter()
                .zip(WEIGHTS)
                .map(|(&m, weight)| side(m) as f64 * weight * DELTA);
            let function = self
                .function_matches
                .iter()
                .zip(WEIGHTS)
                .map(|(&m, weight)| side(m) as f64 * weight * (1.0 - DELTA));
            content.chain(function).sum::<f64>() / length
        };
        let precision = weighted(|sides| sides.candidate);
        let recall = weighted(|sides| sides.reference);
        let f = 1.0 / ((1.0 - ALPHA) / precision + ALPHA / recall);
        let fragmentation = if self.perfect() {
            0.0
        } else {
            self.chunks as f64 / ((self.matched.candidate + self.matched.reference) as f64 / 2.0)
        };
        let score = f * (1.0 - GAMMA * fragmentation.powf(BETA));
        // Nothing matched, or nothing there: 0 / 0.
        if score.is_nan() { 0.0 } else { score.max(0.0) }
    }
}

impl fmt::Display for Statistics {
    /// The [`numbers`](Self::numbers) as the original prints them: `5.0 4.0 2.0 ...`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = self.numbers().map(|number| format!("{number}.0"));
        out.write_str(&numbers.join(" "))
    }
}

/// Runs of matches without a gap on either side.
fn chunks(chosen: &[Match]) -> u64 {
    let follows = |a: Span, b: Span| a.end() == b.start;
    let breaks = chosen.windows(2).filter(|two| {
        !(follows(two[0].candidate, two[1].candidate)
            && follows(two[0].reference, two[1].reference))
    });
    breaks.count() as u64 + u64::from(!chosen.is_empty())
}
