//! The beginning of a byte stream, kept so that a header can be looked at back and forth: reader -> bytes at any early
//! position, and then the stream from any of them. Never reads further than it is asked to: sound may be arriving live.

use std::io::{Chain, Cursor, ErrorKind, Read, Result};

/// A header that is longer is none.
const MOST: usize = 64 << 20;

/// A stream and what was read of it so far.
pub(super) struct Prefix<R> {
    bytes: Vec<u8>,
    reader: R,
}

impl<R: Read> Prefix<R> {
    pub(super) fn new(reader: R) -> Self {
        let bytes = Vec::new();
        Self { bytes, reader }
    }

    /// The `len` bytes at `from`; `None` where the stream ends before, or so far in that no header reaches there.
    pub(super) fn at(&mut self, from: usize, len: usize) -> Result<Option<&[u8]>> {
        let end = from.saturating_add(len);
        if end > MOST {
            return Ok(None);
        }
        while self.bytes.len() < end {
            let had = self.bytes.len();
            // Grows with what is there, not with what a header claims.
            self.bytes.resize(end.min(had + (1 << 16)), 0);
            let read = self.reader.read(&mut self.bytes[had..]);
            self.bytes.truncate(had + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(Some(&self.bytes[from..end]))
    }

    /// The `N` bytes at `from`, as [`Prefix::at`].
    pub(super) fn word<const N: usize>(&mut self, from: usize) -> Result<Option<[u8; N]>> {
        Ok(self.at(from, N)?.and_then(|bytes| bytes.try_into().ok()))
    }

    /// The first place of `needle` at or behind `from`, if there is one within a header's reach.
    pub(super) fn find(&mut self, needle: &[u8], mut from: usize) -> Result<Option<usize>> {
        loop {
            let found = self.bytes.get(from..).and_then(|bytes| {
                let mut windows = bytes.windows(needle.len());
                windows.position(|window| window == needle)
            });
            if let Some(place) = found {
                return Ok(Some(from + place));
            }
            from = from.max((self.bytes.len() + 1).saturating_sub(needle.len()));
            // What was read is searched once; a page more at a time.
            let had = self.bytes.len();
            if self.at(had, 1 << 12)?.is_none() && self.bytes.len() == had {
                return Ok(None);
            }
        }
    }

    /// The stream from `from` on, which [`Prefix::at`] has reached.
    pub(super) fn into_stream(mut self, from: usize) -> Chain<Cursor<Vec<u8>>, R> {
        let rest = self.bytes.split_off(from.min(self.bytes.len()));
        Cursor::new(rest).chain(self.reader)
    }
}
