//! Training examples, and which captions an epoch uses.

use super::lists::RaggedLists;
use wsac_encoders::embedding::Embeddings;
use wsac_nn::rng::Stream;

/// Training examples: captions as tokens, and the embeddings that condition them.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// Row `i` is caption `i`'s own embedding; the rows of clauses follow.
    pub embeddings: Embeddings,
    /// The target tokens of each caption.
    pub tokens: Vec<Vec<u32>>,
    /// For captions of several clauses, the rows of these in order; empty for the others.
    pub clauses: Vec<Vec<usize>>,
    /// The tokens that may join two captions into one ("while", "as", "and"); empty if joining is off.
    pub joins: Vec<u32>,
    /// For each of [`TrainConfig::replace`], the rows that may replace each caption's own.
    pub related: Vec<RaggedLists>,
    /// The prompts of each caption.
    pub prompts: Prompts,
    /// The share of its corpus that an epoch uses, for each caption; empty if it uses all captions once.
    pub shares: Vec<f64>,
}

/// The possible pieces of captions' prompts.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    /// Pieces as tokens.
    pub pieces: Vec<Vec<u32>>,
    /// The pieces that each caption's prompt is drawn from, the most probable first.
    pub lists: RaggedLists,
}

/// The longest caption, in tokens, that is joined to another.
const SHORT: usize = 12;

/// The captions, by their tokens and clauses, that may be joined to another: short ones of one clause.
pub(super) fn short<T>(tokens: &[Vec<u32>], clauses: &[Vec<T>]) -> Vec<usize> {
    let captions = 0..tokens.len();
    captions
        .filter(|&i| clauses[i].is_empty() && tokens[i].len() <= SHORT)
        .collect()
}

/// The number of tokens of the longest of `short` joined to itself: two of the four end tokens go, and one word is added.
pub(super) fn longest_joined(short: &[usize], tokens: &[Vec<u32>]) -> usize {
    let longest = short.iter().map(|&i| tokens[i].len()).max();
    longest.map_or(0, |longest| 2 * longest - 1)
}

/// How many captions an epoch uses: all `n`, or the corpora's shares of them.
pub(super) fn drawn(shares: &[f64], n: usize) -> usize {
    match shares.is_empty() {
        true => n,
        false => corpora(shares).iter().map(|(_, n)| n).sum(),
    }
}

/// Captions of equal share, in the order of their first, and how many of them an epoch uses.
fn corpora(shares: &[f64]) -> Vec<(Vec<usize>, usize)> {
    let mut corpora: Vec<(f64, Vec<usize>)> = Vec::new();
    for (i, &share) in shares.iter().enumerate() {
        match corpora.iter_mut().find(|(other, _)| *other == share) {
            Some((_, captions)) => captions.push(i),
            None => corpora.push((share, vec![i])),
        }
    }
    let counted = corpora.into_iter().map(|(share, captions)| {
        let n = (share * captions.len() as f64).round() as usize;
        (captions, n)
    });
    counted.collect()
}

impl Examples {
    /// How many captions an epoch uses.
    pub(super) fn drawn(&self) -> usize {
        drawn(&self.shares, self.tokens.len())
    }

    /// The captions of an epoch in random order. Of a corpus with a share below 1, others are drawn each time; one with a
    /// share above 1 is repeated.
    pub(super) fn order(&self, stream: impl Fn(&str) -> Stream) -> Vec<usize> {
        if self.shares.is_empty() {
            return stream("").shuffle(self.tokens.len());
        }
        let mut drawn = Vec::new();
        for (c, (captions, n)) in corpora(&self.shares).iter().enumerate() {
            let order = stream(&format!("/corpus{c}")).shuffle(captions.len());
            drawn.extend(order.iter().cycle().take(*n).map(|&i| captions[i]));
        }
        let order = stream("").shuffle(drawn.len());
        order.into_iter().map(|i| drawn[i]).collect()
    }
}
