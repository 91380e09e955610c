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
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    numbers: HashMap<String, u32>,
}

impl Vocabulary {
    /// The words of `caption`, numbered.
    pub(crate) fn words(&mut self, caption: &str) -> Vec<u32> {
        let number = |word: &str| {
            let next = self.numbers.len() as u32;
            (self.numbers.get(word).copied()).unwrap_or_else(|| {
                self.numbers.insert(word.to_owned(), next);
                next
            })
        };
        caption.split_whitespace().map(number).collect()
    }

    /// The same, where this vocabulary stays as it is: words that it has not are numbered on in `new`.
    pub(crate) fn words_beside<'a>(
        &self,
        caption: &'a str,
        new: &mut HashMap<&'a str, u32>,
    ) -> Vec<u32> {
        let number = |word: &'a str| {
            let next = (self.numbers.len() + new.len()) as u32;
            let known = self.numbers.get(word).copied();
            known.unwrap_or_else(|| *new.entry(word).or_insert(next))
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
