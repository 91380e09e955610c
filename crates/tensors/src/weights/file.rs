//! The weights of a model on disk: one file, or an index of shards.

use std::path::{Path, PathBuf};

use super::shards::Shards;
use super::single::{SingleFile, is_json};
use super::{Buffer, Weights};
use crate::error::Result;

/// An open file of weights. Its numbers stay in the file until they are asked for: f32 of safetensors are used in place,
/// in the mapped file; everything else is read and converted tensor by tensor. While it is open, the file must not be
/// changed (replacing it by renaming another over it is fine).
#[derive(Debug)]
pub struct WeightFile(Kind);

#[derive(Debug)]
enum Kind {
    Single(SingleFile),
    Shards(Shards),
}

impl WeightFile {
    /// Opens `path`, whatever its name ends with. Nothing that a pickle asks for is executed.
    ///
    /// # Errors
    /// Where the file cannot be read, is damaged or no file of weights (the message says what it is instead), or holds
    /// a pickle that refers to anything but weights and plain settings.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if is_json(path)? {
            return Ok(Self(Kind::Shards(Shards::open(path)?)));
        }
        Ok(Self(Kind::Single(SingleFile::open(path)?)))
    }

    /// What lies beside the weights in a checkpoint and is not read, e.g. `optimizer`.
    pub fn skipped(&self) -> &[String] {
        match &self.0 {
            Kind::Single(file) => file.skipped(),
            Kind::Shards(_) => &[],
        }
    }

    /// The text that a checkpoint carries beside its weights under `name`, e.g. `model_type`.
    pub fn setting(&self, name: &str) -> Option<&str> {
        match &self.0 {
            Kind::Single(file) => file.setting(name),
            Kind::Shards(_) => None,
        }
    }

    /// Number `place` of tensor `name`, counted row by row, read alone; `None` where there is none.
    pub fn number(&self, name: &str, place: usize) -> Option<f32> {
        match &self.0 {
            Kind::Single(file) => file.number(name, place),
            Kind::Shards(file) => file.number(name, place),
        }
    }

    /// The files that the weights lie in.
    pub fn files(&self) -> Vec<PathBuf> {
        match &self.0 {
            Kind::Single(file) => vec![file.path().to_path_buf()],
            Kind::Shards(shards) => shards.files(),
        }
    }

    fn weights(&self) -> &dyn Weights {
        match &self.0 {
            Kind::Single(file) => file,
            Kind::Shards(file) => file,
        }
    }
}

impl Weights for WeightFile {
    fn path(&self) -> &Path {
        self.weights().path()
    }

    fn names(&self) -> Vec<&str> {
        self.weights().names()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.weights().shape(name)
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<Buffer> {
        self.weights().get(name, shape)
    }
}

#[cfg(test)]
mod tests;
