//! Mixtures of two recordings: a row of a table -> their sum.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wsac::Result;
use wsac::audio::{Source, Waveform};

/// A row of a table of mixtures.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Mixture {
    /// The first recording.
    pub file_a: PathBuf,
    /// Its class.
    pub label_a: String,
    /// The second recording.
    pub file_b: PathBuf,
    /// Its class.
    pub label_b: String,
    /// How much louder the second is, in dB.
    #[serde(default)]
    pub gain_b_db: f64,
    /// When the second begins, in seconds.
    #[serde(default)]
    pub offset_b_s: f64,
}

impl Mixture {
    /// Finds both recordings in `folder`.
    pub fn within(&mut self, folder: &Path) {
        for file in [&mut self.file_a, &mut self.file_b] {
            *file = folder.join(&*file);
        }
    }

    /// The sum at `rate` Hz ([`Waveform::mixed_with`]).
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn sum(&self, rate: u32) -> Result<Waveform> {
        let load = |file: &PathBuf| Waveform::load(&Source::Path(file.clone()), rate);
        let (a, b) = (load(&self.file_a)?, load(&self.file_b)?);
        Ok(a.mixed_with(&b, self.gain_b_db, self.offset_b_s))
    }
}
