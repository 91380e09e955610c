//! What a run is given, what it reports while it runs, and what it leaves.

use std::path::PathBuf;
use std::time::Duration;

use super::trainer::Step;
use crate::error::{Error, Result};
use crate::model::{Defaults, Model};
use wsac_encoders::encoder::EmbeddingSpace;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_encoders::towers::TextTower;

/// What a run needs besides its settings.
pub struct Job<'a> {
    /// The captions to learn from, clip by clip.
    pub clips: &'a [Vec<String>],
    /// For each clip how often an epoch has it: 1 is once, 0.3 for three of ten, others each epoch; empty where all have 1.
    pub shares: &'a [f64],
    /// The captions to measure the validation loss on; where `None`, a share of `clips` is held out.
    pub validation: Option<&'a [Vec<String>]>,
    /// The text tower of the encoder.
    pub text: &'a dyn TextTower,
    /// The space that it embeds into.
    pub space: &'a EmbeddingSpace,
    /// How that space is used.
    pub defaults: Defaults,
    /// The whole vocabulary that the captions are split with.
    pub vocabulary: &'a Tokenizer,
    /// The modality gap, for embedding shift.
    pub shift: Option<Vec<f32>>,
    /// The folder of the run.
    pub out: PathBuf,
    /// A folder that keeps embeddings between runs.
    pub cache: Option<PathBuf>,
    /// Whether to go on with the run in `out` where it stopped.
    pub resume: bool,
}

/// What happens in a run, for a progress bar.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Texts embedded so far.
    Embedded {
        /// How many.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// Preparation is done.
    Ready {
        /// Captions to learn from.
        captions: usize,
        /// Words of the vocabulary.
        vocabulary: usize,
        /// Weights of the decoder.
        weights: usize,
        /// The variance of the noise.
        noise_variance: f64,
        /// Steps of the whole run.
        steps: usize,
        /// Steps already done, where the run is resumed.
        done: usize,
        /// Captions that the vocabulary does not keep as they are, and what becomes of one of their words.
        altered: Option<Altered>,
    },
    /// One update.
    Step(Step),
    /// An epoch is over, and saved.
    Epoch {
        /// Epochs done.
        epoch: usize,
        /// The mean negative log-likelihood a token (nats) on the captions held out; `None` where there are none.
        validation: Option<f64>,
        /// Time since the run (or its resumption) began.
        elapsed: Duration,
    },
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The captioner, also saved in the run folder.
    pub model: Model,
    /// The last validation loss (nats a token); `None` where no caption was held out.
    pub validation: Option<f64>,
    /// Whether the run in the folder was finished before, so that there was nothing to do.
    pub already_finished: bool,
}

/// Captions whose letters the vocabulary folds, drops or sets apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// How many captions.
    pub captions: usize,
    /// The first text of them that changes,
    pub word: String,
    /// and what the decoder learns in its place.
    pub becomes: String,
}

impl Job<'_> {
    /// Says what is wrong with what the run is given.
    ///
    /// # Errors
    /// Where shares do not fit the clips or are out of range, or the shift is missing or no gap.
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
