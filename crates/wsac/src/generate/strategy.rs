//! What all searches have in common: a strategy grows hypotheses a token at a time.

use super::rules::Rules;
use crate::decoder::KvCache;

/// When a beam search has found enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// When no live caption can beat the finished ones at its present length (Hugging Face's default).
    Heuristic,
    /// As soon as `width` captions are finished.
    Early,
    /// When none can beat them even at full length.
    Never,
}

/// A caption as tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Its tokens; the last is the end token where the caption came to its end.
    pub tokens: Vec<u32>,
    /// The sum of its tokens' log-probabilities (nats) under the decoder, rules aside.
    pub logprob: f64,
    /// What the search ranked it by (beam: with rules, divided by length; else `logprob`).
    pub score: f64,
}

/// One caption's search: it takes in logits, and says from where to go on.
pub(super) trait DecodingStrategy: Send {
    /// Chooses among the words that may come next, by their `logits` [live, V]; false where the search has ended.
    fn grow(&mut self, logits: &mut [f32]) -> bool;
    /// The live states and the words that they receive, in the order of the next logits.
    fn live(&mut self) -> Vec<(&mut KvCache, u32)>;
    /// What was found, best first.
    fn found(self: Box<Self>) -> Vec<Hypothesis>;
}

/// What every search keeps to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    /// The end token.
    pub end: u32,
    /// The most tokens.
    pub max: usize,
    /// What captions may not do.
    pub rules: &'a Rules,
}
