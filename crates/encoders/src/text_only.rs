//! A tower without ears: for captioners that tell what was heard before, elsewhere, or never.

use crate::analysis::Heard;
use crate::error::{Error, Result};
use crate::towers::AudioTower;
use wsac_audio::AudioStream;

/// An audio tower that hears nothing; its number is the width `d` of the embeddings that its captioner is given.
#[derive(Debug, Clone, Copy)]
pub struct Deaf(pub usize);

impl AudioTower for Deaf {
    fn dim(&self) -> usize {
        self.0
    }

    fn rate(&self) -> u32 {
        16_000
    }

    /// # Errors
    /// Always.
    fn listen(&self, _: &mut AudioStream) -> Result<Heard> {
        Err(Error::Config(
            "this captioner tells what was heard before; it cannot listen".into(),
        ))
    }
}
