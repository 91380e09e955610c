//! The inputs of a run, its progress events, and its result.

use std::path::PathBuf;
use std::time::Duration;

use super::trainer::Step;
use crate::error::{Error, Result};
use crate::model::{Defaults, Model};
use wsac_encoders::encoder::EmbeddingSpace;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_encoders::towers::TextTower;

/// The inputs of a run besides its settings.
pub struct Job<'a> {
    /// The captions to learn from, clip by clip.
    pub clips: &'a [Vec<String>],
    /// How often an epoch uses each clip: 1 is once, 0.3 is three of ten clips, others each epoch; empty if all have 1.
    pub shares: &'a [f64],
    /// The captions for the validation loss; if `None`, a share of `clips` is held out.
    pub validation: Option<&'a [Vec<String>]>,
    /// The text tower of the encoder.
    pub text: &'a dyn TextTower,
    /// The space that it embeds into.
    pub space: &'a EmbeddingSpace,
    /// The default use of that space.
    pub defaults: Defaults,
    /// The full vocabulary that captions are tokenized with.
    pub vocabulary: &'a Tokenizer,
    /// The modality gap, for embedding shift.
    pub shift: Option<Vec<f32>>,
    /// The folder of the run.
    pub out: PathBuf,
    /// A folder for caching embeddings between runs.
    pub cache: Option<PathBuf>,
    /// Whether to resume the run in `out`.
    pub resume: bool,
}

/// The progress events of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Texts embedded so far.
    Embedded {
        /// How many.
        done: usize,
        /// Out of how many.
        total: usize,
    },
    /// Preparation is done.
    Ready {
        /// Number of training captions.
        captions: usize,
        /// Size of the vocabulary.
        vocabulary: usize,
        /// Number of the decoder's weights.
        weights: usize,
        /// The variance of the noise.
        noise_variance: f64,
        /// Steps of the whole run.
        steps: usize,
        /// Steps already done, if the run is resumed.
        done: usize,
        /// Captions that the vocabulary cannot represent as they are, with an example.
        altered: Option<Altered>,
    },
    /// One update.
    Step(Step),
    /// An epoch is done and saved.
    Epoch {
        /// Epochs done.
        epoch: usize,
        /// The mean negative log-likelihood per token (nats) on the held-out captions; `None` if there are none.
        validation: Option<f64>,
        /// Time since the run (or its resumption) began.
        elapsed: Duration,
    },
}

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The captioner, also saved in the run folder.
    pub model: Model,
    /// The last validation loss (nats per token); `None` if no caption was held out.
    pub validation: Option<f64>,
    /// Whether the run in the folder had finished before, so that there was nothing to do.
    pub already_finished: bool,
}

/// Captions with letters that the vocabulary folds, drops or splits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// How many captions.
    pub captions: usize,
    /// The first text of them that changes,
    pub word: String,
    /// and what the decoder learns instead.
    pub becomes: String,
}

impl Job<'_> {
    /// Checks the inputs.
    ///
    /// # Errors
    /// If shares do not fit the clips or are out of range, or the shift is missing or is not a gap.
    pub(super) fn check(&self, wants_shift: bool) -> Result<()> {
        let (shares, clips) = (self.shares, self.clips.len());
        if !shares.is_empty() && shares.len() != clips {
            let n = shares.len();
            return Err(Error::Config(format!(
                "there are {n} shares for {clips} clips"
            )));
        }
        if !shares.iter().all(|share| (0.0..=100.0).contains(share)) {
            return Err(Error::Config(
                "the share of a captions file must be between 0 and 100".into(),
            ));
        }
        match &self.shift {
            None if wants_shift => Err(Error::Config(
                "shift is true, but there is no gap to shift by; give --shift FILE (`wsac gap -o FILE` measures it)"
                    .into(),
            )),
            Some(shift) if !shift.iter().all(|x| x.is_finite()) => Err(Error::Config(
                "the gap to shift by holds numbers that are not finite; measure it anew with `wsac gap -o FILE`"
                    .into(),
            )),
            _ => Ok(()),
        }
    }
}
