//! Which of several candidates is told: by their likeness to the sound (CLAP-Refine), or to each other and to the captions
//! nearest to it (minimum Bayes risk).
//!
//! candidates {words, mean log-probability, embedding [d]?} + what was heard -> a score each, higher is better.

mod consensus;

use serde::{Deserialize, Serialize};

use crate::bridge::Bridge;
use crate::error::{Error, Result};
pub(super) use consensus::consensus;

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
    /// `mean likeness to the other candidates and to the captions nearest to the sound + alpha * mean log-probability`: the
    /// caption that errs least whichever of them is right. Likeness is that of words, as CIDEr sees it; no tower is needed.
    Consensus {
        /// How many of the memory's nearest captions have a vote.
        retrieved: usize,
        /// What a nat a word weighs.
        #[serde(default)]
        alpha: f32,
    },
}

impl Default for Measure {
    fn default() -> Self {
        Self::Similarity { alpha: 0.0 }
    }
}

impl Measure {
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
    /// Where a number is not finite, or a beam has no width.
    pub fn check(&self) -> Result<()> {
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
