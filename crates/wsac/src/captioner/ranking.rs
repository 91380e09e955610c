//! Which of several candidates is told: by their likeness to the sound (CLAP-Refine), or to each other and to the captions
//! nearest to it (minimum Bayes risk).
//!
//! candidates {words, mean log-probability, embedding [d]?} + the analysis -> a score each, higher is better.

mod consensus;

use serde::{Deserialize, Serialize};

use crate::bridge::Bridge;
use crate::error::{Error, Result};
pub(super) use consensus::{Voter, consensus};

/// Which captions are weighed against each other, and by what. `Default` weighs those that the search finds, by their
/// likeness to the sound alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rerank {
    /// What they are ranked by.
    pub by: Measure,
    /// Beams of these widths are searched with too: 2 to 8 in SLAM-AAC. Each costs a search of its own.
    pub widths: Vec<usize>,
    /// These bridges give candidates too, found with the same searches.
    pub bridges: Vec<Bridge>,
    /// So many of the nearest captions of the memory are candidates, as they stand there.
    pub nearest: usize,
    /// How much a caption gains, in its score, for each sound that it names by its first name (half for another name). 0
    /// lets names decide only where [`CaptionOptions::name_sounds`](super::CaptionOptions::name_sounds) does.
    pub naming: f32,
}

/// What candidates are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Measure {
    /// `similarity to the sound + alpha * mean log-probability of its words`, the similarity measured as the memory's are.
    /// Each candidate is read by the encoder's text tower.
    Similarity {
        /// What a nat a word weighs; 0 is CLAP-Refine.
        #[serde(default)]
        alpha: f32,
    },
    /// `mean likeness to the captions nearest to the sound, weighted by softmax(similarity / tau) + alpha * mean
    /// log-probability`: the caption that errs least whichever of them is right (minimum Bayes risk). Likeness is that of
    /// words, CIDEr-D's; no tower is needed.
    Consensus {
        /// How many of the memory's nearest captions have a vote.
        #[serde(default = "votes")]
        retrieved: usize,
        /// The temperature of the votes' weights; without it [`WIDER`] times the model's own for projections.
        #[serde(default)]
        tau: Option<f32>,
        /// The share of the candidates that the decoder wrote in the vote, in [0, 1].
        #[serde(default = "peers")]
        peers: f32,
        /// What a nat a word weighs.
        #[serde(default)]
        alpha: f32,
    },
}

/// A vote is worth hearing from farther off than a caption is worth mixing in: of 1.5, 2.5 and 3.5 times the temperature of
/// a projection the best on AudioCaps' validation captions.
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
    /// By consensus, as it did best on AudioCaps' validation captions.
    pub fn consensus() -> Self {
        Self::Consensus {
            retrieved: votes(),
            tau: None,
            peers: peers(),
            alpha: 0.0,
        }
    }

    /// The same, a nat a word weighing so much.
    #[must_use]
    pub fn with_alpha(mut self, new: f32) -> Self {
        match &mut self {
            Self::Similarity { alpha } | Self::Consensus { alpha, .. } => *alpha = new,
        }
        self
    }

    /// What a nat a word weighs.
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
    /// Where a number is not finite or out of its range, or a beam has no width.
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
