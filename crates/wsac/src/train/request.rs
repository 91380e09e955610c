//! A run as users ask for it: a preset, settings by name, an encoder, captions and a folder -> a training [`Job`], run.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use serde::Deserialize;

use super::config::{Noise, TrainConfig};
use super::job::{Event, Job, Outcome};
use super::run::run;
use crate::bridge::Compat;
use crate::error::{Error, Result};
use crate::model::{Defaults, load_gap};
use wsac_encoders::compute_dtype::ComputeDtype;
use wsac_encoders::encoder::{EmbeddingSpace, Encoder};

/// The settings to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// A useful captioner in minutes on two cores.
    #[default]
    Fast,
    /// The settings of the paper, section 4.
    Paper,
    /// The settings of the published code.
    Reference,
}

impl Preset {
    /// Its settings, for embeddings of `space`.
    pub fn settings(self, space: &EmbeddingSpace) -> TrainConfig {
        let mut config = match self {
            Self::Fast => TrainConfig::default(),
            Self::Paper => TrainConfig::paper(),
            Self::Reference => TrainConfig::reference(),
        };
        if !Defaults::of(space).clauses {
            (config.clauses, config.joined) = (0.0, 0.0);
        }
        config
    }
}

/// The settings of a run: the preset's, overridden by those of `config`, by `settings`, and by the others, each of which
/// changes nothing where it is not given.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The settings to start from.
    pub preset: Preset,
    /// A TOML file like the train.toml of a run.
    pub config: Option<PathBuf>,
    /// Settings by their names in train.toml.
    pub settings: toml::Table,
    /// The order of normalising, noise and shift.
    pub compat: Option<Compat>,
    /// Number of epochs.
    pub epochs: Option<usize>,
    /// Batch size, in captions.
    pub batch: Option<usize>,
    /// The peak learning rate.
    pub lr: Option<f64>,
    /// The noise.
    pub noise: Option<Noise>,
    /// The file of the gap to shift by.
    pub shift: Option<PathBuf>,
    /// The folder of a GPT-2 to start from.
    pub gpt2: Option<PathBuf>,
    /// Whether only the mapper is trained.
    pub freeze: bool,
    /// The seed.
    pub seed: Option<u64>,
    /// The data type of products.
    pub precision: Option<ComputeDtype>,
}

impl Request {
    /// The settings asked for, for embeddings of `space`.
    ///
    /// # Errors
    /// If a setting is unknown, of another type or out of range, or the file cannot be read.
    pub fn settings(&self, space: &EmbeddingSpace) -> Result<TrainConfig> {
        let mut config = self.preset.settings(space);
        if let Some(file) = &self.config {
            let text = fs::read_to_string(file).map_err(|e| Error::io(file, e))?;
            let name = file.display();
            config = (config.with_toml(&text))
                .map_err(|error| Error::Config(format!("{name}: {error}")))?;
        }
        config = config.with_toml(&self.settings.to_string())?;
        if let Some(epochs) = self.epochs {
            // If epochs are given, the minimum number of steps must not add to them.
            (config.epochs, config.min_steps) = (epochs, 0);
        }
        config.batch = self.batch.unwrap_or(config.batch);
        config.lr = self.lr.unwrap_or(config.lr);
        config.noise = self.noise.unwrap_or(config.noise);
        config.seed = self.seed.unwrap_or(config.seed);
        config.shift |= self.shift.is_some();
        config.freeze |= self.freeze;
        if let Some(folder) = &self.gpt2 {
            config.gpt2 = Some(std::path::absolute(folder).map_err(|e| Error::io(folder, e))?);
        }
        config.precision = self.precision.unwrap_or(config.precision);
        config.compat = self.compat.unwrap_or(config.compat);
        config.check()?;
        Ok(config)
    }

    /// Runs a training with these settings, as [`run`] does, on what `inputs` holds.
    ///
    /// # Errors
    /// As [`Request::settings`] and [`run`], and if the encoder or the gap cannot be read.
    pub fn run(
        &self,
        encoder: Encoder,
        inputs: Inputs,
        observer: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<Outcome> {
        let config = self.settings(encoder.space())?;
        let encoder = encoder.with_arithmetic(config.precision);
        let (text, vocabulary) = (encoder.text_tower()?, encoder.vocabulary()?);
        let shift = self.shift.as_deref();
        let job = Job {
            defaults: Defaults::of(encoder.space()),
            clips: &inputs.clips,
            shares: &inputs.shares,
            validation: inputs.validation.as_deref(),
            text: text.as_ref(),
            space: encoder.space(),
            vocabulary: &vocabulary,
            shift: shift.map(|file| load_gap(file, text.dim())).transpose()?,
            out: inputs.out,
            cache: inputs.cache,
            resume: inputs.resume,
        };
        run(config, &job, observer)
    }
}

/// What a run learns from, and where it is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inputs {
    /// The captions to learn from, clip by clip.
    pub clips: Vec<Vec<String>>,
    /// How often an epoch uses each clip; empty if each is used once.
    pub shares: Vec<f64>,
    /// The captions for the validation loss; if `None`, a share of `clips` is held out.
    pub validation: Option<Vec<Vec<String>>>,
    /// The folder of the run.
    pub out: PathBuf,
    /// A folder for caching embeddings between runs.
    pub cache: Option<PathBuf>,
    /// Whether to resume the run in `out`.
    pub resume: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_lie_over_the_file_and_the_file_over_the_preset() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("train.toml");
        fs::write(&file, "batch = 8\nlr = 0.5\n").expect("a file");
        let request = Request {
            preset: Preset::Paper,
            config: Some(file),
            settings: "lr = 0.25\ndropout = 0.0".parse().expect("toml"),
            epochs: Some(2),
            lr: Some(0.125),
            ..Request::default()
        };
        let mini = request.settings(&EmbeddingSpace::mini()).expect("settings");
        assert_eq!((mini.batch, mini.lr, mini.dropout), (8, 0.125, 0.0));
        assert_eq!((mini.epochs, mini.min_steps), (2, 0));
        // A CLAP encodes a recording as one sound, so there are no clauses to join.
        let fast = Request::default();
        let clap = fast.settings(&EmbeddingSpace::clap("x", "x"));
        assert_eq!(clap.expect("settings").clauses, 0.0);
        assert!(Preset::Fast.settings(&EmbeddingSpace::mini()).clauses > 0.0);
        let wrong = Request {
            settings: "epoch = 2".parse().expect("toml"),
            ..Request::default()
        };
        let error = wrong.settings(&EmbeddingSpace::mini());
        let error = error.expect_err("an unknown setting").to_string();
        assert!(error.contains("epoch"), "{error}");
    }
}
