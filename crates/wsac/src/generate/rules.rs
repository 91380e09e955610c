//! Decoding rules: they lower or forbid the scores of next tokens.

use std::collections::BTreeSet;

/// The rules of decoding. `Default`: none.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Divides the positive scores, and multiplies the negative ones, of tokens already used; 1 has no effect.
    pub repetition_penalty: f32,
    /// Forbids repeating any n-gram of this many tokens; 0 has no effect.
    pub no_repeat_ngram: usize,
    /// The end token is forbidden before this many tokens.
    pub min_tokens: usize,
    /// Tokens that are never used.
    pub banned: Vec<u32>,
    /// Forbids "crinkling and crinkling".
    pub echo: Option<RepetitionRule>,
}

/// The rule against echoes: after a joining word, the word before it may not be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepetitionRule {
    /// The tokens that join: "and", ",", "then", "as", ...
    pub joins: Vec<u32>,
    /// For each token, whether it only continues a word ("##s").
    pub pieces: Vec<bool>,
}

impl RepetitionRule {
    /// The token that would begin an echo of the last word of `tokens`.
    fn of(&self, tokens: &[u32]) -> Option<u32> {
        let (join, before) = tokens.split_last()?;
        let goes_on = |token: &u32| self.pieces.get(*token as usize).copied().unwrap_or(false);
        let echo = self
            .joins
            .contains(join)
            .then(|| before.iter().rev().find(|t| !goes_on(t)));
        echo.flatten().copied()
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            repetition_penalty: 1.0,
            no_repeat_ngram: 0,
            min_tokens: 0,
            banned: Vec::new(),
            echo: None,
        }
    }
}

impl Rules {
    /// Changes the `scores` [V] of the possible next tokens after `tokens` (logits, or a beam's log-probabilities).
    pub fn apply(&self, scores: &mut [f32], tokens: &[u32], end: u32) {
        if self.repetition_penalty != 1.0 {
            for &used in &tokens.iter().copied().collect::<BTreeSet<u32>>() {
                let score = &mut scores[used as usize];
                *score = if *score < 0.0 {
                    *score * self.repetition_penalty
                } else {
                    *score / self.repetition_penalty
                };
            }
        }
        for word in no_repeat(tokens, self.no_repeat_ngram) {
            scores[word as usize] = f32::NEG_INFINITY;
        }
        if tokens.len() < self.min_tokens {
            scores[end as usize] = f32::NEG_INFINITY;
        }
        for &word in &self.banned {
            scores[word as usize] = f32::NEG_INFINITY;
        }
        if let Some(word) = self.echo.as_ref().and_then(|echo| echo.of(tokens)) {
            scores[word as usize] = f32::NEG_INFINITY;
        }
    }
}

/// The tokens that would complete an n-gram of `n` tokens that already occurs in `tokens`; none for `n` = 0.
pub(super) fn no_repeat(tokens: &[u32], n: usize) -> Vec<u32> {
    if n == 0 || tokens.len() + 1 < n {
        return Vec::new();
    }
    let start = &tokens[tokens.len() + 1 - n..];
    tokens
        .windows(n)
        .filter(|run| &run[..n - 1] == start)
        .map(|run| run[n - 1])
        .collect()
}
