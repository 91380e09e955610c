//! Encoders: the two towers of one space, opened by name.

use std::path::Path;

use wsac_tensors::safetensors::Tensors;

use crate::assets;
use crate::clap::audio_tower::ClapAudio;
use crate::clap::checkpoint::ClapFiles;
use crate::clap::family::Family;
use crate::clap::text_tower::ClapText;
use crate::clap::windowing::Windows;
use crate::compute_dtype::ComputeDtype;
use crate::error::Result;
use crate::mini::audio_tower::Mini;
use crate::sentence::SentenceBert;
use crate::tokenizer::{Tokenizer, builtin};
use crate::towers::{AudioTower, TextTower};
use wsac_tensors::weights::WeightLoader;

/// The name and identity of the built-in encoder.
const MINI: &str = "mini";

/// A space that two towers share: embeddings of different spaces cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingSpace {
    /// What opens the encoder again: `mini`, a path, or a name that the caller can resolve. It stands in the
    /// `config.json` of a run.
    pub name: String,
    /// The identity of this space, in characters that a file name may have: embeddings are cached under it, and
    /// a captioner notices when it is given another space than it was trained on.
    pub identity: String,
}

impl EmbeddingSpace {
    /// The space of `mini`.
    pub fn mini() -> Self {
        Self {
            name: MINI.into(),
            identity: MINI.into(),
        }
    }

    /// The space of a CLAP.
    pub fn clap(name: impl Into<String>, identity: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            identity: identity.into(),
        }
    }

    /// Whether this is the space of `mini`.
    pub fn is_mini(&self) -> bool {
        self.identity == MINI
    }
}

/// MiniLM, the text tower of `mini`.
///
/// # Errors
/// As [`assets::file`].
pub fn text_tower() -> Result<SentenceBert> {
    let name = "mini/minilm/model.safetensors";
    let weights = Tensors::parse(name, assets::file(name)?)?;
    SentenceBert::minilm(builtin::vocabulary()?, &weights)
}

/// YAMNet and the class vectors, the audio tower of `mini`.
///
/// # Errors
/// As [`assets::file`].
pub fn audio_tower() -> Result<Box<dyn AudioTower>> {
    Ok(Box::new(Mini::bundled()?))
}

/// An audio tower and a text tower that share a space. Cheap to make: a tower's weights are read when it is asked for.
#[derive(Debug)]
pub struct Encoder {
    space: EmbeddingSpace,
    /// `None` is `mini`, which is built in.
    files: Option<ClapFiles>,
    windows: Windows,
    arithmetic: ComputeDtype,
}

impl Encoder {
    /// YAMNet and MiniLM, built in.
    pub fn mini() -> Self {
        Self {
            space: EmbeddingSpace::mini(),
            files: None,
            windows: Windows::default(),
            arithmetic: ComputeDtype::F32,
        }
    }

    /// The towers of a CLAP checkpoint that is known as `name`.
    pub fn clap(name: impl Into<String>, files: ClapFiles) -> Self {
        let identity = format!("{}-{}", files.family, files.fingerprint());
        Self {
            space: EmbeddingSpace::clap(name, identity),
            files: Some(files),
            windows: Windows::default(),
            arithmetic: ComputeDtype::F32,
        }
    }

    /// The encoder called `name`: `mini`, or the path of a CLAP folder or checkpoint, of `family` where given.
    /// A path is made absolute, so that a run finds its encoder from every folder.
    ///
    /// # Errors
    /// Where there is none.
    pub fn open(name: &str, family: Option<Family>) -> Result<Self> {
        if name == MINI {
            return Ok(Self::mini());
        }
        let path = std::path::absolute(Path::new(name)).unwrap_or_else(|_| name.into());
        Ok(Self::clap(
            path.to_string_lossy(),
            ClapFiles::open(&path, family)?,
        ))
    }

    /// The same encoder, with other windows of long recordings. `mini` always encodes all of a recording.
    pub fn with_windows(self, windows: Windows) -> Self {
        Self { windows, ..self }
    }

    /// The same encoder, its towers multiplying in `arithmetic`. `mini`, which is small, multiplies in f32.
    pub fn with_arithmetic(self, arithmetic: ComputeDtype) -> Self {
        Self { arithmetic, ..self }
    }

    /// The space that its towers share.
    pub fn space(&self) -> &EmbeddingSpace {
        &self.space
    }

    /// The cache key of the embeddings that its towers compute: the space's identity, and the precision they
    /// were computed in.
    pub fn made_in(&self) -> String {
        self.arithmetic.mark(&self.space.identity)
    }

    /// The audio tower.
    ///
    /// # Errors
    /// Where its files are missing or damaged.
    pub fn audio_tower(&self) -> Result<Box<dyn AudioTower>> {
        let Some(files) = &self.files else {
            return audio_tower();
        };
        let reading = WeightLoader::new(&files.weights).in_precision(self.arithmetic.precision());
        let tower = ClapAudio::load(files.family, &reading, self.windows)?;
        reading.finish(|_| true)?;
        Ok(Box::new(tower))
    }

    /// The text tower.
    ///
    /// # Errors
    /// Where its files are missing or damaged, or it has no text tower.
    pub fn text_tower(&self) -> Result<Box<dyn TextTower>> {
        let Some(files) = &self.files else {
            return Ok(Box::new(text_tower()?));
        };
        let reading = WeightLoader::new(&files.weights).in_precision(self.arithmetic.precision());
        let tower = ClapText::load(files.family, &reading, &files.beside())?;
        reading.finish(|_| true)?;
        Ok(Box::new(tower))
    }

    /// The full vocabulary that training captions are tokenised with: BERT's, as in the reference code.
    ///
    /// # Errors
    /// Where this build has none.
    pub fn vocabulary(&self) -> Result<Tokenizer> {
        builtin::vocabulary()
    }
}
