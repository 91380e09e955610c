//! Deduplication: which of N captions are the first of their kind, by their words or by their embeddings [N, d].
//!
//! A caption that occurs many times in a memory dominates every projection and fills the list of the nearest.

use std::collections::HashSet;

use wsac_nn::matmul::{Mat, Store, matmul};

use super::{Hit, Memory};
use crate::error::{Error, Result};
use crate::texts::words;
use wsac_encoders::embedding::Embedding;

/// Rows that are compared at once with all rows kept so far.
const ROWS: usize = 256;
/// Rows kept so far that are compared with at once.
const KEPT: usize = 4096;

/// How often a caption may occur in a memory and still leave room for others among the nearest.
const REPEATED: usize = 8;

/// How many captions were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repeats {
    /// Those with the words of an earlier one, ignoring case, punctuation and spaces.
    pub exact: usize,
    /// Those with nearly the embedding of an earlier one.
    pub near: usize,
}

/// The indices of the captions whose words no earlier one has, ignoring case, punctuation and spaces.
pub fn distinct<S: AsRef<str>>(captions: impl IntoIterator<Item = S>) -> Vec<usize> {
    let mut seen = HashSet::new();
    let captions = captions.into_iter().enumerate();
    captions
        .filter_map(|(i, caption)| seen.insert(words(caption.as_ref())).then_some(i))
        .collect()
}

impl Memory {
    /// The `k` captions nearest to `query`, best first; captions that are equal but for upper and lower case are
    /// found once.
    pub fn nearest_distinct(&self, query: &Embedding, k: usize) -> Vec<Hit> {
        let mut found: Vec<Hit> = Vec::with_capacity(k);
        if k == 0 {
            return found;
        }
        for hit in self.nearest(query, REPEATED * k) {
            let said = |other: &Hit| {
                let other = self.caption(other.index);
                other.eq_ignore_ascii_case(self.caption(hit.index))
            };
            if found.len() < k && !found.iter().any(said) {
                found.push(hit);
            }
        }
        found
    }

    /// The memory with each caption once ([`distinct`]), and how many were removed; with `near` also without those whose cosine
    /// to a kept one is at least that. The first is kept, and so is the centre. A memory of 100,000 takes about a minute with
    /// `near`.
    ///
    /// # Errors
    /// If `near` is not above 0 and at most 1.
    pub fn without_repeats(&self, near: Option<f32>) -> Result<(Self, Repeats)> {
        if near.is_some_and(|near| !(near > 0.0 && near <= 1.0)) {
            return Err(Error::Config(
                "near duplicates are told by a cosine above 0 and at most 1, such as 0.95".into(),
            ));
        }
        let once = distinct(self.captions());
        let exact = self.len() - once.len();
        let kept = match near {
            Some(near) => self.apart(&once, near),
            None => once.clone(),
        };
        let gone = Repeats {
            exact,
            near: once.len() - kept.len(),
        };
        let memory = if kept.len() == self.len() {
            self.clone()
        } else {
            self.subset(&kept)?.kept_as(self.rows().kind())?
        };
        Ok((memory, gone))
    }

    /// Those of `places` whose cosine to every earlier kept one is below `near`.
    fn apart(&self, places: &[usize], near: f32) -> Vec<usize> {
        let d = self.dim();
        let (mut kept, mut rows) = (Vec::new(), Vec::new());
        let mut sims = Vec::new();
        for some in places.chunks(ROWS) {
            let block: Vec<f32> = some.iter().flat_map(|&i| self.embedding(i)).collect();
            let mut repeats = vec![false; some.len()];
            for earlier in rows.chunks(KEPT * d) {
                let n = earlier.len() / d;
                sims.resize(some.len() * n, 0.0);
                let earlier = Mat::new(earlier, n, d);
                let block = Mat::new(&block, some.len(), d);
                matmul(&mut sims, block, earlier.t(), Store::Set);
                for (repeats, sims) in repeats.iter_mut().zip(sims.chunks_exact(n)) {
                    *repeats |= sims.iter().any(|sim| *sim >= near);
                }
            }
            let before = rows.len();
            for ((&place, row), repeats) in some.iter().zip(block.chunks_exact(d)).zip(repeats) {
                let mut beside = rows[before..].chunks_exact(d);
                let alike = |other: &[f32]| wsac_encoders::embedding::dot(row, other) >= near;
                if !repeats && !beside.any(alike) {
                    kept.push(place);
                    rows.extend_from_slice(row);
                }
            }
        }
        kept
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::memory::Centre;
    use wsac_encoders::embedding::Embeddings;
    use wsac_tensors::dtype::StorageDtype;

    #[test]
    fn captions_of_the_same_words_are_one() {
        let captions = [
            "A dog barks.",
            "a  dog barks",
            "a cat",
            "A DOG, barks!",
            "...",
            "!!",
        ];
        assert_eq!(distinct(captions), [0, 2, 4, 5]);
    }

    #[test]
    fn repeats_go_by_their_words_and_by_their_embeddings() {
        let rows = vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.1, 0.0, 1.0, 1.0, 0.9];
        let captions = [
            "a dog barks",
            "A dog barks.",
            "one dog barks",
            "rain",
            "both",
        ];
        let mut memory = Memory::new(&captions, Embeddings::new(2, rows).unwrap()).unwrap();
        memory.set_centre(Centre::MemoryMean);
        memory.describe("of mini");
        let (once, gone) = memory.without_repeats(None).unwrap();
        assert_eq!((gone, once.len()), (Repeats { exact: 1, near: 0 }, 4));
        let (apart, gone) = memory.without_repeats(Some(0.99)).unwrap();
        assert_eq!(gone, Repeats { exact: 1, near: 1 });
        let left: Vec<&str> = apart.captions().collect();
        assert_eq!(left, ["a dog barks", "rain", "both"]);
        assert_eq!(apart.origin(), memory.origin());
        assert_eq!(apart.description(), Some("of mini"));
        // Kept in order, and over more rows than one block.
        let many = Embeddings::new(2, [1.0, 0.0, 0.0, 1.0].repeat(400)).unwrap();
        let names: Vec<String> = (0..800).map(|i| format!("caption {i}")).collect();
        let many = Memory::new(&names, many)
            .unwrap()
            .kept_as(StorageDtype::Int8)
            .unwrap();
        let (two, gone) = many.without_repeats(Some(0.999)).unwrap();
        assert_eq!((two.len(), gone.near), (2, 798));
        assert_eq!(two.rows().kind(), StorageDtype::Int8);
        assert!(memory.without_repeats(Some(0.0)).is_err());
    }
}
