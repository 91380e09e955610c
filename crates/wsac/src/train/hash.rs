//! The hash that identifies a cache file or a run: texts and bytes, each with its length -> SHA-256 in hexadecimal.

use sha2::{Digest, Sha256};

/// A hash under construction.
#[derive(Default)]
pub(super) struct Hash(Sha256);

impl Hash {
    /// Adds bytes; their length too, so that "ab", "c" differs from "a", "bc".
    pub fn add(&mut self, piece: impl AsRef<[u8]>) {
        let piece = piece.as_ref();
        self.0.update((piece.len() as u64).to_le_bytes());
        self.0.update(piece);
    }

    /// Adds numbers, bit for bit.
    pub fn add_numbers(&mut self, numbers: &[f32]) {
        self.0.update((numbers.len() as u64).to_le_bytes());
        numbers
            .iter()
            .for_each(|x| self.0.update(x.to_bits().to_le_bytes()));
    }

    /// The hash of everything added.
    pub fn finish(self) -> String {
        format!("{:x}", self.0.finalize())
    }
}

/// The hash of `texts`.
pub(super) fn hash<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Hash::default();
    texts.into_iter().for_each(|text| hash.add(text));
    hash.finish()
}
