//! Re-ranking of candidate captions: by their similarity to the sound (CLAP-Refine), or to each other and to the captions
//! nearest to it (minimum Bayes risk).
//!
//! candidates {words, mean log-probability, embedding [d]?} + audio analysis -> a score each, higher is better.

mod consensus;

use serde::{Deserialize, Serialize};

use crate::bridge::Bridge;
use crate::error::{Error, Result};
pub(super) use consensus::{Voter, consensus};

/// Which candidates are compared, and how they are scored. `Default` takes those that decoding finds, scored by their
/// similarity to the sound alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rerank {
    /// How they are scored.
    pub by: Measure,
    /// Also decode with beams of these widths: 2 to 8 in SLAM-AAC. Each costs a beam search of its own.
    pub widths: Vec<usize>,
    /// Also decode from these bridges, with the same strategies.
    pub bridges: Vec<Bridge>,
    /// Also take this many of the nearest captions of the memory as candidates, verbatim.
    pub nearest: usize,
    /// How much is added to a caption's score for each sound that it names by its first name (half for another name). 0
    /// uses names only where [`CaptionOptions::name_sounds`](super::CaptionOptions::name_sounds) does.
    pub naming: f32,
}

/// How candidates are scored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Measure {
    /// `similarity to the sound + alpha * mean log-probability of its tokens`, the similarity measured as for the memory.
    /// Each candidate is embedded by the encoder's text tower.
    Similarity {
        /// The weight of the mean log-probability (nats per token); 0 is CLAP-Refine.
        #[serde(default)]
        alpha: f32,
    },
    /// `mean similarity to the captions nearest to the sound, weighted by softmax(similarity / tau) + alpha * mean
    /// log-probability`: the caption with the least expected loss over them (minimum Bayes risk). Similarity of texts is
    /// CIDEr-D; no text tower is needed.
    Consensus {
        /// How many of the memory's nearest captions vote.
        #[serde(default = "votes")]
        retrieved: usize,
        /// The temperature of the votes' weights; by default [`WIDER`] times the model's own for projections.
        #[serde(default)]
        tau: Option<f32>,
        /// The share of the decoder's own candidates in the vote, in [0, 1].
        #[serde(default = "peers")]
        peers: f32,
        /// The weight of the mean log-probability (nats per token).
        #[serde(default)]
        alpha: f32,
    },
}

/// Voting works best with a wider neighbourhood than projection: of 1.5, 2.5 and 3.5 times the projection's temperature,
/// this was the best on AudioCaps' validation captions.
pub(super) const WIDER: f32 = 2.5;

fn votes() -> usize {
    200
}

fn peers() -> f32 {
    0.1
}

impl Default for Measure {
    fn default() -> Self {
        Self::Similarity { alpha: 0.0 }
    }
}

impl Measure {
    /// Consensus, with the settings that were best on AudioCaps' validation captions.
    pub fn consensus() -> Self {
        Self::Consensus {
            retrieved: votes(),
            tau: None,
            peers: peers(),
            alpha: 0.0,
        }
    }

    /// The same, with this weight of the mean log-probability.
    #[must_use]
    pub fn with_alpha(mut self, new: f32) -> Self {
        match &mut self {
            Self::Similarity { alpha } | Self::Consensus { alpha, .. } => *alpha = new,
        }
        self
    }

    /// The weight of the mean log-probability (nats per token).
    pub(super) fn alpha(self) -> f32 {
        match self {
            Self::Similarity { alpha } | Self::Consensus { alpha, .. } => alpha,
        }
    }
}

impl Rerank {
    /// Says what is wrong with these settings.
    ///
    /// # Errors
    /// If a number is not finite or out of range, or a beam has no width.
    pub fn check(&self) -> Result<()> {
        if let Measure::Consensus { tau, peers, .. } = self.by {
            if tau.is_some_and(|tau| !(tau > 0.0 && tau.is_finite())) {
                return Err(Error::Config(
                    "the tau of a consensus must be above 0".into(),
                ));
            }
            if !(0.0..=1.0).contains(&peers) {
                return Err(Error::Config(format!(
                    "the candidates' share in a consensus (peers) is 0 to 1, not {peers}"
                )));
            }
        }
        if !(self.by.alpha().is_finite() && self.naming.is_finite()) {
            return Err(Error::Config(
                "re-ranking needs finite weights for log-probabilities and names".into(),
            ));
        }
        if self.widths.contains(&0) {
            return Err(Error::Config(
                "a beam to re-rank is at least 1 caption wide".into(),
            ));
        }
        Ok(())
    }
}
