//! Where a recording comes from: a path, bytes or standard input.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a recording comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file, or a pipe with a name.
    Path(PathBuf),
    /// The content of a file.
    Bytes {
        /// What error messages call it.
        name: String,
        /// The content.
        data: Arc<[u8]>,
    },
    /// Standard input. WAV, AIFF, AU, FLAC, MP3, AAC and Ogg are streamed; what must be looked at back and forth (MP4,
    /// Matroska, CAF, whatever ffmpeg reads) is first copied to a temporary file.
    Stdin,
}

impl Source {
    /// What error messages call it: the path, the given name, or `-`.
    pub fn name(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Bytes { name, .. } => Path::new(name),
            Self::Stdin => Path::new("-"),
        }
    }
}

impl<P: AsRef<Path>> From<P> for Source {
    /// `-` is standard input; everything else is a path.
    fn from(path: P) -> Self {
        match path.as_ref() {
            dash if dash == Path::new("-") => Self::Stdin,
            path => Self::Path(path.to_path_buf()),
        }
    }
}
