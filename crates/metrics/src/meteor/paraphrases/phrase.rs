//! A phrase of one to seven words in a single number, so that phrases compare at once and in the order of their text.

/// The longest phrase has this many words.
pub(super) const MAX_WORDS: usize = 7;

/// Bits of a word.
const WORD: usize = 16;

/// The words of a phrase, as numbers from 1 in the order of the alphabet, the first one highest; then zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Phrase(u128);

impl Phrase {
    /// With `word` at the place `at` (below [`MAX_WORDS`]), where none was yet.
    pub fn with(self, at: usize, word: u16) -> Self {
        Self(self.0 | u128::from(word) << (WORD * (MAX_WORDS - 1 - at)))
    }

    /// Its first `count` words.
    pub fn first(self, count: usize) -> Self {
        let behind = WORD * (MAX_WORDS - count);
        Self(self.0 >> behind << behind)
    }

    /// Its words.
    pub fn words(self) -> impl Iterator<Item = u16> {
        let word = move |at| (self.0 >> (WORD * (MAX_WORDS - 1 - at))) as u16;
        (0..MAX_WORDS).map(word).take_while(|&word| word != 0)
    }

    /// How many words both begin with.
    pub fn shared(self, other: Self) -> usize {
        self.words()
            .zip(other.words())
            .take_while(|(a, b)| a == b)
            .count()
    }
}
