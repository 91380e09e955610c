//! METEOR's paraphrases in the words of some captions: phrase -> the phrases that can stand for it, in plain text.
//!
//! The table has millions of pairs, most of words that captions never have. Those that are left fit in memory, and are
//! told both ways: the table has few pairs in both directions. Pairs that differ in function words alone ("a dog", "the
//! dog") are left out.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::paraphrases::Paraphrases;
use crate::Result;
use crate::tables::{Section, Tables};

/// Phrases of one to seven words that can stand for each other.
#[derive(Debug, Clone, Default)]
pub struct Phrasebook {
    others: HashMap<String, BTreeSet<String>>,
    longest: usize,
}

impl Phrasebook {
    /// The pairs of `tables` of which both sides have words of `vocabulary` (lower case) alone.
    ///
    /// # Errors
    /// Where the tables make no sense.
    pub fn of<'a>(tables: &Tables, vocabulary: impl Iterator<Item = &'a str>) -> Result<Self> {
        let function_words = tables.text(Section::FunctionWords)?;
        let function_words = function_words.lines().map(str::trim).collect();
        let table = Paraphrases::new(tables)?;
        Ok(Self::among(&table, vocabulary, &function_words))
    }

    pub(super) fn among<'a>(
        table: &Paraphrases,
        vocabulary: impl Iterator<Item = &'a str>,
        function_words: &HashSet<&str>,
    ) -> Self {
        let words: HashMap<u16, &str> = vocabulary
            .map(|word| (table.word(word), word))
            .filter(|(number, _)| *number != 0)
            .collect();
        let known: HashMap<u32, _> = table
            .phrases()
            .filter_map(|(found, numbers)| {
                let text: Option<Vec<&str>> = numbers.map(|n| words.get(&n).copied()).collect();
                Some((found.id, (found, text?.join(" "))))
            })
            .collect();
        let says_other = |a: &str, b: &str| {
            let mut words = a.split(' ').filter(|word| !function_words.contains(word));
            words.any(|word| !b.split(' ').any(|other| other == word))
        };
        let mut book = Self::default();
        for (found, left) in known.values() {
            for (_, right) in table.right_sides(found).filter_map(|id| known.get(&id)) {
                if says_other(left, right) || says_other(right, left) {
                    book.add(left, right);
                    book.add(right, left);
                }
            }
        }
        book
    }

    fn add(&mut self, phrase: &str, other: &str) {
        self.longest = self.longest.max(phrase.split(' ').count());
        let others = self.others.entry(phrase.to_owned()).or_default();
        others.insert(other.to_owned());
    }

    /// What can stand for `phrase` (lower-case words, single spaces), in the order of the alphabet.
    pub fn others<'a>(&'a self, phrase: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let others = self.others.get(phrase);
        others.into_iter().flatten().map(String::as_str)
    }

    /// The words of the longest phrase.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// How many phrases have others.
    pub fn len(&self) -> usize {
        self.others.len()
    }

    /// Whether no phrase has another.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }
}
