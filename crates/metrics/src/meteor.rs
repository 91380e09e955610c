//! METEOR 1.5 for English, equal to the original as pycocoevalcap and aac-metrics call it (`-l en -norm`).
//!
//! Candidate and reference are normalised, words are matched exactly, by stem, by synset and by paraphrase, an alignment
//! of these matches is searched, and what it matches is weighed ([`Statistics::score`]). The score of an item is that of
//! its best reference; the score of the corpus is that of the summed statistics of these.
//!
//! Sources: Denkowski and Lavie, "Meteor 1.3" (WMT 2011) and "Meteor Universal" (WMT 2014).
//!
//! The tables that it needs are one file, made by `wsac metrics prepare`.

mod align;
mod lexicon;
mod matches;
mod normalise;
pub(crate) mod paraphrases;
mod phrasebook;
mod resources;
mod span;
mod statistics;

use std::path::Path;

use rayon::prelude::*;

pub use phrasebook::Phrasebook;
pub use span::Matcher;
pub use statistics::{Sides, Statistics};

use crate::tables::{Section, Tables};
use crate::wordnet::WordNet;
use crate::{Error, Items, Result, Scores};
use lexicon::{Lexicon, Sentence};
use matches::Matches;
use normalise::Prefixes;
use resources::Resources;

/// The most pairs of words (of the candidate times of the reference) that are aligned: time and memory grow with it.
const MOST_PAIRS: usize = 20_000_000;

/// METEOR with its tables.
#[derive(Debug, Clone)]
pub struct Meteor {
    resources: Resources,
    prefixes: Prefixes,
}

impl Meteor {
    /// Opens the file of tables at `path`.
    ///
    /// # Errors
    /// Where it cannot be read, is no such file, or is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(&Tables::open(path)?)
    }

    /// METEOR with tables that are open already.
    ///
    /// # Errors
    /// Where they make no sense.
    pub fn new(tables: &Tables) -> Result<Self> {
        Ok(Self {
            resources: Resources::new(tables)?,
            prefixes: Prefixes::parse(&tables.text(Section::Prefixes)?),
        })
    }

    /// The WordNet part of the tables.
    pub fn wordnet(&self) -> &WordNet {
        &self.resources.wordnet
    }

    /// The score of every item, 0..=1, and that of the corpus. Captions are already tokenised (PTB), as the originals do.
    ///
    /// An empty candidate or reference scores 0. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// Where a candidate and a reference are so long that their alignment would take unreasonable time (more than
    /// 20,000,000 pairs of words, e.g. 1,000,000 words against 21).
    pub fn score(&self, items: &Items) -> Result<Scores> {
        let statistics = self.best_statistics(items)?;
        let rows = statistics
            .iter()
            .flat_map(|item| item.in_corpus().numbers());
        let score = |row: &[f64]| {
            let mut numbers = [0; 23];
            numbers
                .iter_mut()
                .zip(row)
                .for_each(|(number, &x)| *number = x as u64);
            Statistics::from_numbers(&numbers).score()
        };
        Ok(Scores::pooled(
            statistics.iter().map(Statistics::score).collect(),
            rows.map(|number| number as f64).collect(),
            23,
            score,
        ))
    }

    /// The statistics of every item with its best reference, the first of equals.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    pub fn best_statistics(&self, items: &Items) -> Result<Vec<Statistics>> {
        let words: Vec<Item> = (items.candidates().par_iter().zip(items.references()))
            .map(|(candidate, references)| Item {
                candidate: self.prefixes.words(&as_candidate(candidate)),
                references: references
                    .iter()
                    .map(|reference| self.prefixes.words(reference))
                    .collect(),
            })
            .collect();
        for (number, item) in words.iter().enumerate() {
            item.check_length(number)?;
        }
        let lexicon = Lexicon::of(words.iter().flat_map(Item::captions), &self.resources);
        Ok(words
            .par_iter()
            .map(|item| self.best(item, &lexicon))
            .collect())
    }

    /// The statistics of one candidate and one reference.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    pub fn statistics(&self, candidate: &str, reference: &str) -> Result<Statistics> {
        let items = Items::new(vec![candidate.into()], vec![vec![reference.into()]])?;
        Ok(self.best_statistics(&items)?.swap_remove(0))
    }

    fn best(&self, item: &Item, lexicon: &Lexicon) -> Statistics {
        let candidate = lexicon.sentence(&item.candidate, &self.resources);
        let count = |reference: &Vec<String>| {
            self.count(
                &candidate,
                &lexicon.sentence(reference, &self.resources),
                lexicon,
            )
        };
        let mut best = (f64::NEG_INFINITY, Statistics::default());
        for statistics in item.references.iter().map(count) {
            let score = statistics.score();
            if score > best.0 {
                best = (score, statistics);
            }
        }
        best.1
    }

    fn count(&self, candidate: &Sentence, reference: &Sentence, lexicon: &Lexicon) -> Statistics {
        let matches = Matches::list(candidate, reference, lexicon, &self.resources.paraphrases);
        Statistics::count(candidate, reference, lexicon, &align::align(&matches))
    }
}

/// The words of an item.
struct Item {
    candidate: Vec<String>,
    references: Vec<Vec<String>>,
}

impl Item {
    fn captions(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.candidate).chain(&self.references)
    }

    fn check_length(&self, number: usize) -> Result<()> {
        let candidate = self.candidate.len();
        let longest = self
            .references
            .iter()
            .map(Vec::len)
            .max()
            .unwrap_or_default();
        if candidate.saturating_mul(longest) > MOST_PAIRS {
            return Err(Error::Items(format!(
                "item {number} (counted from 0): a candidate of {candidate} words and a reference of {longest} are too \
                 long to be aligned by METEOR; cut them or leave the item out"
            )));
        }
        Ok(())
    }
}

/// What the Python side does to a candidate, and not to a reference.
fn as_candidate(caption: &str) -> String {
    caption.replace("|||", "").replace("  ", " ")
}

#[cfg(test)]
mod tests;
