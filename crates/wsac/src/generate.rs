//! Captions from a conditioned decoder: greedy (the paper), beam search or sampling over a KV cache.
//!
//! embeddings [parts, E] -> `Hypothesis { tokens, logprob, score }`, best first. Rules come in the order of Hugging
//! Face `generate`: repetition penalty, n-grams, minimum length, bans, then temperature, top-k, top-p, min-p.

mod average;
mod beam;
mod rules;
mod sample;

pub use rules::{Echo, Rules};
pub use sample::Sampling;

use wsac_nn::loss::{argmax, log_softmax};

use crate::decoder::{Decoder, State};

/// How the most fitting words are searched for.
#[derive(Debug, Clone, PartialEq)]
pub enum Search {
    /// The likeliest word at each step (the paper).
    Greedy,
    /// The `width` likeliest captions side by side.
    Beam {
        /// How many are kept; 3 to 5 is usual.
        width: usize,
        /// Scores are `sum of log-probabilities / length^length_penalty`: 0 favours short captions, 1 is the mean.
        length_penalty: f64,
        /// When to stop.
        stop: Stop,
    },
    /// The `width` captions of the highest mean log-probability side by side, finished ones among them: ClapCap's own
    /// search.
    Average {
        /// How many are kept; ClapCap keeps 5.
        width: usize,
    },
    /// Words drawn at random: other words each seed.
    Sample(Sampling),
}

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

/// How captions are generated. `Default` is the paper's: greedy, at most 30 words, no rules.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodeOptions {
    /// How words are searched for.
    pub search: Search,
    /// The most tokens of a caption; raise it for captions that stop in the middle.
    pub max_tokens: usize,
    /// What captions may not do.
    pub rules: Rules,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            search: Search::Greedy,
            max_tokens: 30,
            rules: Rules::default(),
        }
    }
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

/// Writes captions for one prefix, embeddings [parts, E], best first (greedy and sampling: one). `end` is the end token.
///
/// Generation also ends where the decoder has no position left.
pub fn generate(
    decoder: &Decoder,
    embeddings: &[f32],
    end: u32,
    options: &DecodeOptions,
) -> Vec<Hypothesis> {
    let (state, logits) = decoder.begin(embeddings);
    let room = decoder.config().positions - state.rows() + 1;
    let max = options.max_tokens.min(room);
    let rules = &options.rules;
    match &options.search {
        Search::Beam {
            width,
            length_penalty,
            stop,
        } => {
            let search = beam::Beam {
                width: *width,
                length_penalty: *length_penalty,
                stop: *stop,
                end,
                max,
                rules,
            };
            search.run(decoder, state, logits)
        }
        Search::Average { width } => {
            let search = average::Average {
                width: *width,
                end,
                max,
                rules,
            };
            search.run(decoder, state, logits)
        }
        Search::Greedy => one(decoder, state, logits, end, max, rules, |logits, _| {
            argmax(logits)
        }),
        Search::Sample(sampling) => one(decoder, state, logits, end, max, rules, |logits, step| {
            sampling.pick(logits, step)
        }),
    }
}

/// One caption, each word chosen by `pick(logits after the rules, step)`.
fn one(
    decoder: &Decoder,
    mut state: State,
    mut logits: Vec<f32>,
    end: u32,
    max: usize,
    rules: &Rules,
    pick: impl Fn(&mut [f32], usize) -> usize,
) -> Vec<Hypothesis> {
    let (mut tokens, mut logprob) = (Vec::new(), 0.0);
    for step in 0..max {
        let mut raw = logits.clone();
        log_softmax(&mut raw);
        rules.apply(&mut logits, &tokens, end);
        let word = pick(&mut logits, step);
        logprob += f64::from(raw[word]);
        tokens.push(word as u32);
        if word as u32 == end || step + 1 == max {
            break;
        }
        logits = decoder.advance(&mut [&mut state], &[word as u32]);
    }
    vec![Hypothesis {
        tokens,
        logprob,
        score: logprob,
    }]
}

#[cfg(test)]
mod tests;
