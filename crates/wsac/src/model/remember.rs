//! Captions and their embeddings -> the memory of an encoder's space, as `wsac memory build` makes it.

use wsac_encoders::EmbeddingSpace;
use wsac_encoders::embedding::Embeddings;
use wsac_tensors::dtype::StorageDtype;

use super::defaults::Defaults;
use crate::error::Result;
use crate::memory::{Memory, Repeats};

/// Which captions a memory keeps, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Remembering {
    /// Whether each caption is kept once, ignoring case and punctuation; with a number also without those whose cosine to a
    /// kept one is at least that.
    pub dedup: Option<Option<f32>>,
    /// How embeddings are stored.
    pub rows: StorageDtype,
}

impl Default for Remembering {
    fn default() -> Self {
        Self {
            dedup: None,
            rows: StorageDtype::F32,
        }
    }
}

impl Remembering {
    /// The memory of `captions`, row `i` of `embeddings` being that of caption `i` in `space`, and how many were left out.
    ///
    /// # Errors
    /// As [`Memory::new`] and [`Memory::without_repeats`].
    pub fn memory(
        self,
        space: &EmbeddingSpace,
        captions: &[&str],
        embeddings: Embeddings,
    ) -> Result<(Memory, Repeats)> {
        let mut memory = Memory::new(captions, embeddings)?;
        let mut gone = Repeats::default();
        if let Some(near) = self.dedup {
            (memory, gone) = memory.without_repeats(near)?;
        }
        memory.set_centre(Defaults::of(space).centre);
        memory.describe(format!("embedded with {}", space.name));
        if memory.rows().kind() != self.rows {
            memory = memory.kept_as(self.rows)?;
        }
        Ok((memory, gone))
    }
}
