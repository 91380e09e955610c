//! What can go wrong with a recording: what, where, and what to do about it.

use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong. Every message is a sentence that a user can act on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A recording could not be decoded.
    #[error("{}: {reason}", path.display())]
    Audio {
        /// The recording, or `-` for standard input.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// A recording is longer than it may be.
    #[error("{}: is longer than {seconds:.0} s, the most that is listened to here; cut it into parts", path.display())]
    TooLong {
        /// The recording.
        path: PathBuf,
        /// How long it may be.
        seconds: f64,
    },
}

impl Error {
    /// An [`Error::Io`] for `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.as_ref().into(),
            source,
        }
    }

    /// An [`Error::Audio`] for `path`.
    pub fn audio(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Audio {
            path: path.as_ref().into(),
            reason: reason.into(),
        }
    }
}
