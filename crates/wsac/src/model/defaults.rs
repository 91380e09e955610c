//! The default use of an embedding space: [`EmbeddingSpace`] -> strategy, centre, noise.

use wsac_encoders::EmbeddingSpace;

use crate::bridge::Bridge;
use crate::memory::Centre;

/// The default use of a space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    /// The best bridge between sounds and captions.
    pub bridge: Bridge,
    /// The point that similarities are measured from.
    pub centre: Centre,
    /// The noise variance for training if the captions do not determine it (no clip has two).
    pub noise_variance: f64,
    /// Whether a recording of several sounds is encoded as several embeddings, so that learning from clauses pays.
    pub clauses: bool,
}

impl Defaults {
    /// The defaults of `space`.
    ///
    /// A CLAP is used as in the paper: projection with tau 1/100, noise of variance 0.013 (section 4). The noise of
    /// `mini` is what the built-in decoder was trained with: projections lie near captions, so less than section 3.1.1
    /// estimates (0.018 from AudioCaps' validation captions) is enough, and rare words survive.
    pub fn of(space: &EmbeddingSpace) -> Self {
        let (tau, centre, noise_variance) = if space.is_mini() {
            (0.02, Centre::MemoryMean, 0.003)
        } else {
            (0.01, Centre::None, 0.013)
        };
        Self {
            bridge: Bridge::Project { tau, top_k: None },
            centre,
            noise_variance,
            clauses: space.is_mini(),
        }
    }
}
