//! SPICE (Anderson et al., ECCV 2016): captions as scene graphs -> F1 of their tuples.
//!
//! A parser finds tuples in each caption; everything after that is here, equal to SPICE 1.0: the tuples of the candidate
//! are merged into one [`Graph`], those of all its references into another, and [`ItemScore`] compares the two.

mod cache;
mod concept;
mod exact;
mod graph;
mod jars;
mod java;
mod order;
mod score;
mod subset;
mod tuple;

#[cfg(test)]
mod tests;

pub use concept::Concept;
pub use exact::SpiceStep;
pub use graph::Graph;
pub use jars::SpiceJars;
pub use score::{Counts, ItemScore, SpiceScores};
pub use subset::Subset;
pub use tuple::Tuple;

use crate::Items;
use crate::wordnet::WordNet;

/// The scores of `items`, whose captions `parse` turns into raw tuples (in the parser's order).
///
/// This is SPICE if `parse` is SPICE's own parser; with another it needs another name.
pub fn spice(
    items: &Items,
    parse: impl Fn(&str) -> Vec<Tuple> + Sync,
    wordnet: &WordNet,
) -> SpiceScores {
    use rayon::prelude::*;
    let pairs: Vec<(&str, &[String])> = items.iter().collect();
    let score = |&(candidate, references): &(&str, &[String])| {
        let references: Vec<_> = references.iter().map(|caption| parse(caption)).collect();
        let merged = |captions: &[Vec<Tuple>]| {
            Graph::of(captions.iter().map(Vec::as_slice), wordnet).tuples()
        };
        ItemScore::new(&merged(&[parse(candidate)]), &merged(&references))
    };
    SpiceScores::new(pairs.par_iter().map(score).collect())
}
