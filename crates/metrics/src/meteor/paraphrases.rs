//! The paraphrase table: phrase -> the phrases that can stand for it, looked up in its packed form.
//!
//! All phrases of the table, on either side of a pair, stand in one ascending list; a phrase's id is its place there.
//! They are front-coded in blocks of [`BLOCK`]: a symbol tells how many words are shared with the phrase before, how
//! many follow, and whether the phrase is a left side; then come the words that follow, and of a left side the number of
//! bits of its list of right sides. These lists, in the same order, are ascending ids, each as its distance to the one
//! before. So the order of the table's own file is kept, because that ascends, too; [`pack`] checks it.

mod pack;
mod phrase;

use super::span::Span;
use crate::Result;
use crate::tables::bits::BitReader;
use crate::tables::dictionary::Dictionary;
use crate::tables::huffman::{Code, NumberCode};
use crate::tables::{Bytes, Section, Tables};

pub(crate) use pack::pack;
use phrase::{MAX_WORDS, Phrase};

/// Phrases to a block.
const BLOCK: usize = 64;
/// Words shared (0..7), words that follow (1..=7), left side or not.
const SHAPES: usize = MAX_WORDS * MAX_WORDS * 2;

/// The paraphrase table.
#[derive(Debug, Clone)]
pub(super) struct Paraphrases {
    vocabulary: Dictionary,
    phrases: usize,
    shapes: Code,
    words: Code,
    list_sizes: NumberCode,
    steps: NumberCode,
    /// The first phrase of each block [blocks].
    heads: Vec<Phrase>,
    /// Of each block: the bit at which its phrases begin, and that at which the lists of its left sides begin [blocks].
    begins: Vec<(u32, u32)>,
    phrase_bits: Bytes,
    list_bits: Bytes,
}

/// A phrase of the table, found in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Its place among all phrases.
    pub id: u32,
    /// The words of the sentence that it covers: 1..=7.
    pub span: Span,
    /// The bits of its list of right sides: from, to; empty where it is no left side.
    list: (u32, u32),
}

impl Paraphrases {
    /// The paraphrase part of `tables`.
    ///
    /// # Errors
    /// Where it makes no sense.
    pub fn new(tables: &Tables) -> Result<Self> {
        Self::parse(
            tables.section(Section::Vocabulary),
            tables.section(Section::Phrases),
            tables.section(Section::PhraseLists),
        )
        .ok_or_else(|| tables.broken("the table of paraphrases"))
    }

    fn parse(vocabulary: Bytes, packed: Bytes, list_bits: Bytes) -> Option<Self> {
        let vocabulary = Dictionary::parse(vocabulary)?;
        let phrases = packed.u32(0)? as usize;
        let codes = &mut packed.get(4..)?;
        let shapes = Code::load(codes, SHAPES)?;
        let words = Code::load(codes, vocabulary.len() + 1)?;
        let list_sizes = NumberCode::load(codes)?;
        let steps = NumberCode::load(codes)?;
        let mut at = packed.len() - codes.len();
        let begin = |at| Some((packed.u32(at)?, packed.u32(at + 4)?));
        let mut begins = Vec::new();
        for _ in 0..phrases.div_ceil(BLOCK) {
            begins.push(begin(at)?);
            at += 8;
        }
        let mut table = Self {
            phrase_bits: packed.part(at, packed.len() - at)?,
            vocabulary,
            phrases,
            shapes,
            words,
            list_sizes,
            steps,
            heads: Vec::new(),
            begins,
            list_bits,
        };
        table.heads = (0..table.begins.len())
            .map(|block| table.block(block).next().map(|e| e.phrase))
            .collect::<Option<_>>()?;
        Some(table)
    }

    /// The number of a word, from 1; 0 where no phrase has it.
    pub fn word(&self, word: &str) -> u16 {
        let found = self.vocabulary.find(word.as_bytes());
        found.map_or(0, |(rank, _)| rank as u16 + 1)
    }

    /// The phrases that stand in `sentence` (the numbers of its words), by their start and then by length.
    pub fn find(&self, sentence: &[u16]) -> Vec<Found> {
        let mut found = Vec::new();
        for start in 0..sentence.len() {
            let ahead = &sentence[start..];
            let known = ahead
                .iter()
                .take(MAX_WORDS)
                .take_while(|&&word| word != 0)
                .count();
            self.find_beginnings(&ahead[..known], start as u32, &mut found);
        }
        found
    }

