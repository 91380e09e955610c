//! Draft: one recording on the way to its caption. Each stage of the captioner adds to it: the routes of the
//! bridges, the candidates decoded from them, their scores.

use std::borrow::Cow;
use std::collections::HashSet;

use super::keyword_rerank;
use super::options::CaptionOptions;
use super::ranking::Rerank;
use crate::bridge::Bridge;
use crate::error::{Error, Result};
use crate::generate::{DecodeOptions, Prompt, Rules, Search};
use crate::texts::words;
use wsac_encoders::analysis::AudioAnalysis;

/// A recording on the way to its caption, made by [`Captioner::draft`](super::Captioner::draft).
#[derive(Debug)]
pub struct Draft<'a> {
    pub(super) analysis: Cow<'a, AudioAnalysis>,
    pub(super) options: &'a CaptionOptions,
    pub(super) rules: Rules,
    pub(super) prompt: Vec<u32>,
    pub(super) routes: Vec<Route>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) error: Option<Error>,
    /// The normalised words of each candidate, without case and punctuation.
    seen: HashSet<String>,
}

/// A route from audio to text space, and how captions are decoded from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// How the modality gap is bridged.
    pub bridge: Bridge,
    /// The decoder's conditioning, [parts, d].
    pub embeddings: Vec<f32>,
    /// The decoding strategies to run on it.
    pub decode: Vec<DecodeOptions>,
}

/// A candidate caption.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its words.
    pub text: String,
    /// The sum of its tokens' log-probabilities (nats); `None` if it was retrieved from the memory.
    pub logprob: Option<f64>,
    /// Their mean; for a caption of the memory, the lowest mean of the decoded ones.
    pub mean_logprob: f64,
    /// How the gap was bridged to find it.
    pub strategy: Bridge,
    /// How well it names the sounds by keyword; 0 if that is not used.
    pub named: usize,
    /// Its score from re-ranking, if any.
    pub score: Option<f32>,
}

impl<'a> Draft<'a> {
    /// A draft with nothing but the analysis and the options.
    pub(super) fn new(analysis: &'a AudioAnalysis, options: &'a CaptionOptions) -> Self {
        Self {
            analysis: Cow::Borrowed(analysis),
            options,
            rules: Rules::default(),
            prompt: Vec::new(),
            routes: Vec::new(),
            candidates: Vec::new(),
            error: None,
            seen: HashSet::new(),
        }
    }

    /// The prompt tokens that the decoder reads before the prefix; none if it was trained without.
    pub fn prompt(&self) -> &[u32] {
        &self.prompt
    }

    /// The routes that are bridged but not decoded yet.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The candidates so far, no two with the same words.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The error that occurred, if any. Later stages skip such a draft; finishing it returns the error.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Runs a stage, unless an earlier one failed.
    pub(super) fn attempt(&mut self, stage: impl FnOnce(&mut Self) -> Result<()>) {
        if self.error.is_some() {
            return;
        }
        if let Err(error) = stage(self) {
            self.routes.clear();
            self.error = Some(error);
        }
    }

    /// A route from `embeddings` with each of the decoding strategies `searches`.
    pub(super) fn add_route(&mut self, bridge: Bridge, embeddings: Vec<f32>, searches: &[Search]) {
        let decode = |search: &Search| DecodeOptions {
            search: search.clone(),
            max_tokens: self.options.max_tokens,
            rules: self.rules.clone(),
        };
        let decode = searches.iter().map(decode).collect();
        self.routes.push(Route {
            bridge,
            embeddings,
            decode,
        });
    }

    /// The decoding work of all routes.
    pub(super) fn to_decode(&self) -> impl Iterator<Item = Prompt<'_>> {
        self.routes.iter().flat_map(|route| {
            route.decode.iter().map(|options| Prompt {
                words: &self.prompt,
                embeddings: &route.embeddings,
                options,
            })
        })
    }

    /// Adds a candidate, unless one with the same words exists.
    pub(super) fn add(
        &mut self,
        text: String,
        logprob: Option<f64>,
        mean_logprob: f64,
        strategy: Bridge,
    ) {
        if !self.seen.insert(words(&text)) {
            return;
        }
        let options = self.options;
        let counts = |rerank: &Rerank| rerank.naming != 0.0;
        let named = if options.name_sounds || options.rerank.as_ref().is_some_and(counts) {
            keyword_rerank::named(&text, &self.analysis)
        } else {
            0
        };
        self.candidates.push(Candidate {
            text,
            logprob,
            mean_logprob,
            strategy,
            named,
            score: None,
        });
    }

    /// Whether every candidate leaves a sound unnamed, if naming sounds is asked for.
    pub(super) fn leaves_unnamed(&self) -> bool {
        let named = self.candidates.iter().map(|c| c.named).max().unwrap_or(0);
        self.options.name_sounds && named < keyword_rerank::most(&self.analysis)
    }

    /// The candidate that becomes the caption; the first of equal ones.
    pub(super) fn best(&self) -> Option<&Candidate> {
        let soft = |rerank: &Rerank| rerank.naming != 0.0;
        let names_first =
            self.options.name_sounds && !self.options.rerank.as_ref().is_some_and(soft);
        let rank = |c: &Candidate| {
            let named = if names_first { c.named } else { 0 };
            (named, c.score.unwrap_or(0.0))
        };
        let mut best = self.candidates.first()?;
        for candidate in &self.candidates {
            if rank(candidate) > rank(best) {
                best = candidate;
            }
        }
        Some(best)
    }
}
