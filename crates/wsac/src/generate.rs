//! Captions from a conditioned decoder: greedy (the paper), beam search or sampling over a KV cache.
//!
//! embeddings [parts, E] -> `Hypothesis { tokens, logprob, score }`, best first. Rules are applied in the order of Hugging
//! Face `generate`: repetition penalty, n-grams, minimum length, bans, then temperature, top-k, top-p, min-p.

mod average;
mod beam;
mod rules;
mod sample;
mod strategy;

pub use rules::{RepetitionRule, Rules};
pub use sample::{Sampling, TEMPERATURE_RANGE};
use strategy::{DecodingStrategy, Limits};
pub use strategy::{Hypothesis, Stop};

use rayon::prelude::*;
use wsac_nn::loss::{argmax, log_total};

use crate::decoder::{Condition, Decoder, KvCache};
use crate::error::{Error, Result};

/// The decoding strategy.
#[derive(Debug, Clone, PartialEq)]
pub enum Search {
    /// The most likely token at each step (the paper).
    Greedy,
    /// Beam search over the `width` most likely captions.
    Beam {
        /// The beam width; 3 to 5 is usual.
        width: usize,
        /// Scores are `sum of log-probabilities / length^length_penalty`: 0 favours short captions, 1 is the mean.
        length_penalty: f64,
        /// When to stop.
        stop: Stop,
    },
    /// Beam search over the `width` captions of the highest mean log-probability, finished ones among them: ClapCap's own
    /// search.
    Average {
        /// The beam width; ClapCap's is 5.
        width: usize,
    },
    /// Sampling: other captions with each seed.
    Sample(Sampling),
}

impl Search {
    /// Checks its settings.
    ///
    /// # Errors
    /// If the temperature of sampling, or the share of tokens to draw from, is out of range.
    pub fn check(&self) -> Result<()> {
        let Self::Sample(sampling) = self else {
            return Ok(());
        };
        if !TEMPERATURE_RANGE.contains(&sampling.temperature) {
            return Err(Error::Config(format!(
                "the temperature must be from {} to {}, not {}",
                TEMPERATURE_RANGE.start(),
                TEMPERATURE_RANGE.end(),
                sampling.temperature
            )));
        }
        if !(sampling.top_p > 0.0 && sampling.top_p <= 1.0) {
            return Err(Error::Config(format!(
                "top-p must be above 0 and at most 1, not {}",
                sampling.top_p
            )));
        }
        Ok(())
    }

    /// A beam of this width; of width 1, that is [`Search::Greedy`].
    pub fn of_width(width: usize) -> Self {
        match width {
            0 | 1 => Self::Greedy,
            _ => Self::Beam {
                width,
                length_penalty: 1.0,
                stop: Stop::Heuristic,
            },
        }
    }
}

/// How captions are generated. `Default` is the paper's: greedy, at most 30 tokens, no rules.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodeOptions {
    /// The decoding strategy.
    pub search: Search,
    /// The most tokens of a caption; raise it if captions stop in the middle.
    pub max_tokens: usize,
    /// The rules for captions.
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

/// A request to [`generate_together`]: a prompt and a prefix, embeddings [parts, E], and the settings of decoding.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// The prompt tokens; none in the paper.
    pub words: &'a [u32],
    /// The embeddings, [parts, E].
    pub embeddings: &'a [f32],
    /// How captions are generated.
    pub options: &'a DecodeOptions,
}

/// Generates captions for one prefix, embeddings [parts, E], best first (greedy and sampling: one). `end` is the end token.
///
/// Generation also ends when the decoder has no position left.
pub fn generate(
    decoder: &Decoder,
    embeddings: &[f32],
    end: u32,
    options: &DecodeOptions,
) -> Vec<Hypothesis> {
    let prompt = Prompt {
        words: &[],
        embeddings,
        options,
    };
    generate_together(decoder, &[prompt], end).swap_remove(0)
}

