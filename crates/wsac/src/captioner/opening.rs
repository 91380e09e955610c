//! Which captioner, as users say it: a run folder or the built-in one, its memory, what similarities are measured from, windows
//! and precision -> [`Captioner`] and its encoder.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Captioner;
use crate::decoder::WeightDtype;
use crate::error::{Error, Result};
use crate::memory::Centre;
use crate::model::{Model, RunConfig, load_gap};
use wsac_encoders::clap::windowing::Windows;
use wsac_encoders::compute_dtype::ComputeDtype;
use wsac_encoders::encoder::Encoder;

/// The choice of a captioner. `Default` is the built-in one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Opening {
    /// A run folder; `None` and `mini` are the built-in model.
    pub model: Option<PathBuf>,
    /// Another memory than the model's.
    pub memory: Option<PathBuf>,
    /// What similarities to the memory are measured from; `None` is the model's own.
    pub centre: Option<MeasuredFrom>,
    /// The file of the modality gap, for [`MeasuredFrom::Modalities`].
    pub gap: Option<PathBuf>,
    /// What a CLAP encodes of a recording longer than its window.
    pub window: Windows,
    /// The data type of the encoder and the decoder.
    pub precision: Precision,
}

/// What is subtracted before similarities to the memory are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MeasuredFrom {
    /// Nothing: the cosine, as in the paper.
    None,
    /// The mean of the memory.
    Memory,
    /// The mean of each modality (C3).
    Modalities,
}

/// The data type of a captioner's products and weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// bf16 where the processor supports it, else f32.
    Auto,
    /// The same on every machine.
    #[default]
    F32,
    /// 16-bit floating point; half the time where memory bandwidth is the limit.
    Bf16,
    /// The decoder's weights in a quarter of the memory, the encoder as with [`Precision::Auto`].
    Int8,
}

impl Precision {
    /// The encoder's data type. It has no int8: its time is spent on products, not on reading weights.
    pub fn of_encoder(self) -> ComputeDtype {
        match self {
            Self::F32 => ComputeDtype::F32,
            Self::Bf16 => ComputeDtype::Bf16,
            Self::Auto | Self::Int8 => ComputeDtype::Auto,
        }
    }

    /// The data type of the decoder's packed weights.
    fn of_decoder(self) -> WeightDtype {
        match self {
            Self::Auto if ComputeDtype::Auto.decided() == ComputeDtype::Bf16 => WeightDtype::Bf16,
            Self::Auto | Self::F32 => WeightDtype::F32,
            Self::Bf16 => WeightDtype::Bf16,
            Self::Int8 => WeightDtype::Int8,
        }
    }
}

impl Opening {
    /// Loads the captioner, and the encoder that `find` finds for the model described. The encoder's text tower is not loaded;
    /// [`Captioner::with_reader`] takes it.
    ///
    /// # Errors
    /// What `find` gives; if the model, its memory or the gap cannot be read, or they do not fit each other.
    pub fn open<E: From<Error>>(
        &self,
        find: impl FnOnce(&RunConfig) -> std::result::Result<Encoder, E>,
    ) -> std::result::Result<(Captioner, Encoder), E> {
        self.check()?;
        let mut model = match &self.model {
            Some(model) if model != Path::new("mini") => Model::load(model)?,
            _ => Model::bundled()?,
        };
        let encoder = find(&model.card)?;
        model.check_space(encoder.space())?;
        model.decoder.pack(self.precision.of_decoder());
        let encoder = encoder
            .with_windows(self.window)
            .with_arithmetic(self.precision.of_encoder());
        let tower = encoder.audio_tower().map_err(Error::from)?;
        let captioner = Captioner::new(tower, model)?;
        let captioner = match &self.memory {
            Some(memory) => captioner.with_memory(memory)?,
            None => captioner,
        };
        Ok((self.centred(captioner)?, encoder))
    }

    /// Says whether the centre and the gap go together, before anything is read.
    ///
    /// # Errors
    /// If one of them lacks the other.
    pub fn check(&self) -> Result<()> {
        let modalities = self.centre == Some(MeasuredFrom::Modalities);
        match (&self.gap, modalities) {
            (None, true) => Err(Error::Config(
                "centre modalities needs a gap: the file that `wsac gap CAPTIONS --audio DIR -o FILE` writes".into(),
            )),
            (Some(_), false) => Err(Error::Config("a gap is for centre modalities".into())),
            _ => Ok(()),
        }
    }

    /// `captioner`, measuring similarities from the point asked for.
    fn centred(&self, captioner: Captioner) -> Result<Captioner> {
        let width = captioner.model().card.decoder.embedding;
        let gap = self.gap.as_deref().map(|path| load_gap(path, width));
        match self.centre {
            None => Ok(captioner),
            Some(MeasuredFrom::None) => captioner.with_centre(Centre::None, None),
            Some(MeasuredFrom::Memory | MeasuredFrom::Modalities) => {
                captioner.with_centre(Centre::MemoryMean, gap.transpose()?.as_deref())
            }
        }
    }
}