    /// The phrases that `words` (known ones, at most seven) begin with, shortest first.
    fn find_beginnings(&self, words: &[u16], start: u32, found: &mut Vec<Found>) {
        let mut wanted = Phrase::default();
        // The entries of one block, read until `wanted` is reached; the next, longer, one may stand in the same block.
        let mut entries: Option<Entries> = None;
        let mut entry: Option<Entry> = None;
        for (count, &word) in (1..).zip(words) {
            wanted = wanted.with(count - 1, word);
            let Some(block) = self
                .heads
                .partition_point(|head| *head <= wanted)
                .checked_sub(1)
            else {
                // No phrase is this small; longer ones are greater.
                continue;
            };
            let entries = match entries.as_mut() {
                Some(entries) if entries.block == block => entries,
                _ => {
                    entry = None;
                    entries.insert(self.block(block))
                }
            };
            while entry.as_ref().is_none_or(|entry| entry.phrase < wanted) {
                entry = entries.next();
                if entry.is_none() {
                    break;
                }
            }
            let at_least = entry.as_ref().map(|entry| entry.phrase);
            match &entry {
                Some(entry) if entry.phrase == wanted => found.push(Found {
                    id: entry.id,
                    span: Span {
                        start,
                        words: count as u32,
                    },
                    list: entry.list,
                }),
                _ => {
                    // No phrase begins with `wanted` if the first that is not smaller does not.
                    let next = at_least.or_else(|| self.heads.get(block + 1).copied());
                    if next.is_none_or(|next| next.first(count) != wanted) {
                        return;
                    }
                }
            }
        }
    }

    /// The right sides of `found`, in the order of the table: ids.
    pub fn right_sides(&self, found: &Found) -> impl Iterator<Item = u32> {
        let mut from = BitReader::new(&self.list_bits, found.list.0 as usize);
        let end = (found.list.1 as usize).min(8 * self.list_bits.len());
        let mut least = 0_u32;
        std::iter::from_fn(move || {
            let at = from.at;
            if at >= end {
                return None;
            }
            let id = least.saturating_add(self.steps.read(&mut from));
            least = id.saturating_add(1);
            (from.at > at).then_some(id)
        })
    }

    /// All phrases in their order, each with its words, as if it had been found at the start of a sentence.
    pub fn phrases(&self) -> impl Iterator<Item = (Found, impl Iterator<Item = u16>)> {
        let entries = (0..self.begins.len()).flat_map(|block| self.block(block));
        entries.map(|entry| {
            let span = Span {
                start: 0,
                words: entry.phrase.words().count() as u32,
            };
            let found = Found {
                id: entry.id,
                span,
                list: entry.list,
            };
            (found, entry.phrase.words())
        })
    }

    fn block(&self, block: usize) -> Entries<'_> {
        let (phrases, lists) = self.begins[block];
        Entries {
            table: self,
            block,
            id: block * BLOCK,
            phrase: Phrase::default(),
            from: BitReader::new(&self.phrase_bits, phrases as usize),
            lists,
        }
    }
}

/// A phrase of the table.
struct Entry {
    id: u32,
    phrase: Phrase,
    /// As in [`Found`].
    list: (u32, u32),
}

/// The phrases of one block.
struct Entries<'a> {
    table: &'a Paraphrases,
    block: usize,
    id: usize,
    phrase: Phrase,
    from: BitReader<'a>,
    lists: u32,
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.id == self.table.phrases.min((self.block + 1) * BLOCK) {
            return None;
        }
        let (shared, follow, left) = from_shape(self.table.shapes.read(&mut self.from));
        // A shape of more words than there can be, in a damaged file, is cut.
        let end = (shared + follow).min(MAX_WORDS);
        self.phrase = self.phrase.first(shared);
        for at in shared..end {
            let word = self.table.words.read(&mut self.from) as u16;
            self.phrase = self.phrase.with(at, word);
        }
        let begin = self.lists;
        if left {
            let size = self.table.list_sizes.read(&mut self.from);
            self.lists = self.lists.saturating_add(size);
        }
        let entry = Entry {
            id: self.id as u32,
            phrase: self.phrase,
            list: (begin, self.lists),
        };
        self.id += 1;
        Some(entry)
    }
}

/// The symbol of a phrase that shares `shared` words with the one before, and has `follow` others.
fn to_shape(shared: usize, follow: usize, left: bool) -> usize {
    (shared * MAX_WORDS + follow - 1) * 2 + usize::from(left)
}

fn from_shape(shape: usize) -> (usize, usize, bool) {
    let words = shape / 2;
    (words / MAX_WORDS, words % MAX_WORDS + 1, shape % 2 == 1)
}

#[cfg(test)]
mod tests;
