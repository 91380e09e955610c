//! The shape of a decoder, as written in `config.json` and `train.toml`.

use serde::{Deserialize, Serialize};

use super::mapper::layout::Mapper;

/// The shape of a decoder. `Default` is the paper's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The size of the vocabulary.
    pub vocab: usize,
    /// The width `E` of the embeddings that condition it.
    pub embedding: usize,
    /// The hidden width `d`.
    pub width: usize,
    /// The number of transformer blocks.
    pub layers: usize,
    /// The number of attention heads.
    pub heads: usize,
    /// The longest sequence, prefix included.
    pub positions: usize,
    /// The prefix rows `p` for each embedding.
    pub prefix: usize,
    /// The mapping network.
    pub mapper: Mapper,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            vocab: 30_522,
            embedding: 1024,
            width: 768,
            layers: 4,
            heads: 4,
            positions: 64,
            prefix: 1,
            mapper: Mapper::Mlp,
        }
    }
}
