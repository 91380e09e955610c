//! Numbers of any width, one after the other without a gap: the highest bit first.

use super::bytes::Bytes;

/// Zero bytes behind the last bit, so that eight bytes can be read at once anywhere.
const PADDING: usize = 8;

/// Writes bits.
#[derive(Debug, Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet: the lowest `waiting` bits.
    last: u64,
    waiting: u32,
}

impl BitWriter {
    /// Appends the lowest `width` (at most 32) bits of `value`.
    pub fn push(&mut self, value: u32, width: u32) {
        let value = u64::from(value) & ((1 << width) - 1);
        self.last = self.last << width | value;
        self.waiting += width;
        while self.waiting >= 8 {
            self.waiting -= 8;
            self.bytes.push((self.last >> self.waiting) as u8);
        }
    }

    /// How many bits there are.
    pub fn len(&self) -> usize {
        self.bytes.len() * 8 + self.waiting as usize
    }

    /// The bytes, padded for [`BitReader`].
    pub fn finish(mut self) -> Vec<u8> {
        if self.waiting > 0 {
            self.push(0, 8 - self.waiting);
        }
        self.bytes.extend([0; PADDING]);
        self.bytes
    }
}

/// Reads bits; behind the last one there are zeros without end.
#[derive(Debug, Clone)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bit, counted from the first.
    pub at: usize,
}

impl<'a> BitReader<'a> {
    /// Reads `bytes` from the bit `at`.
    pub fn new(bytes: &'a Bytes, at: usize) -> Self {
        Self { bytes, at }
    }

    /// The next 32 bits, without taking them.
    pub fn peek(&self) -> u32 {
        let first = self.at / 8;
        let Some(Ok(eight)) =
            (self.bytes.get(first..first.saturating_add(8))).map(<[u8; 8]>::try_from)
        else {
            return 0;
        };
        (u64::from_be_bytes(eight) << (self.at % 8) >> 32) as u32
    }

    /// Takes the next `width` (at most 32) bits.
    pub fn take(&mut self, width: u32) -> u32 {
        let value = (u64::from(self.peek()) >> (32 - width)) as u32;
        self.at += width as usize;
        value
    }
}
