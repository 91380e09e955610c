//! Section 3 of the paper: how a decoder trained on text embeddings is conditioned on audio embeddings.
//!
//! Training: [`Augmentation`] turns a text embedding [d] into the decoder's training input (noise, shift). Inference:
//! [`Bridge`] turns an audio embedding [d] into one like those the decoder was trained on (direct, nearest, projection).

mod map;
mod strategy;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::memory::Memory;
pub use map::{Figures, GapMap, Kind, LearnOptions, Learned};
pub use strategy::Strategy;
use wsac_encoders::embedding::{Embedding, Embeddings, normalize};
use wsac_nn::rng::Stream;

/// Clips from which the noise level is estimated (section 3.1.1).
const SIGMA_CLIPS: usize = 50;

/// The range of a projection's temperature. Smaller values overflow f32 when similarities are divided by them; larger ones
/// all give the mean of the memory.
pub const TAU_RANGE: RangeInclusive<f32> = 1e-5..=1000.0;

/// Which to follow where the paper and its reference code differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compat {
    /// The paper: `x + n`, `x + gap`, and projections as in Eq. 5.
    #[default]
    Paper,
    /// The published code: `unit(unit(x) + n + gap)`, no change at all if the variance is 0, and unit projections.
    Reference,
}

/// How an audio embedding is transformed before the decoder sees it (section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bridge {
    /// Not at all: the decoder takes it as if it were a text embedding.
    #[default]
    Direct,
    /// Replaced by the most similar row of the memory (Eq. 3).
    Nearest,
    /// Replaced by the sum of the memory's rows, weighted by softmax(similarity / tau) (Eq. 4 and 5).
    Project {
        /// The temperature: towards 0 this becomes [`Bridge::Nearest`]; larger values average over more. The code uses 0.01.
        tau: f32,
        /// Use only this many most similar rows; all if `None`, as in the paper.
        #[serde(default)]
        top_k: Option<usize>,
    },
}

impl Bridge {
    /// Says what is wrong with its settings.
    ///
    /// # Errors
    /// If a projection's temperature is out of range, or it uses no captions.
    pub fn check(&self) -> Result<()> {
        let Self::Project { tau, top_k } = self else {
            return Ok(());
        };
        if !TAU_RANGE.contains(tau) {
            let (least, most) = (TAU_RANGE.start(), TAU_RANGE.end());
            return Err(Error::Config(format!(
                "tau must be from {least} to {most}, not {tau}"
            )));
        }
        if *top_k == Some(0) {
            return Err(Error::Config("top-k must be at least 1".into()));
        }
        Ok(())
    }

    /// The decoder's input [d] for `audio`. A projection has length at most 1; `renormalise` makes it 1 (needed by a decoder
    /// trained on unit embeddings, and done by the reference code). The others are unit in any case.
    ///
    /// # Errors
    /// If a memory is needed and is missing or of another width, or the settings are out of range.
    pub fn apply(
        &self,
        audio: &Embedding,
        memory: Option<&Memory>,
        renormalise: bool,
    ) -> Result<Vec<f32>> {
        self.check()?;
        let width = audio.as_slice().len();
        let memory = || {
            match memory {
            Some(memory) if memory.dim() == width => Ok(memory),
            Some(memory) => Err(Error::Config(format!(
                "the memory holds embeddings of width {}, the audio's is {width}; build the memory with the same encoder",
                memory.dim()
            ))),
            None => Err(Error::Config(
                "nearest and projection need a memory of captions: give one with `--memory FILE` (`wsac memory build` \
                 makes it), or use the strategy direct"
                    .into(),
            )),
        }
        };
        Ok(match *self {
            Self::Direct => audio.as_slice().to_vec(),
            Self::Nearest => {
                let memory = memory()?;
                memory.embedding(memory.nearest(audio, 1)[0].index)
            }
            Self::Project { tau, top_k } => {
                let mut sum = memory()?.project(audio, tau, top_k)?;
                if renormalise {
                    normalize(&mut sum);
                }
                sum
            }
        })
    }
}

/// A blend of the audio embedding and its bridged embedding: `share * audio + (1 - share) * bridged`, normalised
/// if `renormalise`. `bridged` unchanged if the share is 0.
pub fn blend(audio: &Embedding, bridged: Vec<f32>, share: f32, renormalise: bool) -> Vec<f32> {
    if share == 0.0 {
        return bridged;
    }
    let pairs = audio.as_slice().iter().zip(bridged);
    let mut mix: Vec<f32> = pairs.map(|(a, b)| share * a + (1.0 - share) * b).collect();
    if renormalise {
        normalize(&mut mix);
    }
    mix
}