/// [`generate`] for several prompts, side by side: each weight of the decoder is read once per token for all of them.
///
/// A caption does not depend on the others if weights are packed ([`Decoder::pack`]); in f32 log-probabilities may
/// differ in their last digits.
pub fn generate_together(decoder: &Decoder, prompts: &[Prompt], end: u32) -> Vec<Vec<Hypothesis>> {
    if prompts.is_empty() {
        return Vec::new();
    }
    let conditions: Vec<Condition> = (prompts.iter())
        .map(|prompt| Condition {
            words: prompt.words,
            embeddings: prompt.embeddings,
        })
        .collect();
    let mut logits = Vec::new();
    let states = decoder.begin(&conditions, &mut logits);
    let vocab = logits.len() / prompts.len();
    let mut searches: Vec<(Box<dyn DecodingStrategy + '_>, bool)> = (prompts.par_iter())
        .zip(states)
        .zip(logits.par_chunks_exact_mut(vocab))
        .map(|((prompt, state), logits)| {
            let room = decoder.config().positions - state.rows() + 1;
            let mut search = prompt.options.begin(state, end, room);
            let grows = search.grow(logits);
            (search, grows)
        })
        .collect();
    loop {
        let mut growing: Vec<_> = searches.iter_mut().filter(|s| s.1).collect();
        if growing.is_empty() {
            break;
        }
        let (mut states, mut words, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for (search, _) in &mut growing {
            let live = search.live();
            counts.push(live.len());
            for (state, word) in live {
                states.push(state);
                words.push(word);
            }
        }
        decoder.advance(&mut states, &words, &mut logits);
        let mut rest = &mut logits[..];
        let parts: Vec<&mut [f32]> = counts
            .iter()
            .map(|live| rest.split_off_mut(..live * vocab).unwrap_or_default())
            .collect();
        growing
            .par_iter_mut()
            .zip(parts)
            .for_each(|(search, logits)| search.1 = search.0.grow(logits));
    }
    searches.into_iter().map(|s| s.0.found()).collect()
}

impl DecodeOptions {
    /// The search with these options, from `state` on, with room for this many tokens.
    fn begin(&self, state: KvCache, end: u32, room: usize) -> Box<dyn DecodingStrategy + '_> {
        let limits = Limits {
            end,
            max: self.max_tokens.min(room),
            rules: &self.rules,
        };
        let one = |sampling| Box::new(One::new(limits, state.clone(), sampling));
        match &self.search {
            Search::Greedy => one(None),
            Search::Sample(sampling) => one(Some(sampling)),
            Search::Beam {
                width,
                length_penalty,
                stop,
            } => Box::new(beam::Beam::new(
                limits,
                state,
                *width,
                *length_penalty,
                *stop,
            )),
            Search::Average { width } => Box::new(average::Average::new(limits, state, *width)),
        }
    }
}

/// One caption, each token the most likely or drawn.
struct One<'a> {
    limits: Limits<'a>,
    sampling: Option<&'a Sampling>,
    state: KvCache,
    found: Hypothesis,
    /// The logits before the rules are applied.
    raw: Vec<f32>,
}

impl<'a> One<'a> {
    fn new(limits: Limits<'a>, state: KvCache, sampling: Option<&'a Sampling>) -> Self {
        let found = Hypothesis {
            tokens: Vec::new(),
            logprob: 0.0,
            score: 0.0,
        };
        Self {
            limits,
            sampling,
            state,
            found,
            raw: Vec::new(),
        }
    }
}

impl DecodingStrategy for One<'_> {
    fn grow(&mut self, logits: &mut [f32]) -> bool {
        let (limits, found) = (self.limits, &mut self.found);
        let step = found.tokens.len();
        if step == limits.max {
            return false;
        }
        self.raw.clear();
        self.raw.extend_from_slice(logits);
        limits.rules.apply(logits, &found.tokens, limits.end);
        let word = match self.sampling {
            None => argmax(logits),
            Some(sampling) => sampling.pick(logits, step),
        };
        found.logprob += f64::from(self.raw[word] - log_total(&self.raw));
        found.score = found.logprob;
        found.tokens.push(word as u32);
        word as u32 != limits.end && step + 1 < limits.max
    }

    fn live(&mut self) -> Vec<(&mut KvCache, u32)> {
        let last = self.found.tokens.last().copied();
        last.map(|word| (&mut self.state, word))
            .into_iter()
            .collect()
    }

    fn found(self: Box<Self>) -> Vec<Hypothesis> {
        vec![self.found]
    }
}

#[cfg(test)]
mod tests;
