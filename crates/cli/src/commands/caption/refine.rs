//! The flags beyond the paper: centring of similarities, maps of the gap, blends, and re-ranking.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use wsac::captioner::{MeasuredFrom, Opening, RankedBy, Settings};

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

    /// Writes the flags into `settings`.
    pub fn apply(&self, settings: &mut Settings) {
        settings.gap_map.clone_from(&self.gap_map);
        settings.blend = self.blend;
        settings.rerank = self.rerank.map(|by| match by {
            By::Similarity => RankedBy::Similarity,
            By::Consensus => RankedBy::Consensus,
        });
        settings.rerank_alpha = self.rerank_alpha;
        settings.rerank_widths.clone_from(&self.rerank_widths);
        settings.rerank_nearest = self.rerank_nearest;
    }
}

impl CentreArgs {
    /// The files that are read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.gap.as_deref().into_iter()
    }

    /// Writes the flags into `opening`.
    pub fn apply(&self, opening: &mut Opening) {
        opening.gap.clone_from(&self.gap);
        opening.centre = self.centre.map(|from| match from {
            From::None => MeasuredFrom::None,
            From::Memory => MeasuredFrom::Memory,
            From::Modalities => MeasuredFrom::Modalities,
        });
    }
}
