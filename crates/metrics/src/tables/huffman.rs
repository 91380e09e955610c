//! Huffman codes (canonical: told by the length of each symbol's code), and numbers coded by their size.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bits::{BitReader, BitWriter};
use super::bytes::take;

/// The longest code that is read.
const LONGEST: usize = 32;
/// Codes up to this length are found at one glance.
const GLANCE: u32 = 12;

/// A code for the symbols 0..n.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// The length of each symbol's code [n]; 0 for a symbol that never occurs.
    lengths: Vec<u8>,
    /// The symbols that occur, by length and then by symbol.
    symbols: Vec<u32>,
    /// Of each length: the first code, how many there are, and where their symbols begin.
    of_length: [(u32, u32, u32); LONGEST + 1],
    /// Of each beginning of [`GLANCE`] bits: the symbol (the upper 24 bits) and its length; 0 where the code is longer.
    glance: Vec<u32>,
}

impl Code {
    /// The best code for symbols that occur as often as `counts` [n] says.
    pub fn for_counts(counts: &[usize]) -> Self {
        // Nodes 0..n are the symbols, the others join two; a tie goes to the older node, so the code is always the same.
        let mut parents = vec![usize::MAX; counts.len()];
        let occurring = (0..counts.len()).filter(|&symbol| counts[symbol] > 0);
        let mut heap: BinaryHeap<_> = occurring.map(|s| Reverse((counts[s], s))).collect();
        let single = heap.len() == 1;
        while let (Some(Reverse((a, left))), Some(Reverse((b, right)))) = (heap.pop(), heap.pop()) {
            let parent = parents.len();
            parents.push(usize::MAX);
            (parents[left], parents[right]) = (parent, parent);
            heap.push(Reverse((a + b, parent)));
        }
        let mut depths = vec![0_u8; parents.len()];
        for node in (0..parents.len()).rev() {
            if parents[node] != usize::MAX {
                depths[node] = depths[parents[node]] + 1;
            }
        }
        let length = |symbol: usize| match counts[symbol] {
            0 => 0,
            _ if single => 1,
            _ => depths[symbol],
        };
        let lengths = (0..counts.len()).map(length).collect();
        Self::with_lengths(lengths).expect("fewer than 2^32 symbols give codes of at most 32 bits")
    }

    /// The code whose symbols have codes of these lengths; `None` where there is no such code.
    fn with_lengths(lengths: Vec<u8>) -> Option<Self> {
        let mut symbols: Vec<u32> = (0..lengths.len() as u32).collect();
        symbols.retain(|&symbol| lengths[symbol as usize] > 0);
        symbols.sort_by_key(|&symbol| lengths[symbol as usize]);
        let mut of_length = [(0, 0, 0); LONGEST + 1];
        let mut glance = vec![0; 1 << GLANCE];
        let (mut next, mut begin) = (0_u64, 0);
        for length in 1..=LONGEST as u32 {
            next <<= 1;
            let of_this = symbols[begin..].iter();
            let count = of_this
                .take_while(|&&s| u32::from(lengths[s as usize]) == length)
                .count();
            if next + count as u64 > 1 << length {
                return None;
            }
            of_length[length as usize] = (next as u32, count as u32, begin as u32);
            if length <= GLANCE {
                let span = 1 << (GLANCE - length);
                for (code, &symbol) in (next as usize..).zip(&symbols[begin..begin + count]) {
                    glance[code * span..(code + 1) * span].fill(symbol << 8 | length);
                }
            }
            next += count as u64;
            begin += count;
        }
        // Longer codes would be left over.
        (begin == symbols.len()).then_some(Self {
            lengths,
            symbols,
            of_length,
            glance,
        })
    }

    /// Takes a code for `n` symbols, written by [`Code::store`], from the front of `bytes`.
    pub fn load(bytes: &mut &[u8], n: usize) -> Option<Self> {
        Self::with_lengths(take(bytes, n)?.to_vec())
    }

    /// One byte for each symbol.
    pub fn store(&self, out: &mut Vec<u8>) {
        out.extend(&self.lengths);
    }

    /// Writes `symbol`, which must occur.
    pub fn write(&self, out: &mut BitWriter, symbol: usize) {
        let length = self.lengths[symbol];
        let (first, count, begin) = self.of_length[usize::from(length)];
        let among = &self.symbols[begin as usize..(begin + count) as usize];
        let place = among
            .binary_search(&(symbol as u32))
            .expect("the symbol occurs");
        out.push(first + place as u32, u32::from(length));
    }