/// How a text embedding is augmented for training (section 3.1).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Augmentation {
    /// The variance of the normal noise added to each coordinate; the paper's is 0.013 for its own encoder. 0 adds none.
    pub noise_variance: f64,
    /// The modality gap [d] (Eq. 2), added to shift text embeddings to the audio embeddings.
    pub shift: Option<Vec<f32>>,
    /// Scale the sum to unit length. The paper does not; the reference code always does.
    pub renormalise: bool,
    /// With [`Compat::Reference`], all steps are done in the order of the code instead.
    pub compat: Compat,
}

impl Augmentation {
    /// Augments `row` [d] with the noise of `stream` at counters `first..first + d`.
    pub fn apply(&self, row: &mut [f32], stream: Stream, first: u64) {
        self.apply_with(row, |j| stream.gauss(first + j as u64));
    }

    /// Augments `row` [d]; `noise(j)` is the standard normal number of coordinate `j`.
    pub fn apply_with(&self, row: &mut [f32], noise: impl Fn(usize) -> f32) {
        let reference = self.compat == Compat::Reference;
        if reference && self.noise_variance == 0.0 {
            return; // As in the reference code, even if there is a shift.
        }
        if reference {
            normalize(row);
        }
        if self.noise_variance > 0.0 {
            let sigma = self.noise_variance.sqrt() as f32;
            (0..)
                .zip(&mut *row)
                .for_each(|(j, x)| *x += sigma * noise(j));
        }
        if let Some(shift) = &self.shift {
            row.iter_mut().zip(shift).for_each(|(x, d)| *x += d);
        }
        if reference || self.renormalise {
            normalize(row);
        }
    }

    /// Whether rows are left unchanged.
    pub fn is_none(&self) -> bool {
        self.noise_variance == 0.0 && (self.shift.is_none() || self.compat == Compat::Reference)
    }

    /// Says what is wrong with these settings for embeddings of width `dim`.
    ///
    /// # Errors
    /// If the variance is negative or not finite, or the shift has another width.
    pub fn check(&self, dim: usize) -> Result<()> {
        if !(self.noise_variance >= 0.0 && self.noise_variance.is_finite()) {
            return Err(Error::Config(format!(
                "the noise variance must be 0 or more, not {}",
                self.noise_variance
            )));
        }
        match self.shift.as_ref().map(Vec::len) {
            Some(width) if width != dim => Err(Error::Config(format!(
                "the shift has width {width}, the embeddings {dim}; measure the gap with the same encoder"
            ))),
            _ => Ok(()),
        }
    }
}

/// The noise level (section 3.1.1): how far apart captions of one clip are. The mean over the unordered pairs of each
/// clip's captions of the largest difference in any coordinate, over the first 50 of `clips` that have two captions.
/// `None` if there are none. Its square is the [`Augmentation::noise_variance`].
pub fn sigma_pairs<'a>(clips: impl IntoIterator<Item = &'a Embeddings>) -> Option<f64> {
    let mut distances = Vec::new();
    for clip in clips.into_iter().filter(|c| c.len() > 1).take(SIGMA_CLIPS) {
        for j in 1..clip.len() {
            for i in 0..j {
                let pairs = clip.row(i).iter().zip(clip.row(j));
                let differences = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
                distances.push(differences.fold(0.0, f64::max));
            }
        }
    }
    let sum: f64 = distances.iter().sum();
    (!distances.is_empty()).then(|| sum / distances.len() as f64)
}

/// The modality gap (Eq. 2), [d]: the mean of `audio` minus the mean of `text`, which need not be paired.
///
/// # Errors
/// If one is empty or the widths differ.
pub fn gap(audio: &Embeddings, text: &Embeddings) -> Result<Vec<f32>> {
    if audio.is_empty() || text.is_empty() || audio.dim() != text.dim() {
        return Err(Error::Config(format!(
            "the gap needs audio and text embeddings of one width, not {} of width {} and {} of width {}",
            audio.len(),
            audio.dim(),
            text.len(),
            text.dim()
        )));
    }
    let means = audio.mean().into_iter().zip(text.mean());
    Ok(means.map(|(a, t)| a - t).collect())
}
