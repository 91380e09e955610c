//! Encoders by name: the two towers of one space, and how that space wants to be used.

use std::str::FromStr;

use super::{AudioTower, TextTower};
use crate::bridge::Bridge;
use crate::bundled;
use crate::error::{Error, Result};
use crate::memory::Centre;
use crate::tokenizer::Tokenizer;

/// An audio tower and a text tower that share a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoder {
    /// YAMNet and MiniLM, built in.
    Mini,
}

impl Encoder {
    /// Its name, as it stands in the `config.json` of a run.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mini => "mini",
        }
    }

    /// From sounds to the space.
    ///
    /// # Errors
    /// Where its files are missing or damaged.
    pub fn audio_tower(self) -> Result<Box<dyn AudioTower>> {
        match self {
            Self::Mini => bundled::audio_tower(),
        }
    }

    /// From texts to the space.
    ///
    /// # Errors
    /// Where its files are missing or damaged.
    pub fn text_tower(self) -> Result<Box<dyn TextTower>> {
        match self {
            Self::Mini => Ok(Box::new(bundled::text_tower()?)),
        }
    }

    /// The vocabulary that captions are split with, whole.
    ///
    /// # Errors
    /// Where its file is missing or damaged.
    pub fn vocabulary(self) -> Result<Tokenizer> {
        match self {
            Self::Mini => bundled::vocabulary(),
        }
    }

    /// The strategy that sounds and captions of this space are best bridged with.
    pub fn bridge(self) -> Bridge {
        match self {
            Self::Mini => Bridge::Project {
                tau: 0.02,
                top_k: None,
            },
        }
    }

    /// Where its similarities are measured from.
    pub fn centre(self) -> Centre {
        match self {
            Self::Mini => Centre::MemoryMean,
        }
    }

    /// The variance of noise to train with where the captions tell none (no clip has two). For `mini` it is what the
    /// built-in decoder was trained with: projections lie near captions, so less noise than section 3.1.1 estimates
    /// (0.018 from AudioCaps' validation captions) is enough, and rare words survive.
    pub fn noise_variance(self) -> f64 {
        match self {
            Self::Mini => 0.003,
        }
    }
}

impl FromStr for Encoder {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "mini" => Ok(Self::Mini),
            _ => Err(Error::Config(format!(
                "there is no encoder {name:?}; known: mini"
            ))),
        }
    }
}
