//! Runs of words, and a match between a run of the candidate and one of the reference.

use std::ops::Range;

/// How words match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matcher {
    /// The same word.
    Exact,
    /// The same stem (Snowball English).
    Stem,
    /// A synset of WordNet in common.
    Synonym,
    /// A pair of phrases of the paraphrase table.
    Paraphrase,
}

/// Words of a sentence: the first, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: u32,
    pub words: u32,
}

impl Span {
    /// The one word at `at`.
    pub fn word(at: u32) -> Self {
        Self {
            start: at,
            words: 1,
        }
    }

    /// The word behind its last.
    pub fn end(self) -> u32 {
        self.start + self.words
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end() as usize
    }

    /// Its part of what is kept `of` each word of the sentence.
    pub fn of<T>(self, words: &[T]) -> &[T] {
        &words[self.range()]
    }

    /// As [`of`](Self::of).
    pub fn of_mut<T>(self, words: &mut [T]) -> &mut [T] {
        &mut words[self.range()]
    }
}

/// Words of the candidate that can stand for words of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub matcher: Matcher,
    pub candidate: Span,
    pub reference: Span,
}

impl Match {
    /// How far its two sides lie apart, in words.
    pub fn distance(&self) -> u64 {
        u64::from(self.candidate.start.abs_diff(self.reference.start))
    }
}
