//! The flags of strategy, decoding and sampling -> [`Settings`].

use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;
use wsac::bridge::{self, Bridge, TAU_RANGE};
use wsac::captioner::Settings;
use wsac::generate::TEMPERATURE_RANGE;

use super::refine::RefineArgs;
use crate::ranges::within;

/// How a recording's embedding becomes a caption.
#[derive(clap::Args)]
#[command(next_help_heading = "Decoding")]
pub struct DecodingArgs {
    /// How the gap between audio and text embeddings is bridged [default: the model's own]
    #[arg(long, value_enum)]
    strategy: Option<Strategy>,

    /// The temperature of the projection: smaller is closer to the nearest caption [default: the model's own]
    #[arg(long, value_name = "F", value_parser = within(TAU_RANGE))]
    tau: Option<f32>,

    /// Project on the N nearest captions only
    #[arg(long, value_name = "N", alias = "top_k", value_parser = clap::value_parser!(u32).range(1..))]
    top_k: Option<u32>,

    /// Beam width [default: 4]; 1 is greedy search, as in the paper
    #[arg(long, value_name = "N", alias = "beam_size", value_parser = clap::value_parser!(u32).range(1..=64))]
    beam: Option<u32>,

    /// Sample words at random: another caption for each --seed
    #[arg(long, conflicts_with = "beam")]
    sample: bool,

    /// With --sample: below 1 is safer, above 1 more varied
    #[arg(long, value_name = "F", default_value_t = 1.0, requires = "sample", value_parser = within(TEMPERATURE_RANGE))]
    temperature: f32,

    /// With --sample: sample from the likeliest words that make up this probability
    #[arg(long, value_name = "P", default_value_t = 0.9, requires = "sample", alias = "top_p", value_parser = within(0.0001_f32..=1.0))]
    top_p: f32,

    /// With --sample: equal seeds give equal captions
    #[arg(long, value_name = "N", default_value_t = 0, requires = "sample")]
    seed: u64,

    #[command(flatten)]
    refine: RefineArgs,
}

/// The strategies of the paper, section 3.2.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Strategy {
    /// The decoder takes the audio embedding as if it were a text embedding
    Direct,
    /// The nearest caption's embedding takes its place
    Nearest,
    /// A mean of captions takes its place, weighted by softmax(similarity / tau)
    #[value(alias = "project")]
    Projection,
}

impl From<Strategy> for bridge::Strategy {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Direct => Self::Direct,
            Strategy::Nearest => Self::Nearest,
            Strategy::Projection => Self::Projection,
        }
    }
}

impl DecodingArgs {
    /// The settings that the flags describe.
    ///
    /// # Errors
    /// If they contradict each other or are out of range.
    pub fn settings(&self) -> Result<Settings> {
        let mut settings = Settings {
            strategy: self.strategy.map(Into::into),
            tau: self.tau,
            top_k: self.top_k.map(|k| k as usize),
            beam: self.beam.map(|width| width as usize),
            sample: self.sample,
            temperature: self.temperature,
            top_p: self.top_p,
            seed: self.seed,
            ..Settings::default()
        };
        let Settings {
            strategy,
            tau,
            top_k,
            ..
        } = settings;
        bridge::Strategy::bridge(strategy, tau, top_k, Bridge::Direct)
            .context("--strategy, --tau, --top-k")?;
        self.refine.apply(&mut settings);
        settings.check()?;
        Ok(settings)
    }

    /// The files that are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.refine.files()
    }
}
