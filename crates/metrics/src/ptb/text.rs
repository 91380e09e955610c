//! The characters of a caption, and what the rules ask of them.

use super::unicode::{Class, class};

/// The characters of a caption, then a line feed, then how the next caption begins. No rule takes a line feed into a
/// token.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub &'a [char]);

impl<'a> Text<'a> {
    /// How many characters there are.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// The character at `i`, or a line feed after the end.
    pub fn at(self, i: usize) -> char {
        self.0.get(i).copied().unwrap_or('\n')
    }

    /// The characters `from..to`, as far as there are any.
    pub fn of(self, from: usize, to: usize) -> &'a [char] {
        let to = to.min(self.len());
        &self.0[from.min(to)..to]
    }

    /// The first place from `i` on whose character is not `wanted`.
    pub fn skip(self, i: usize, wanted: impl Fn(char) -> bool) -> usize {
        i + self
            .of(i, self.len())
            .iter()
            .take_while(|&&c| wanted(c))
            .count()
    }

    /// The same with at most `most` characters.
    pub fn skip_most(self, i: usize, most: usize, wanted: impl Fn(char) -> bool) -> usize {
        i + self
            .of(i, i + most)
            .iter()
            .take_while(|&&c| wanted(c))
            .count()
    }

    /// The end of `word` when it begins at `i`, in ASCII letters of either case.
    pub fn word(self, i: usize, word: &str) -> Option<usize> {
        let mut here = self.of(i, i + word.len()).iter();
        let same = word
            .chars()
            .all(|c| here.next().is_some_and(|h| h.eq_ignore_ascii_case(&c)));
        same.then_some(i + word.len())
    }

    /// Whether `from..to` is one of `words` (sorted), in ASCII letters of either case.
    pub fn is_one_of(self, from: usize, to: usize, words: &[&str]) -> bool {
        let here = self.of(from, to);
        let order = |word: &&str| word.chars().cmp(here.iter().map(char::to_ascii_lowercase));
        words.binary_search_by(order).is_ok()
    }
}

/// Letters and digits.
pub(super) fn alphanumeric(c: char) -> bool {
    matches!(class(c), Class::Letter | Class::Digit)
}

/// Letters.
pub(super) fn letter(c: char) -> bool {
    class(c) == Class::Letter
}

/// What a word begins with: letters, accents, and the hyphen that shows only where a line breaks.
pub(super) fn in_word(c: char) -> bool {
    matches!(class(c), Class::Letter | Class::Mark) || c == '\u{AD}'
}

/// Digits.
pub(super) fn digit(c: char) -> bool {
    class(c) == Class::Digit
}

/// What stands between words.
pub(super) fn space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | '\u{85}' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{3000}'
    )
}
