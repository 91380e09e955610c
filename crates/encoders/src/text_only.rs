//! A text-only stand-in for an audio tower: for captioners that are given embeddings or analyses made elsewhere.

use crate::analysis::AudioAnalysis;
use crate::error::{Error, Result};
use crate::towers::AudioTower;
use wsac_audio::AudioStream;

/// An audio tower that refuses to encode. The number is the width `d` of the embeddings that its captioner is given.
#[derive(Debug, Clone, Copy)]
pub struct TextOnly(pub usize);

impl AudioTower for TextOnly {
    fn dim(&self) -> usize {
        self.0
    }

    fn rate(&self) -> u32 {
        16_000
    }

    /// # Errors
    /// Always.
    fn encode(&self, _: &mut AudioStream) -> Result<AudioAnalysis> {
        Err(Error::Config(
            "this captioner is text-only: it decodes embeddings made elsewhere and has no audio encoder".into(),
        ))
    }
}
