//! The one error type: sentences a user can act on.

/// What can go wrong in drawing and writing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Numbers that do not fit together, or are none.
    #[error("{0}")]
    Input(String),
    /// A drawing that could not be turned into pixels.
    #[error("cannot turn the drawing \"{title}\" into a PNG: {why}")]
    Png {
        /// The drawing.
        title: String,
        /// What the renderer said.
        why: String,
    },
    /// A file that could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn input(text: impl Into<String>) -> Self {
        Self::Input(text.into())
    }
}

/// Writes a file, and its folder where there is none.
pub(crate) fn write(path: &std::path::Path, bytes: &[u8]) -> Result<()> {
    let told = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(told)?;
    }
    std::fs::write(path, bytes).map_err(told)
}
