//! The state of an unfinished run on disk: weights, both moments and the step, written whole or not at all.

use std::fs;
use std::path::Path;

use wsac_nn::optim::Adam;

use crate::error::{Error, Result};
use crate::train::Trainer;
use wsac_tensors::safetensors::{TensorFile, Tensors};

/// The file in a run folder.
pub const FILE: &str = "checkpoint.safetensors";

/// Saves where `trainer` stands. `settings` is what the run must have in common with the one that resumes it.
///
/// # Errors
/// Where the file cannot be written.
pub fn save(trainer: &Trainer, settings: &str, path: &Path) -> Result<()> {
    let mut file = TensorFile::new();
    file.describe(format!("{}\n{settings}", trainer.steps_done()));
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

/// Brings `trainer` to where the run in `path` stood.
///
/// # Errors
/// Where the file is damaged, or belongs to a run with other `settings` or captions.
pub fn load(trainer: &mut Trainer, settings: &str, path: &Path) -> Result<()> {
    let bytes = fs::read(path).map_err(|e| Error::io(path, e))?;
    let tensors = Tensors::parse(path, &bytes)?;
    let (step, saved) = tensors
        .description()
        .and_then(|d| d.split_once('\n'))
        .and_then(|(step, settings)| Some((step.parse::<usize>().ok()?, settings)))
        .ok_or_else(|| Error::model(path, "is no checkpoint of a training run"))?;
    if saved != settings {
        return Err(Error::model(
            path,
            "was made with other settings or captions; give the same ones to resume, or another --out to start anew",
        ));
    }
    let (n, learned) = (trainer.decoder.weights().len(), trainer.adam.m.len());
    let weights = tensors.get("weights", &[n])?;
    let adam = Adam {
        m: tensors.get("m", &[learned])?,
        v: tensors.get("v", &[learned])?,
        t: step as u64,
        ..trainer.adam.clone()
    };
    trainer.restore(step, &weights, adam);
    Ok(())
}
