//! The two towers of a CLAP: audio and text to unit embeddings [d] in one space.
//!
//! Everything downstream (memory, bridge, decoder) sees embeddings alone.

use std::sync::Arc;

use crate::analysis::AudioAnalysis;
use crate::embedding::Embeddings;
use crate::error::Result;
use crate::frames::FrameEmbeddings;
use crate::mini::sound_events::Activations;
use wsac_audio::{AudioStream, Waveform};

/// Recordings to embeddings.
pub trait AudioTower: Send + Sync {
    /// The width `d` of an embedding.
    fn dim(&self) -> usize;

    /// The sample rate in Hz that [`AudioTower::encode`] expects.
    fn rate(&self) -> u32;

    /// Encodes a whole recording, block by block.
    ///
    /// # Errors
    /// Where the recording breaks off before its first sample, or has another rate.
    fn encode(&self, audio: &mut AudioStream) -> Result<AudioAnalysis>;

    /// One embedding per window of `samples`, which are at [`AudioTower::rate`]: where they turn, a timeline is cut. By
    /// default [`AudioTower::encode`] on windows of 2 s every second.
    ///
    /// # Errors
    /// As [`AudioTower::encode`].
    fn frame_embeddings(&self, samples: &[f32]) -> Result<FrameEmbeddings> {
        let rate = self.rate();
        FrameEmbeddings::of(samples, rate, [2.0, 1.0], |window| {
            let samples = window.to_vec();
            let mut stream = AudioStream::from_waveform(&Waveform { samples, rate }, rate)?;
            Ok(self.encode(&mut stream)?.embedding.into_vec())
        })
    }

    /// Class scores per frame; `None` (the default) for a tower without a classifier.
    ///
    /// # Errors
    /// As [`AudioTower::encode`].
    fn activations(&self, _audio: &mut AudioStream) -> Result<Option<Activations>> {
        Ok(None)
    }
}

/// Texts to embeddings.
pub trait TextTower: Send + Sync {
    /// The width `d` of an embedding.
    fn dim(&self) -> usize;

    /// One unit row per text, in the order of `texts`: [N, d]. `on_progress` receives the number of texts done so far.
    ///
    /// # Errors
    /// Where a text has no embedding.
    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings>;
}

/// A tower shared by several captioners.
impl<T: TextTower + ?Sized> TextTower for Arc<T> {
    fn dim(&self) -> usize {
        T::dim(self)
    }

    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings> {
        T::embed(self, texts, on_progress)
    }
}
