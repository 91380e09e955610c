//! Captions to learn from or to remember, as the Python layer gives them: a file, or texts clip by clip -> [`CaptionSet`].

use std::path::PathBuf;

use pyo3::prelude::*;
use wsac::dataset::{CaptionSet, read_captions};

/// The forms of captions.
#[derive(FromPyObject)]
pub enum Captions {
    /// A file.
    File(PathBuf),
    /// The captions of each clip.
    Clips(Vec<Vec<String>>),
}

impl Captions {
    /// The captions.
    ///
    /// # Errors
    /// If the file cannot be read, or there is no caption.
    pub fn read(self) -> wsac::Result<CaptionSet> {
        match self {
            Self::File(path) => read_captions(path),
            Self::Clips(clips) => CaptionSet::of_clips(&clips),
        }
    }
}
