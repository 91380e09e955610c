//! Towers: an audio tower and a text tower that meet in one space of unit embeddings [d].
//!
//! Everything behind the towers (memory, bridge, decoder) sees embeddings alone, so a new encoder is one more file here.

use std::sync::Arc;

use crate::analysis::AudioAnalysis;
use crate::embedding::Embeddings;
use crate::error::Result;
use crate::frames::FrameEmbeddings;
use crate::mini::sound_events::Activations;
use wsac_audio::{AudioStream, Waveform};

/// Sounds to points of the shared space.
pub trait AudioTower: Send + Sync {
    /// The width `d` of an embedding.
    fn dim(&self) -> usize;

    /// The samples per second that [`AudioTower::listen`] expects.
    fn rate(&self) -> u32;

    /// Listens to a whole recording, block by block.
    ///
    /// # Errors
    /// Where the recording breaks off before its first sample, or has another rate.
    fn encode(&self, audio: &mut AudioStream) -> Result<AudioAnalysis>;

    /// What is heard from moment to moment of `samples`, which are at [`AudioTower::rate`]: where that turns, a timeline is
    /// cut. By default, what [`AudioTower::listen`] hears in windows of 2 s, every second.
    ///
    /// # Errors
    /// As [`AudioTower::listen`].
    fn frame_embeddings(&self, samples: &[f32]) -> Result<FrameEmbeddings> {
        let rate = self.rate();
        FrameEmbeddings::of(samples, rate, [2.0, 1.0], |window| {
            let samples = window.to_vec();
            let mut stream = AudioStream::from_waveform(&Waveform { samples, rate }, rate)?;
            Ok(self.encode(&mut stream)?.embedding.into_vec())
        })
    }

    /// What is heard from moment to moment by name; `None`, the default, of a tower that has no names for sounds.
    ///
    /// # Errors
    /// As [`AudioTower::listen`].
    fn activations(&self, _audio: &mut AudioStream) -> Result<Option<Activations>> {
        Ok(None)
    }
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

/// A tower that several captioners share.
impl<T: TextTower + ?Sized> TextTower for Arc<T> {
    fn dim(&self) -> usize {
        T::dim(self)
    }

    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings> {
        T::embed(self, texts, on_progress)
    }
}
