//! Captions as numbered words, and how often each of their n-grams (n = 1..4) occurs.

use std::collections::HashMap;

/// The longest n-gram that BLEU and CIDEr count.
pub(crate) const N: usize = 4;

/// An n-gram: the numbers of its words, then [`NONE`].
pub(crate) type NGram = [u32; N];

/// Stands where a shorter n-gram has no word.
const NONE: u32 = u32::MAX;

/// Gives each distinct word a number. Words are what Unicode white space parts, as Python's `str.split()`.
#[derive(Default)]
pub(crate) struct Vocabulary<'a> {
    numbers: HashMap<&'a str, u32>,
}

impl<'a> Vocabulary<'a> {
    /// The words of `caption`, numbered.
    pub(crate) fn words(&mut self, caption: &'a str) -> Vec<u32> {
        let number = |word| {
            let next = self.numbers.len() as u32;
            *self.numbers.entry(word).or_insert(next)
        };
        caption.split_whitespace().map(number).collect()
    }
}

/// Every n-gram of `words` with its length, shorter ones first.
pub(crate) fn ngrams(words: &[u32]) -> impl Iterator<Item = (usize, NGram)> {
    (1..=N).flat_map(move |n| {
        words.windows(n).map(move |window| {
            let mut ngram = [NONE; N];
            ngram[..n].copy_from_slice(window);
            (n, ngram)
        })
    })
}

/// How often each n-gram of a caption occurs: `(its length, itself, its count)`, in the order of first occurrence.
///
/// A list, not a map: sums over it come out the same every time.
pub(crate) fn counts(words: &[u32]) -> Vec<(usize, NGram, u32)> {
    let mut counts = Vec::new();
    let mut places: HashMap<NGram, usize> = HashMap::new();
    for (n, ngram) in ngrams(words) {
        match places.entry(ngram) {
            std::collections::hash_map::Entry::Occupied(place) => {
                let (_, _, count): &mut (_, _, u32) = &mut counts[*place.get()];
                *count += 1;
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(counts.len());
                counts.push((n, ngram, 1));
            }
        }
    }
    counts
}
