//! Encoders: the two towers of one space, by name, and how that space wants to be used.

use std::path::Path;

use super::{AudioTower, ClapAudio, ClapFiles, ClapText, Family, TextTower, Windows};
use crate::arithmetic::Arithmetic;
use crate::bridge::Bridge;
use crate::bundled;
use crate::error::Result;
use crate::memory::Centre;
use crate::tokenizer::Tokenizer;
use crate::weights::Reading;

/// What is known of the space that two towers share.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    /// What opens the encoder again: `mini`, a path, or a name that the caller can resolve. It stands in the
    /// `config.json` of a run.
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

    /// The space of a CLAP, used as in the paper: projection with tau 1/100, noise of variance 0.013 (section 4).
    pub fn clap(name: impl Into<String>, identity: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            identity: identity.into(),
            bridge: Bridge::Project {
                tau: 0.01,
                top_k: None,
            },
            centre: Centre::None,
            noise_variance: 0.013,
            hears_parts: false,
        }
    }
}

/// An audio tower and a text tower that share a space. Cheap to make: a tower's weights are read when it is asked for.
#[derive(Debug)]
pub struct Encoder {
    space: Space,
    /// `None` is `mini`, which is built in.
    files: Option<ClapFiles>,
    windows: Windows,
    arithmetic: Arithmetic,
}

impl Encoder {
    /// YAMNet and MiniLM, built in.
    pub fn mini() -> Self {
        Self {
            space: Space::mini(),
            files: None,
            windows: Windows::default(),
            arithmetic: Arithmetic::F32,
        }
    }

    /// The towers of a CLAP checkpoint that is known as `name`.
    pub fn clap(name: impl Into<String>, files: ClapFiles) -> Self {
        let identity = format!("{}-{}", files.family, files.fingerprint());
        Self {
            space: Space::clap(name, identity),
            files: Some(files),
            windows: Windows::default(),
            arithmetic: Arithmetic::F32,
        }
    }

    /// The encoder called `name`: `mini`, or the path of a CLAP, a folder or a checkpoint, of `family` where that is told.
    /// A path is known in full, so that a run finds its encoder from every folder.
    ///
    /// # Errors
    /// Where there is none.
    pub fn open(name: &str, family: Option<Family>) -> Result<Self> {
        if name == "mini" {
            return Ok(Self::mini());
        }
        let path = std::path::absolute(Path::new(name)).unwrap_or_else(|_| name.into());
        Ok(Self::clap(
            path.to_string_lossy(),
            ClapFiles::open(&path, family)?,
        ))
    }

    /// The same encoder, hearing other windows of long recordings. `mini` hears all of every recording.
    pub fn with_windows(self, windows: Windows) -> Self {
        Self { windows, ..self }
    }

    /// The same encoder, its towers multiplying in `arithmetic`. `mini`, which is small, multiplies in f32.
    pub fn with_arithmetic(self, arithmetic: Arithmetic) -> Self {
        Self { arithmetic, ..self }
    }

    /// The space that its towers share.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// What tells embeddings that its towers make from all others, where they are kept: the space's identity, and what they
    /// were computed in.
    pub fn made_in(&self) -> String {
        self.arithmetic.mark(&self.space.identity)
    }

    /// From sounds to the space.
    ///
    /// # Errors
    /// Where its files are missing or damaged.
    pub fn audio_tower(&self) -> Result<Box<dyn AudioTower>> {
        let Some(files) = &self.files else {
            return bundled::audio_tower();
        };
        let reading = Reading::new(&files.weights).in_precision(self.arithmetic.precision());
        let tower = ClapAudio::load(files.family, &reading, self.windows)?;
        reading.finish(|_| true)?;
        Ok(Box::new(tower))
    }

    /// From texts to the space.
    ///
    /// # Errors
    /// Where its files are missing or damaged, or it has no text tower.
    pub fn text_tower(&self) -> Result<Box<dyn TextTower>> {
        let Some(files) = &self.files else {
            return Ok(Box::new(bundled::text_tower()?));
        };
        let reading = Reading::new(&files.weights).in_precision(self.arithmetic.precision());
        let tower = ClapText::load(files.family, &reading, &files.beside())?;
        reading.finish(|_| true)?;
        Ok(Box::new(tower))
    }

    /// The vocabulary that captions are split with to be learned, whole: BERT's, as in the reference code.
    ///
    /// # Errors
    /// Where this build has none.
    pub fn vocabulary(&self) -> Result<Tokenizer> {
        bundled::vocabulary()
    }
}
