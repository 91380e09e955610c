//! The one error type of the library: what went wrong, where, and what to do about it.

use std::path::{Path, PathBuf};

/// The result of everything in this library that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong. Every message is a sentence that a user can act on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A recording could not be read.
    #[error(transparent)]
    Audio(#[from] wsac_audio::Error),
    /// An encoder could not be fetched or found by its name on a hub.
    #[error("{name}: {reason}")]
    Hub {
        /// The encoder's name, with its revision where one was asked for.
        name: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of captions could not be understood.
    #[error("{}{}: {reason}", path.display(), line.map(|l| format!(", line {l}")).unwrap_or_default())]
    Captions {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// The line (from 1), where one is to blame.
        line: Option<u64>,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// A model, memory or run folder could not be used.
    #[error("{}: {reason}", path.display())]
    Model {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// Settings that contradict each other or lie outside their range.
    #[error("{0}")]
    Config(String),
    /// The run was asked to stop; what was done so far is saved.
    #[error("{0}")]
    Interrupted(String),
}

impl Error {
    /// An [`Error::Io`] for `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.as_ref().into(),
            source,
        }
    }

    /// An [`Error::Captions`] for `path`.
    pub fn captions(path: impl AsRef<Path>, line: Option<u64>, reason: impl Into<String>) -> Self {
        Self::Captions {
            path: path.as_ref().into(),
            line,
            reason: reason.into(),
        }
    }

    /// An [`Error::Model`] for `path`.
    pub fn model(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        Self::Model {
            path: path.as_ref().into(),
            reason: reason.into(),
        }
    }
}

/// What went wrong keeps its kind, whichever crate came upon it.
impl From<wsac_tensors::Error> for Error {
    fn from(error: wsac_tensors::Error) -> Self {
        match error {
            wsac_tensors::Error::Io { path, source } => Self::Io { path, source },
            wsac_tensors::Error::Model { path, reason } => Self::Model { path, reason },
            error => Self::Config(error.to_string()),
        }
    }
}

impl From<wsac_encoders::Error> for Error {
    fn from(error: wsac_encoders::Error) -> Self {
        match error {
            wsac_encoders::Error::Audio(error) => Self::Audio(error),
            wsac_encoders::Error::Tensors(error) => error.into(),
            wsac_encoders::Error::Io { path, source } => Self::Io { path, source },
            wsac_encoders::Error::Model { path, reason } => Self::Model { path, reason },
            wsac_encoders::Error::Hub { name, reason } => Self::Hub { name, reason },
            error => Self::Config(error.to_string()),
        }
    }
}
