//! SPICE by the user's jars: items -> scores, with one Java process for the captions that no earlier run has seen.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;

use super::cache::{Cache, Item};
use super::java::Synonyms;
use super::{Graph, ItemScore, SpiceJars, SpiceScores, Tuple, order};
use crate::wordnet::WordNet;
use crate::{Items, Result};

/// What is being done, told before it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpiceStep {
    /// Java parses the captions that the cache does not have: about 15 a second and thread, after some 10 seconds.
    Parsing {
        /// How many captions are parsed.
        captions: usize,
        /// How many distinct ones there are.
        of: usize,
    },
    /// Java scores whole items whose synonyms can be merged in more than one way.
    Scoring {
        /// How many items are scored so.
        items: usize,
    },
}

impl SpiceJars {
    /// SPICE of `items`.
    ///
    /// The jars parse each distinct caption once, all in one process, with synonyms apart; merging and comparing are done
    /// here. The jars do not tell the order of the tuples in a caption; the few items where it could matter (a caption
    /// with two words that a third is similar to) are scored whole, in a second process. What the jars found is kept in
    /// `cache` (a folder), in a file for these jars; captions in it are not parsed again, and no Java starts if all are.
    ///
    /// # Errors
    /// Where Java fails or the cache cannot be read or written.
    pub fn scores(
        &self,
        items: &Items,
        wordnet: &WordNet,
        cache: Option<&Path>,
        progress: &mut dyn FnMut(SpiceStep),
    ) -> Result<SpiceScores> {
        let mut known = Cache::open(cache, self.fingerprint())?;
        let items: Vec<Item> = (items.iter())
            .map(|(own, references)| (own.to_owned(), references.to_vec()))
            .collect();
        self.parse_new(&items, &mut known, progress)?;
        let scores: Vec<Option<ItemScore>> = (items.par_iter())
            .map(|item| score(item, &known, wordnet))
            .collect();
        let unsure = items
            .iter()
            .zip(&scores)
            .filter(|(_, score)| score.is_none());
        self.score_new(unsure.map(|(item, _)| item), &mut known, progress)?;
        let scores = (items.iter().zip(scores))
            .map(|(item, score)| score.unwrap_or_else(|| known.items[item].clone()));
        Ok(SpiceScores::new(scores.collect()))
    }

    /// Adds the captions of `items` that are not known.
    fn parse_new(
        &self,
        items: &[Item],
        known: &mut Cache,
        progress: &mut dyn FnMut(SpiceStep),
    ) -> Result<()> {
        let captions: BTreeSet<&String> = (items.iter())
            .flat_map(|(own, references)| references.iter().chain([own]))
            .collect();
        let of = captions.len();
        let new: Vec<&String> = (captions.into_iter())
            .filter(|&caption| !known.captions.contains_key(caption))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let captions = new.len();
        progress(SpiceStep::Parsing { captions, of });
        let tuples = self.parse(&new)?;
        known.captions.extend(new.into_iter().cloned().zip(tuples));
        known.save()
    }

    /// Adds those of `items` that are not known, as the jars score them.
    fn score_new<'a>(
        &self,
        items: impl Iterator<Item = &'a Item>,
        known: &mut Cache,
        progress: &mut dyn FnMut(SpiceStep),
    ) -> Result<()> {
        let new = items
            .filter(|&item| !known.items.contains_key(item))
            .cloned();
        let new: BTreeSet<Item> = new.collect();
        if new.is_empty() {
            return Ok(());
        }
        let new = Vec::from_iter(new);
        progress(SpiceStep::Scoring { items: new.len() });
        let scores = self.run(&new, Synonyms::Merged)?;
        known.items.extend(new.into_iter().zip(scores));
        known.save()
    }

    /// The tuples of each caption, synonyms apart. Two captions make an item, so that each is parsed once.
    fn parse(&self, captions: &[&String]) -> Result<Vec<Vec<Tuple>>> {
        let pairs: Vec<Item> = (captions.chunks(2))
            .map(|pair| (pair[0].clone(), vec![pair[pair.len() - 1].clone()]))
            .collect();
        let found = self.run(&pairs, Synonyms::Apart)?;
        let tuples = found.into_iter().flat_map(|found| {
            let candidate = found.candidate.into_iter().map(|(tuple, _)| tuple);
            [candidate.collect(), found.references]
        });
        Ok(tuples.take(captions.len()).collect())
    }
}

/// The score of an item whose captions are known. `None` where it depends on the order of the tuples in one of them.
fn score((own, references): &Item, known: &Cache, wordnet: &WordNet) -> Option<ItemScore> {
    let merged = |captions: &[String]| {
        let captions: Vec<&[Tuple]> = (captions.iter())
            .map(|caption| &known.captions[caption][..])
            .collect();
        if order::matters(&captions, wordnet) {
            return None;
        }
        Some(Graph::of(captions, wordnet).tuples())
    };
    Some(ItemScore::new(
        &merged(std::slice::from_ref(own))?,
        &merged(references)?,
    ))
}
