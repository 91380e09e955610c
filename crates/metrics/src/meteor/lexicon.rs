//! The words of some captions, each looked up once: word -> hashes of word and stem, synsets, function word or not.

use std::collections::HashMap;

use rayon::prelude::*;
use rust_stemmers::{Algorithm, Stemmer};

use super::paraphrases::Found;
use super::resources::Resources;

/// Words longer than this (in bytes) are their own stem: the stemmer's time grows with the square of the length.
const LONGEST_STEMMED: usize = 10_000;

/// What METEOR knows of one word.
#[derive(Debug)]
pub(super) struct Word {
    /// Its Java hash: to METEOR, words with equal hashes are equal ("can." and "call" are).
    pub hash: i32,
    /// The Java hash of its stem.
    pub stem: i32,
    /// Its synsets, ascending.
    pub synsets: Vec<u32>,
    /// Whether it is a function word.
    pub function: bool,
    /// Its number in the paraphrase table; 0 where that does not have it.
    pub in_phrases: u16,
}

/// Words, numbered from 0.
#[derive(Debug)]
pub(super) struct Lexicon {
    numbers: HashMap<String, u32>,
    words: Vec<Word>,
}

/// A caption: the numbers of its words, and the phrases in it that the paraphrase table has.
#[derive(Debug)]
pub(super) struct Sentence {
    pub words: Vec<u32>,
    /// By start, then by length.
    pub phrases: Vec<Found>,
}

impl Lexicon {
    /// All words of `captions`.
    pub fn of<'a>(captions: impl Iterator<Item = &'a Vec<String>>, resources: &Resources) -> Self {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut texts: Vec<&str> = Vec::new();
        for word in captions.flatten() {
            if !numbers.contains_key(word) {
                numbers.insert(word.clone(), texts.len() as u32);
                texts.push(word);
            }
        }
        let stemmer = Stemmer::create(Algorithm::English);
        let words = (texts.par_iter())
            .map(|&text| Word {
                hash: java_hash(text),
                stem: match text.len() {
                    0..=LONGEST_STEMMED => java_hash(&stemmer.stem(text)),
                    _ => java_hash(text),
                },
                synsets: resources.wordnet.synsets(text),
                function: resources.function_words.contains(text),
                in_phrases: resources.paraphrases.word(text),
            })
            .collect();
        Self { numbers, words }
    }

    /// What is known of the word with this number.
    pub fn word(&self, number: u32) -> &Word {
        &self.words[number as usize]
    }

    /// The sentence of `words`, all of which the lexicon has.
    pub fn sentence(&self, words: &[String], resources: &Resources) -> Sentence {
        let words: Vec<u32> = words.iter().map(|word| self.numbers[word]).collect();
        let in_phrases: Vec<u16> = words.iter().map(|&w| self.word(w).in_phrases).collect();
        let phrases = resources.paraphrases.find(&in_phrases);
        Sentence { words, phrases }
    }
}

/// `String.hashCode` of Java: the sum of c_i 31^(n-1-i) over the n UTF-16 units, modulo 2^32.
fn java_hash(text: &str) -> i32 {
    let add = |hash: i32, unit: u16| hash.wrapping_mul(31).wrapping_add(unit.into());
    text.encode_utf16().fold(0, add)
}
