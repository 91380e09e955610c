//! The flags that choose an encoder, the same for every command that embeds.

use std::path::Path;

use anyhow::Result;
use wsac::audio::{AudioStream, Source};
use wsac::encoders::analysis::AudioAnalysis;
use wsac::encoders::clap::family::Family;
use wsac::encoders::clap::windowing::Windows;
use wsac::encoders::compute_dtype::ComputeDtype;
use wsac::encoders::encoder::Encoder;
use wsac::encoders::named;
use wsac::encoders::towers::AudioTower;

use crate::hub;
use crate::precision::Precision;
use crate::process::use_threads;

/// The choice of an encoder.
#[derive(clap::Args)]
pub struct ClapArgs {
    /// The encoder: `mini`, a model of `wsac models list`, a folder or a checkpoint (.pt, .pth, .ckpt, .safetensors)
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub clap: Option<String>,

    /// The family of the checkpoint, where its tensors leave it open
    #[arg(long, value_name = "NAME", requires = "clap")]
    family: Option<Family>,
}

/// How audio and text are embedded.
#[derive(clap::Args)]
pub struct EncoderArgs {
    #[command(flatten)]
    clap: ClapArgs,

    /// Data type of matrix products [default: f32; in training auto, but f32 with --preset paper and reference]
    #[arg(long, value_enum)]
    pub precision: Option<Precision>,

    /// Number of threads, at most one a core [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// No progress bar and no warnings; errors are still shown
    #[arg(short, long)]
    pub quiet: bool,
}

/// Which part of a recording is encoded.
#[derive(clap::Args)]
pub struct WindowArgs {
    /// What a CLAP encodes of a recording longer than its window: the `first` window, the one in the `centre`, or the
    /// `mean` of all [default: mean]
    #[arg(long, value_name = "WHICH", default_value_t, hide_default_value = true)]
    pub window: Windows,
}

impl ClapArgs {
    /// The file or folder that is read, if the encoder is not built in.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.clap.as_deref().map(Path::new).into_iter()
    }

    /// Finds the encoder asked for, else the one called `name`.
    pub fn open_or(&self, name: &str) -> Result<Encoder> {
        find(self.clap.as_deref().unwrap_or(name), self.family)
    }
}

/// The encoder called `name`: `mini`, a model of the hub's cache, a folder or a checkpoint.
pub fn find(name: &str, family: Option<Family>) -> Result<Encoder> {
    Ok(named::encoder(name, family, &hub::open(true))?)
}

impl EncoderArgs {
    /// The file or folder that is read, if the encoder is not built in.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.clap.files()
    }

    /// Sets up the threads and finds the encoder.
    pub fn open(&self) -> Result<Encoder> {
        use_threads(self.threads)?;
        let arithmetic = self.precision.map_or(ComputeDtype::F32, Into::into);
        Ok(self.clap.open_or("mini")?.with_arithmetic(arithmetic))
    }
}

impl WindowArgs {
    /// `encoder`, encoding the part asked for.
    pub fn of(&self, encoder: Encoder) -> Encoder {
        encoder.with_windows(self.window)
    }
}

/// The analysis of `source` by `tower`.
pub fn encode(tower: &dyn AudioTower, source: &Source) -> wsac::Result<AudioAnalysis> {
    Ok(tower.encode(&mut AudioStream::open(source, tower.rate())?)?)
}
