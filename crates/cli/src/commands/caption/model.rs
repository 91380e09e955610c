//! The flags that choose a captioner -> the [`Captioner`] and its encoder; the same for `caption`, `listen` and `serve`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use wsac::captioner::{Captioner, Opening, Precision};
use wsac::encoders::encoder::Encoder;
use wsac::model::RunConfig;

use super::refine::CentreArgs;
use crate::encoder::{ClapArgs, WindowArgs};

/// The choice of a captioner.
#[derive(clap::Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// A folder that `wsac train` has made [default: the built-in model `mini`]
    #[arg(long, value_name = "DIR", env = "WSAC_MODEL")]
    model: Option<PathBuf>,

    /// Use the captions of another memory, made by `wsac memory build`
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,

    #[command(flatten)]
    centre: CentreArgs,

    #[command(flatten)]
    clap: ClapArgs,

    #[command(flatten)]
    window: WindowArgs,

    /// Data type of the encoder and the decoder: bf16 is faster on processors that support it
    #[arg(long, value_enum, default_value = "f32")]
    precision: Words,
}

/// The data type of products or weights.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Words {
    /// bf16 where the processor supports it, else f32
    Auto,
    /// The same on every machine
    F32,
    /// 16-bit floating point; half the time where memory bandwidth is the limit
    Bf16,
    /// The decoder's weights in a quarter of the memory, the encoder as with `auto`
    Int8,
}

impl From<Words> for Precision {
    fn from(words: Words) -> Self {
        match words {
            Words::Auto => Self::Auto,
            Words::F32 => Self::F32,
            Words::Bf16 => Self::Bf16,
            Words::Int8 => Self::Int8,
        }
    }
}

impl ModelArgs {
    /// The files and folders that are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let own = self.model.iter().chain(&self.memory).map(PathBuf::as_path);
        own.chain(self.centre.files()).chain(self.clap.files())
    }

    /// Loads the captioner, which embeds candidates with its own encoder's text tower if necessary.
    pub fn open(&self) -> Result<Captioner> {
        let (captioner, encoder) = self.open_with_encoder()?;
        Ok(captioner.with_reader(encoder))
    }

    /// Loads the captioner, and its encoder.
    pub fn open_with_encoder(&self) -> Result<(Captioner, Encoder)> {
        let mut opening = Opening {
            model: self.model.clone(),
            memory: self.memory.clone(),
            window: self.window.window,
            precision: self.precision.into(),
            ..Opening::default()
        };
        self.centre.apply(&mut opening);
        opening.check().context("--centre, --gap")?;
        opening.open(|card: &RunConfig| {
            (self.clap.open_or(&card.clap)).with_context(|| {
                let name = &card.name;
                format!("the encoder of the captioner {name} (--clap gives another place)")
            })
        })
    }
}