    /// Reads a symbol; 0, and nothing taken, where no code begins like this.
    pub fn read(&self, from: &mut BitReader) -> usize {
        let bits = from.peek();
        let glance = self.glance[(bits >> (32 - GLANCE)) as usize];
        if glance > 0 {
            from.at += (glance & 0xff) as usize;
            return (glance >> 8) as usize;
        }
        for length in GLANCE + 1..=LONGEST as u32 {
            let (first, count, begin) = self.of_length[length as usize];
            let place = (bits >> (32 - length)).wrapping_sub(first);
            if place < count {
                from.at += length as usize;
                return self.symbols[(begin + place) as usize] as usize;
            }
        }
        0
    }
}

/// A code for numbers: how many bits a number has, then these bits without the highest, which is always 1.
#[derive(Debug, Clone)]
pub(crate) struct NumberCode(Code);

/// A number has 0 to 32 bits.
const SIZES: usize = 33;

impl NumberCode {
    /// The best code for `numbers`.
    pub fn for_numbers(numbers: impl Iterator<Item = u32>) -> Self {
        let mut counts = [0; SIZES];
        numbers.for_each(|number| counts[size(number) as usize] += 1);
        Self(Code::for_counts(&counts))
    }

    /// As [`Code::load`].
    pub fn load(bytes: &mut &[u8]) -> Option<Self> {
        Code::load(bytes, SIZES).map(Self)
    }

    /// As [`Code::store`].
    pub fn store(&self, out: &mut Vec<u8>) {
        self.0.store(out);
    }

    /// Writes `number`, whose size must occur.
    pub fn write(&self, out: &mut BitWriter, number: u32) {
        let size = size(number);
        self.0.write(out, size as usize);
        out.push(number, size.saturating_sub(1));
    }

    /// Reads a number.
    pub fn read(&self, from: &mut BitReader) -> u32 {
        match self.0.read(from) as u32 {
            0 => 0,
            size => 1 << (size - 1) | from.take(size - 1),
        }
    }
}

fn size(number: u32) -> u32 {
    u32::BITS - number.leading_zeros()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_come_back_and_frequent_sizes_are_short() {
        let numbers: Vec<u32> = (0..32)
            .flat_map(|bits| vec![u32::MAX >> bits; 1 << (bits / 2)])
            .chain([0, 1, 6])
            .collect();
        let code = NumberCode::for_numbers(numbers.iter().copied());
        let mut stored = Vec::new();
        code.store(&mut stored);
        let code = NumberCode::load(&mut &stored[..]).unwrap();
        let mut out = BitWriter::default();
        numbers
            .iter()
            .for_each(|&number| code.write(&mut out, number));
        let bits = out.len();
        let packed = out.finish().into();
        let mut from = BitReader::new(&packed, 0);
        for &number in &numbers {
            assert_eq!(code.read(&mut from), number);
        }
        assert_eq!(from.at, bits);
        assert!(bits < numbers.len() * 7, "{bits}");
    }

    #[test]
    fn rare_symbols_have_long_codes_and_come_back() {
        // Fibonacci's numbers give the longest codes that there can be.
        let mut counts = vec![1, 1];
        for i in 2..30 {
            counts.push(counts[i - 1] + counts[i - 2]);
        }
        let code = Code::for_counts(&counts);
        assert_eq!(code.lengths.iter().max(), Some(&29));
        let mut out = BitWriter::default();
        (0..30).for_each(|symbol| code.write(&mut out, symbol));
        let packed = out.finish().into();
        let mut from = BitReader::new(&packed, 0);
        assert!((0..30).all(|symbol| code.read(&mut from) == symbol));
        // A single symbol has a code of one bit; no symbol at all is read as 0, forever.
        assert_eq!(Code::for_counts(&[0, 5]).lengths, [0, 1]);
        assert_eq!(Code::for_counts(&[0, 0]).read(&mut from), 0);
        // Three codes of one bit cannot be.
        assert!(Code::load(&mut &[1, 1, 1][..], 3).is_none());
        assert!(Code::load(&mut &[33][..], 1).is_none());
    }
}
