//! Captions as numbered words, and how often each of their n-grams (n = 1..4) occurs.

use std::cmp::Ordering;
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

/// How often an n-gram occurs: `(its length, itself, its count)`.
pub(crate) type Count = (usize, NGram, u32);

/// How often each n-gram of a caption occurs, sorted by length and words: two captions are compared by [`shared`].
pub(crate) fn counts(words: &[u32]) -> Vec<Count> {
    let mut counts: Vec<Count> = ngrams(words).map(|(n, ngram)| (n, ngram, 1)).collect();
    counts.sort_unstable();
    counts.dedup_by(|next, kept| {
        let same = next.1 == kept.1;
        kept.2 += u32::from(same);
        same
    });
    counts
}

/// What both of two lists sorted by length and words have: the places of each shared n-gram, once in each list.
pub(crate) fn shared<A, B>(
    a: &[(usize, NGram, A)],
    b: &[(usize, NGram, B)],
) -> Vec<(usize, usize)> {
    let (mut i, mut j) = (0, 0);
    let mut places = Vec::new();
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match (x.0, &x.1).cmp(&(y.0, &y.1)) {
            Ordering::Less => i += 1,
            Ordering::Greater => j += 1,
            Ordering::Equal => {
                places.push((i, j));
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    places
}
