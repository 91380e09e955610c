//! Clap: an audio tower and a text tower that meet in one space of unit embeddings [d].
//!
//! Everything behind the towers (memory, bridge, decoder) sees embeddings alone, so a new encoder is one more file here.

mod activity;
pub mod audio;
pub mod bert;
pub mod classes;
pub mod cnn14;
mod deaf;
mod encoder;
pub mod evidence;
pub mod family;
pub mod folder;
pub mod gpt2;
mod heard;
mod hearing;
pub mod htsat;
pub mod layers;
pub mod listenings;
pub mod mini;
mod moments;
pub mod packing;
pub mod roberta;
pub mod scene;
pub mod sentence;
pub mod tap;
pub mod text;
pub mod windows;
pub mod yamnet;

use std::sync::Arc;

use crate::audio::{AudioStream, Waveform};
use crate::embedding::Embeddings;
use crate::error::Result;
use crate::timeline::Course;
pub use audio::ClapAudio;
pub use deaf::Deaf;
pub use encoder::{Encoder, Space};
pub use family::Family;
pub use folder::ClapFiles;
pub use heard::{Heard, Part, Sound};
pub use moments::{Moments, SoundCourse};
pub use sentence::SentenceBert;
pub use text::{ClapText, TextFiles};
pub use windows::Windows;

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
    fn listen(&self, audio: &mut AudioStream) -> Result<Heard>;

    /// What is heard from moment to moment of `samples`, which are at [`AudioTower::rate`]: where that turns, a timeline is
    /// cut. By default, what [`AudioTower::listen`] hears in windows of 2 s, every second.
    ///
    /// # Errors
    /// As [`AudioTower::listen`].
    fn course(&self, samples: &[f32]) -> Result<Course> {
        let rate = self.rate();
        Course::of(samples, rate, [2.0, 1.0], |window| {
            let samples = window.to_vec();
            let mut stream = AudioStream::from_waveform(&Waveform { samples, rate }, rate)?;
            Ok(self.listen(&mut stream)?.embedding.into_vec())
        })
    }

    /// What is heard from moment to moment by name; `None`, the default, of a tower that has no names for sounds.
    ///
    /// # Errors
    /// As [`AudioTower::listen`].
    fn moments(&self, _audio: &mut AudioStream) -> Result<Option<Moments>> {
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
