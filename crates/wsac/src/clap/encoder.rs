//! Encoders: the two towers of one space, by name, and how that space wants to be used.

use super::{AudioTower, TextTower};
use crate::bridge::Bridge;
use crate::bundled;
use crate::error::{Error, Result};
use crate::memory::Centre;
use crate::tokenizer::Tokenizer;

/// What is known of the space that two towers share.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    /// What opens the encoder again: `mini`, or a path. It stands in the `config.json` of a run.
    pub name: String,
    /// What tells this space from all others, in letters that a file name may have: embeddings are kept under it, and
    /// a captioner notices when it is given another space than it learned from.
    pub identity: String,
    /// The strategy that sounds and captions of this space are best bridged with.
    pub bridge: Bridge,
    /// Where its similarities are measured from.
    pub centre: Centre,
    /// The variance of noise to train with where the captions tell none (no clip has two).
    pub noise_variance: f64,
    /// Whether a recording of several sounds is heard as several points, so that learning from clauses pays.
    pub hears_parts: bool,
}

impl Space {
    /// The space of `mini`. Its noise is what the built-in decoder was trained with: projections lie near captions, so
    /// less than section 3.1.1 estimates (0.018 from AudioCaps' validation captions) is enough, and rare words survive.
    pub fn mini() -> Self {
        Self {
            name: "mini".into(),
            identity: "mini".into(),
            bridge: Bridge::Project {
                tau: 0.02,
                top_k: None,
            },
            centre: Centre::MemoryMean,
            noise_variance: 0.003,
            hears_parts: true,
        }
    }
}

/// An audio tower and a text tower that share a space. Cheap to make: a tower's weights are read when it is asked for.
#[derive(Debug)]
pub struct Encoder {
    space: Space,
}

impl Encoder {
    /// YAMNet and MiniLM, built in.
    pub fn mini() -> Self {
        Self {
            space: Space::mini(),
        }
    }

    /// The encoder called `name`: `mini`.
    ///
    /// # Errors
    /// Where there is none.
    pub fn open(name: &str) -> Result<Self> {
        match name {
            "mini" => Ok(Self::mini()),
            _ => Err(Error::Config(format!(
                "there is no encoder {name:?}; known: mini"
            ))),
        }
    }

    /// The space that its towers share.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// From sounds to the space.
    ///
    /// # Errors
    /// Where its files are missing or damaged.
    pub fn audio_tower(&self) -> Result<Box<dyn AudioTower>> {
        bundled::audio_tower()
    }

    /// From texts to the space.
    ///
    /// # Errors
    /// Where its files are missing or damaged, or it has no text tower.
    pub fn text_tower(&self) -> Result<Box<dyn TextTower>> {
        Ok(Box::new(bundled::text_tower()?))
    }

    /// The vocabulary that captions are split with to be learned, whole: BERT's, as in the reference code.
    ///
    /// # Errors
    /// Where this build has none.
    pub fn vocabulary(&self) -> Result<Tokenizer> {
        bundled::vocabulary()
    }
}
