//! The flags beyond the paper: centring of similarities, maps of the gap, blends, and re-ranking.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use clap::ValueEnum;
use wsac::bridge::GapMap;
use wsac::captioner::{CaptionOptions, Captioner, Measure, Rerank};
use wsac::memory::Centre;
use wsac::model::load_gap;

use crate::ranges::within;

/// The steps before and beside the bridge.
#[derive(clap::Args)]
#[command(next_help_heading = "Re-ranking and refinement")]
pub struct RefineArgs {
    /// First map audio embeddings to text embeddings, with a map of `wsac gap learn`
    #[arg(long, value_name = "FILE", alias = "gap_map")]
    gap_map: Option<PathBuf>,

    /// With nearest and projection: how much of the audio embedding is mixed into the decoder's input, 0 to 1
    #[arg(long, value_name = "F", default_value_t = 0.0, value_parser = within(0.0_f32..=1.0))]
    blend: f32,

    /// Re-rank all captions found: by their similarity to the audio in the encoder's space, or by their agreement with
    /// the other candidates and the nearest captions of the memory
    #[arg(long, value_name = "BY", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "similarity")]
    rerank: Option<By>,

    /// With --rerank: the weight of a caption's mean log-probability (in nats a word)
    #[arg(long, value_name = "F", default_value_t = 0.0, requires = "rerank", value_parser = within(-1000.0_f32..=1000.0))]
    rerank_alpha: f32,

    /// With --rerank: search with beams of these widths too, such as 2,3,5,8
    #[arg(long, value_name = "N,N", value_delimiter = ',', requires = "rerank")]
    rerank_widths: Vec<usize>,

    /// With --rerank: the N nearest captions of the memory are candidates too
    #[arg(long, value_name = "N", default_value_t = 0, requires = "rerank")]
    rerank_nearest: usize,
}

/// The point that similarities to the memory are measured from.
#[derive(clap::Args)]
pub struct CentreArgs {
    /// What is subtracted before similarities to the memory are computed [default: the model's own]
    #[arg(long, value_name = "FROM", value_enum)]
    centre: Option<From>,

    /// With --centre modalities: the gap that `wsac gap CAPTIONS --audio DIR -o FILE` has measured
    #[arg(long, value_name = "FILE", requires = "centre")]
    gap: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Nothing: the cosine, as in the paper
    None,
    /// The mean of the memory
    Memory,
    /// The mean of each modality (C3); needs --gap
    Modalities,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// The similarity to the audio (CLAP-Refine)
    #[value(alias = "clap")]
    Similarity,
    /// The agreement of candidates and nearest captions (minimum Bayes risk)
    Consensus,
}

impl RefineArgs {
    /// The files that are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.gap_map.as_deref().into_iter()
    }

    /// Writes the settings into `options`.
    pub fn apply(&self, options: &mut CaptionOptions) -> Result<()> {
        options.blend = self.blend;
        if let Some(path) = &self.gap_map {
            options.gap_map = Some(Arc::new(GapMap::load(path)?));
        }
        options.rerank = self.rerank();
        if let Some(rerank) = &options.rerank {
            rerank.check()?;
        }
        Ok(())
    }

    fn rerank(&self) -> Option<Rerank> {
        let by = match self.rerank? {
            By::Similarity => Measure::default(),
            By::Consensus => Measure::consensus(),
        };
        Some(Rerank {
            by: by.with_alpha(self.rerank_alpha),
            widths: self.rerank_widths.clone(),
            nearest: self.rerank_nearest,
            ..Rerank::default()
        })
    }

    /// Checks the ranges, before anything is read.
    pub fn check(&self) -> Result<()> {
        self.rerank().as_ref().map_or(Ok(()), Rerank::check)?;
        Ok(())
    }
}

impl CentreArgs {
    /// The files that are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.gap.as_deref().into_iter()
    }

    /// `captioner`, measuring similarities from the point asked for.
    pub fn of(&self, captioner: Captioner) -> Result<Captioner> {
        let gap = match (&self.gap, self.centre) {
            (Some(path), Some(From::Modalities)) => {
                Some(load_gap(path, captioner.model().card.decoder.embedding)?)
            }
            (None, Some(From::Modalities)) => anyhow::bail!(
                "--centre modalities needs --gap FILE: the gap that `wsac gap CAPTIONS --audio DIR -o FILE` measures"
            ),
            (Some(_), _) => anyhow::bail!("--gap is for --centre modalities"),
            (None, _) => None,
        };
        Ok(match self.centre {
            None => captioner,
            Some(From::None) => captioner.with_centre(Centre::None, None)?,
            Some(From::Memory | From::Modalities) => {
                captioner.with_centre(Centre::MemoryMean, gap.as_deref())?
            }
        })
    }
}
