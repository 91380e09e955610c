//! The results of a grid: its [`Cell`]s, and the data sets as used by all cells.

use std::path::PathBuf;
use std::sync::Arc;

use wsac::bridge::GapMap;
use wsac::encoders::analysis::AudioAnalysis;

use crate::captioning::Captioned;
use crate::data::Item;
use crate::scoring::Measure;
use crate::text_probe::Displacement;

/// One cell of the grid: a captioner, an inference strategy, and the scores of its captions.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The index of the data set in the settings.
    pub data: usize,
    /// The index of the training strategy.
    pub training: usize,
    /// The index of the inference strategy.
    pub inference: usize,
    /// The seed.
    pub seed: u64,
    /// The scores.
    pub measures: Vec<Measure>,
    /// A caption for each item that could be encoded, in their order.
    pub captions: Vec<Captioned>,
    /// The run folder of the captioner; `None` for the built-in one.
    pub run: Option<PathBuf>,
}

/// A data set as used by all cells.
#[derive(Debug)]
pub struct Used {
    /// The items that could be encoded.
    pub items: Vec<Item>,
    /// The encoder's output for each.
    pub encoded: Vec<AudioAnalysis>,
    /// The items that could not be encoded, and why.
    pub failed: Vec<(String, String)>,
    /// The modality gap [d], if it could be measured.
    pub gap: Option<Vec<f32>>,
    /// The map from audio to text embeddings, if one was learned.
    pub map: Option<Arc<GapMap>>,
    /// How captions' embeddings were moved, if captions replaced recordings.
    pub probe: Option<Displacement>,
}

/// The results.
#[derive(Debug)]
pub struct Outcome {
    /// All cells: data by data, training by training, seed by seed, inference by inference.
    pub cells: Vec<Cell>,
    /// The data sets.
    pub data: Vec<Used>,
}
