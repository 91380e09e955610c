//! The interface of all decoding strategies: a strategy grows hypotheses a token at a time.

use super::rules::Rules;
use crate::decoder::KvCache;

/// When a beam search stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// When no live caption can beat the finished ones at its current length (Hugging Face's default).
    Heuristic,
    /// As soon as `width` captions are finished.
    Early,
    /// When none can beat them even at full length.
    Never,
}

/// A caption as tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Its tokens; the last is the end token if the caption is complete.
    pub tokens: Vec<u32>,
    /// The sum of its tokens' log-probabilities (nats) under the decoder, without rules.
    pub logprob: f64,
    /// The score the search ranked it by (beam: with rules, divided by length; else `logprob`).
    pub score: f64,
}

/// The decoding of one caption: it receives logits, and says which sequences continue with which tokens.
pub(super) trait DecodingStrategy: Send {
    /// Chooses among the possible next tokens, given their `logits` [live, V]; false when decoding has ended.
    fn grow(&mut self, logits: &mut [f32]) -> bool;
    /// The live caches and the tokens to append to them, in the order of the next logits.
    fn live(&mut self) -> Vec<(&mut KvCache, u32)>;
    /// The hypotheses found, best first.
    fn found(self: Box<Self>) -> Vec<Hypothesis>;
}

/// The settings common to all strategies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    /// The end token.
    pub end: u32,
    /// The most tokens.
    pub max: usize,
    /// The rules for captions.
    pub rules: &'a Rules,
}
