//! Clap: an audio tower and a text tower that meet in one space of unit embeddings [d].
//!
//! Everything behind the towers (memory, bridge, decoder) sees embeddings alone, so a new encoder is one more file here.

pub mod minilm;

use crate::audio::Waveform;
use crate::embedding::{Embedding, Embeddings};
use crate::error::Result;

/// Sounds to points of the shared space.
pub trait AudioTower: Send + Sync {
    /// The width `d` of an embedding.
    fn dim(&self) -> usize;

    /// The samples per second that [`AudioTower::embed`] expects.
    fn rate(&self) -> u32;

    /// The one unit embedding [d] of a whole recording.
    ///
    /// # Errors
    /// Where the recording is too short, or of another rate.
    fn embed(&self, audio: &Waveform) -> Result<Embedding>;
}

/// Texts to points of the shared space.
pub trait TextTower: Send + Sync {
    /// The width `d` of an embedding.
    fn dim(&self) -> usize;

    /// One unit row a text, in the order of `texts`: [N, d]. `on_progress` is told now and then how many texts are done.
    ///
    /// # Errors
    /// Where a text has no embedding.
    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings>;
}
