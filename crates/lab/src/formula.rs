//! Weights of a CLAP that are computed, not learned: as fast as real ones, and nothing to download.

use std::path::PathBuf;

use anyhow::Context;
use wsac::encoders::compute_dtype::ProductDtype;
use wsac::tensors::safetensors::Tensors;
use wsac::tensors::weights::synthetic::SyntheticWeights;

/// Where the shapes of a checkpoint come from.
#[derive(clap::Args)]
pub struct Shapes {
    /// The checkpoint's tensors: {"keys": [[name, dtype, shape, ..], ..]}
    #[arg(value_name = "KEYS.json")]
    keys: PathBuf,
    /// A safetensors file with its filter bank [513, 64]
    #[arg(value_name = "FRONTEND.safetensors")]
    front_end: PathBuf,
}

impl Shapes {
    /// The weights.
    ///
    /// # Errors
    /// Where a file cannot be read, or is not what it should be.
    pub fn weights(&self) -> anyhow::Result<SyntheticWeights> {
        let read = |path: &PathBuf| std::fs::read(path).with_context(|| path.display().to_string());
        let bytes = read(&self.front_end)?;
        let file = Tensors::parse(&self.front_end, &bytes)?;
        let names = file.names();
        let bank = names.iter().find(|name| name.starts_with("mel"));
        let bank = file.get(
            bank.context("the front end has no filter bank")?,
            &[513, 64],
        )?;
        Ok(SyntheticWeights::parse(&self.keys, &read(&self.keys)?)?.with(".melW", &bank))
    }
}

/// The arithmetic of a measurement.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum DType {
    F32,
    Bf16,
}

impl DType {
    /// Its name on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }

    /// For weights of the encoders.
    pub fn precision(self) -> ProductDtype {
        match self {
            Self::F32 => ProductDtype::F32,
            Self::Bf16 => ProductDtype::Bf16,
        }
    }
}
