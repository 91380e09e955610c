//! Packing the paraphrase table: the text of `paraphrase-en` -> the sections that [`Paraphrases`](super::Paraphrases) reads.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::phrase::{MAX_WORDS, Phrase};
use super::{BLOCK, SHAPES, to_shape};
use crate::tables::bits::BitWriter;
use crate::tables::dictionary::Dictionary;
use crate::tables::huffman::{Code, NumberCode};
use crate::{Error, Result};

/// What the text is called in errors.
const NAME: &str = "paraphrase-en";

/// The vocabulary, the phrases and the lists of right sides, packed, of a table in METEOR's form: lines in threes
/// (probability, left phrase, right phrase), pairs ascending. Probabilities play no part in METEOR and are left out.
///
/// # Errors
/// Where the text has another form or order, or is larger than the packed form can be.
pub(crate) fn pack(text: &str) -> Result<[Vec<u8>; 3]> {
    let lines: Vec<&str> = text.lines().collect();
    let (triples, rest) = lines.as_chunks::<3>();
    if !rest.is_empty() {
        return Err(no_table("the number of its lines is not divisible by 3"));
    }
    let vocabulary = vocabulary(triples);
    if vocabulary.len() >= usize::from(u16::MAX) {
        return Err(no_table("it has more than 65,534 different words"));
    }
    let numbers: HashMap<&str, u16> = vocabulary.iter().copied().zip(1..).collect();
    let pairs = (triples.par_iter())
        .map(|[_, left, right]| Ok([phrase(left, &numbers)?, phrase(right, &numbers)?]))
        .collect::<Result<Vec<[Phrase; 2]>>>()?;
    if let Some(place) = pairs.windows(2).position(|two| two[0] >= two[1]) {
        let [_, left, right] = triples[place + 1];
        return Err(no_table(&format!(
            "its pairs do not ascend at {left:?}, {right:?}; their order would be lost"
        )));
    }
    let mut phrases: Vec<Phrase> = pairs.iter().flatten().copied().collect();
    phrases.par_sort_unstable();
    phrases.dedup();
    let words = vocabulary.iter().map(|word| (word.as_bytes(), &[][..]));
    let [phrases, lists] = pack_phrases(&entries(&phrases, &pairs), vocabulary.len())?;
    Ok([Dictionary::pack(words), phrases, lists])
}

fn no_table(why: &str) -> Error {
    Error::data(
        NAME,
        format!("{why}; is this METEOR 1.5's table of paraphrases?"),
    )
}

/// The words of all phrases, ascending.
fn vocabulary<'a>(triples: &[[&'a str; 3]]) -> Vec<&'a str> {
    let mut words = HashSet::new();
    for [_, left, right] in triples {
        words.extend(left.split(' ').chain(right.split(' ')));
    }
    let mut words: Vec<&str> = words.into_iter().collect();
    words.sort_unstable();
    words
}

fn phrase(text: &str, numbers: &HashMap<&str, u16>) -> Result<Phrase> {
    let mut phrase = Phrase::default();
    for (place, word) in text.split(' ').enumerate() {
        if word.is_empty() || place == MAX_WORDS {
            return Err(no_table(&format!(
                "the phrase {text:?} is not 1 to {MAX_WORDS} words with a space between"
            )));
        }
        phrase = phrase.with(place, numbers[word]);
    }
    Ok(phrase)
}

/// What is written of a phrase: how many words it shares with the phrase before, the words that follow, and the ids of
/// its right sides, each as the distance to the one before.
struct Entry {
    phrase: Phrase,
    shared: usize,
    steps: Vec<u32>,
}

impl Entry {
    /// The words that are not shared.
    fn follow(&self) -> impl Iterator<Item = usize> {
        self.phrase.words().skip(self.shared).map(usize::from)
    }

    fn shape(&self) -> usize {
        to_shape(self.shared, self.follow().count(), !self.steps.is_empty())
    }
}

/// The entries of `phrases`; `pairs` ascend.
fn entries(phrases: &[Phrase], pairs: &[[Phrase; 2]]) -> Vec<Entry> {
    let mut lists = pairs.chunk_by(|a, b| a[0] == b[0]).peekable();
    let entry = |(id, &phrase): (usize, &Phrase)| {
        let before = match id % BLOCK {
            0 => Phrase::default(),
            _ => phrases[id - 1],
        };
        let mut least = 0;
        let step = |[_, right]: &[Phrase; 2]| {
            let id = phrases
                .binary_search(right)
                .expect("a right side is a phrase") as u32;
            let step = id - least;
            least = id + 1;
            step
        };
        let list = lists
            .next_if(|list| list[0][0] == phrase)
            .unwrap_or_default();
        Entry {
            phrase,
            shared: phrase.shared(before),
            steps: list.iter().map(step).collect(),
        }
    };
    phrases.iter().enumerate().map(entry).collect()
}

/// The sections of the phrases and of their lists.
fn pack_phrases(entries: &[Entry], vocabulary: usize) -> Result<[Vec<u8>; 2]> {
    let (mut shape_counts, mut word_counts) = (vec![0; SHAPES], vec![0; vocabulary + 1]);
    for phrase in entries {
        shape_counts[phrase.shape()] += 1;
        phrase.follow().for_each(|word| word_counts[word] += 1);
    }
    let shapes = Code::for_counts(&shape_counts);
    let words = Code::for_counts(&word_counts);
    let steps = NumberCode::for_numbers(
        entries
            .iter()
            .flat_map(|phrase| phrase.steps.iter().copied()),
    );

    let mut lists = BitWriter::default();
    let list_ends: Vec<u32> = (entries.iter())
        .map(|phrase| {
            phrase
                .steps
                .iter()
                .for_each(|&step| steps.write(&mut lists, step));
            u32::try_from(lists.len())
                .map_err(|_| no_table("it has more pairs than the packed form can hold"))
        })
        .collect::<Result<_>>()?;
    let list_begin = |id: usize| id.checked_sub(1).map_or(0, |before| list_ends[before]);
    let list_size = |id: usize| list_ends[id] - list_begin(id);
    let left_sides = (0..entries.len()).filter(|&id| !entries[id].steps.is_empty());
    let list_sizes = NumberCode::for_numbers(left_sides.map(list_size));

    let mut packed = (entries.len() as u32).to_le_bytes().to_vec();
    shapes.store(&mut packed);
    words.store(&mut packed);
    list_sizes.store(&mut packed);
    steps.store(&mut packed);
    let mut bits = BitWriter::default();
    for (id, phrase) in entries.iter().enumerate() {
        if id % BLOCK == 0 {
            packed.extend((bits.len() as u32).to_le_bytes());
            packed.extend(list_begin(id).to_le_bytes());
        }
        shapes.write(&mut bits, phrase.shape());
        phrase
            .follow()
            .for_each(|word| words.write(&mut bits, word));
        if !phrase.steps.is_empty() {
            list_sizes.write(&mut bits, list_size(id));
        }
    }
    packed.extend(bits.finish());
    Ok([packed, lists.finish()])
}
