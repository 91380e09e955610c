//! What can go wrong with encoders: what, where, and what to do about it.

use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong. Every message is a sentence that a user can act on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A recording could not be read.
    #[error(transparent)]
    Audio(#[from] wsac_audio::Error),
    /// Tensors could not be read or written.
    #[error(transparent)]
    Tensors(#[from] wsac_tensors::Error),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A model could not be used.
    #[error("{}: {reason}", path.display())]
    Model {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// A model could not be fetched or found by its name on a hub.
    #[error("{name}: {reason}")]
    Hub {
        /// The model's name, with its revision where one was asked for.
        name: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Settings that contradict each other or lie outside their range.
    #[error("{0}")]
    Config(String),
}

impl Error {
    /// An [`Error::Io`] for `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.as_ref().into(),
            source,
        }
    }

    /// An [`Error::Model`] for `path`.
    pub fn model(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Model {
            path: path.as_ref().into(),
            reason: reason.into(),
        }
    }

    /// An [`Error::Hub`] for `name`.
    #[cfg(feature = "hub")]
    pub(crate) fn hub(name: &impl ToString, reason: impl Into<String>) -> Self {
        Self::Hub {
            name: name.to_string(),
            reason: reason.into(),
        }
    }
}
