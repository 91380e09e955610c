//! The checkpoint of an unfinished run: weights, both moments of Adam and the step, written atomically.

use std::fs;
use std::path::{Path, PathBuf};

use wsac_nn::optim::Adam;

use crate::error::{Error, Result};
use crate::train::Trainer;
use wsac_tensors::safetensors::{TensorFile, Tensors};

/// The file in a run folder.
pub const FILE: &str = "checkpoint.safetensors";

/// Saves the state of `trainer`. `identity` must be equal when the run is resumed.
///
/// # Errors
/// If the file cannot be written.
pub fn save(trainer: &Trainer, identity: &str, path: &Path) -> Result<()> {
    let mut file = TensorFile::new();
    file.describe(format!("{}\n{identity}", trainer.steps_done()));
    let weights = trainer.decoder.weights();
    for (name, values) in [
        ("weights", weights),
        ("m", &trainer.adam.m),
        ("v", &trainer.adam.v),
    ] {
        file.f32(name, &[values.len()], values);
    }
    Ok(file.save(path)?)
}

/// A checkpoint as stored on disk.
pub struct Checkpoint {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Steps done.
    pub step: usize,
    /// The identity of the run, as given to [`save`].
    pub identity: String,
}

impl Checkpoint {
    /// Reads the checkpoint at `path`.
    ///
    /// # Errors
    /// If the file cannot be read, or is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|e| Error::io(path, e))?;
        let (step, identity) = Tensors::parse(path, &bytes)?
            .description()
            .and_then(|d| d.split_once('\n'))
            .and_then(|(step, identity)| Some((step.parse().ok()?, identity.to_owned())))
            .ok_or_else(|| Error::model(path, "is no checkpoint of a training run"))?;
        Ok(Self {
            path: path.to_path_buf(),
            bytes,
            step,
            identity,
        })
    }

    /// Restores the state of `trainer`.
    ///
    /// # Errors
    /// If the checkpoint is damaged, or of a decoder of another shape.
    pub fn restore(&self, trainer: &mut Trainer) -> Result<()> {
        let tensors = Tensors::parse(&self.path, &self.bytes)?;
        let (n, learned) = (trainer.decoder.weights().len(), trainer.adam.m.len());
        let weights = tensors.get("weights", &[n])?;
        let adam = Adam {
            m: tensors.get("m", &[learned])?,
            v: tensors.get("v", &[learned])?,
            t: self.step as u64,
            ..trainer.adam.clone()
        };
        trainer.restore(self.step, &weights, adam);
        Ok(())
    }
}
