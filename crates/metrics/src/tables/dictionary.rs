//! A sorted dictionary: words (bytes) -> rank and value (bytes), front-coded, looked up where it lies.
//!
//! Words stand in blocks of [`BLOCK`]: a count, the offset of every block, then the entries. An entry is the number of
//! bytes shared with the word before (0 at the start of a block), the bytes that follow, and the value, both behind
//! their lengths.

use std::cmp::Ordering;

use super::bytes::{Bytes, read_varint, take, write_varint};

const BLOCK: usize = 16;

/// Words in ascending order of their bytes, each with a value.
#[derive(Debug, Clone)]
pub(crate) struct Dictionary {
    bytes: Bytes,
    words: usize,
    blocks: usize,
}

impl Dictionary {
    /// The dictionary in `bytes`; `None` where these cannot be one.
    pub fn parse(bytes: Bytes) -> Option<Self> {
        let words = bytes.u32(0)? as usize;
        let blocks = words.div_ceil(BLOCK);
        (bytes.len() >= 4 + 4 * blocks).then_some(Self {
            bytes,
            words,
            blocks,
        })
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words
    }

    /// Packs `entries`, ascending by word and each word once.
    pub fn pack<'a>(entries: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
        let words = entries.len();
        let mut head = (words as u32).to_le_bytes().to_vec();
        let mut body = Vec::new();
        let mut before: &[u8] = &[];
        for (rank, (word, value)) in entries.enumerate() {
            assert!(rank == 0 || before < word, "words ascend");
            if rank % BLOCK == 0 {
                head.extend((body.len() as u32).to_le_bytes());
                before = &[];
            }
            let shared = before.iter().zip(word).take_while(|(a, b)| a == b).count();
            write_varint(&mut body, shared);
            for bytes in [&word[shared..], value] {
                write_varint(&mut body, bytes.len());
                body.extend(bytes);
            }
            before = word;
        }
        head.extend(body);
        head
    }

    /// The entries from the start of `block` to the end of the dictionary.
    fn entries(&self, block: usize) -> Option<&[u8]> {
        let offset = self.bytes.u32(4 + 4 * block)? as usize;
        self.bytes.get((4 + 4 * self.blocks).checked_add(offset)?..)
    }

    /// The first word of `block`.
    fn head(&self, block: usize) -> Option<&[u8]> {
        let entries = &mut self.entries(block)?;
        let _shared = read_varint(entries)?;
        let length = read_varint(entries)?;
        take(entries, length)
    }

    /// The rank of `word` among all, and its value.
    pub fn find(&self, word: &[u8]) -> Option<(usize, &[u8])> {
        // The last block whose first word is not after `word`.
        let (mut low, mut high) = (0, self.blocks);
        while low < high {
            let middle = (low + high) / 2;
            if self.head(middle)? <= word {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let block = low.checked_sub(1)?;
        let entries = &mut self.entries(block)?;
        // How many bytes of `word` the entry before has; every entry so far is less than `word`.
        let mut common = 0;
        for rank in block * BLOCK..self.words.min((block + 1) * BLOCK) {
            let shared = read_varint(entries)?;
            let length = read_varint(entries)?;
            let rest = take(entries, length)?;
            let length = read_varint(entries)?;
            let value = take(entries, length)?;
            match shared.cmp(&common) {
                // Equal to the entry before for longer than `word` is: less than `word`, too.
                Ordering::Greater => {}
                // Parts from the entry before where that still agreed with `word`: greater.
                Ordering::Less => return None,
                Ordering::Equal => {
                    let wanted = &word[common..];
                    let agreed = rest.iter().zip(wanted).take_while(|(a, b)| a == b).count();
                    common += agreed;
                    match rest[agreed..].cmp(&wanted[agreed..]) {
                        Ordering::Less => {}
                        Ordering::Equal => return Some((rank, value)),
                        Ordering::Greater => return None,
                    }
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// 1,000 words with shared beginnings, some inside others.
    fn words() -> Vec<Vec<u8>> {
        let mut words: Vec<_> = (0..1000_u32)
            .map(|i| format!("{:b}", i * i).into_bytes())
            .collect();
        words.push(vec![b'1'; 300]);
        words.sort();
        words.dedup();
        words
    }

    fn packed(words: &[Vec<u8>]) -> Vec<u8> {
        Dictionary::pack(
            words
                .iter()
                .map(|word| (&word[..], &word[word.len() / 2..])),
        )
    }

    #[test]
    fn every_word_is_found_with_its_rank_and_value_and_no_other_word_is() {
        let words = words();
        let dictionary = Dictionary::parse(packed(&words).into()).unwrap();
        for (rank, word) in words.iter().enumerate() {
            assert_eq!(dictionary.find(word), Some((rank, &word[word.len() / 2..])));
            for other in [&[&word[..], b"0"].concat(), &word[..word.len() - 1]] {
                let known = words.binary_search_by(|w| w[..].cmp(other)).ok();
                assert_eq!(dictionary.find(other).map(|found| found.0), known);
            }
        }
        for other in ["", "2", "0x"] {
            assert_eq!(dictionary.find(other.as_bytes()), None);
        }
        let none = Dictionary::parse(packed(&[]).into()).unwrap();
        assert_eq!(none.find(b"1"), None);
    }

    #[test]
    fn damaged_bytes_find_something_or_nothing() {
        let words = words();
        let whole = packed(&words);
        for at in (0..whole.len()).step_by(7) {
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            for damaged in [flipped, whole[..at].to_vec()] {
                if let Some(dictionary) = Dictionary::parse(damaged.into()) {
                    for word in words.iter().step_by(37) {
                        let _ = dictionary.find(word);
                    }
                }
            }
        }
    }
}
