//! Bytes shared by those who look into them, with reads that end where the bytes do.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of a file in memory; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bytes {
    all: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl From<Vec<u8>> for Bytes {
    fn from(all: Vec<u8>) -> Self {
        let range = 0..all.len();
        Self {
            all: Arc::new(all),
            range,
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.all[self.range.clone()]
    }
}

impl Bytes {
    /// `length` bytes from `start`; `None` where they end earlier.
    pub fn part(&self, start: usize, length: usize) -> Option<Self> {
        let end = start.checked_add(length)?;
        (end <= self.len()).then(|| Self {
            all: self.all.clone(),
            range: self.range.start + start..self.range.start + end,
        })
    }

    /// The number of four bytes at `at`.
    pub fn u32(&self, at: usize) -> Option<u32> {
        let four = self.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(four.try_into().ok()?))
    }
}

/// Appends `value` in groups of seven bits, lowest first (LEB128).
pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes a number written by [`write_varint`] from the front of `bytes`; at most 35 bits.
pub(crate) fn read_varint(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Takes `length` bytes from the front of `bytes`.
pub(crate) fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}
