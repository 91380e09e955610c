//! Recordings as the Python layer gives them: a path, a file's content, or samples [channels, n] -> [`Recording`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use numpy::{PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use wsac::audio::{AudioStream, CancelToken, Owner, Samples, Source};

/// The forms of a recording.
#[derive(FromPyObject)]
pub enum Given<'py> {
    /// A file.
    Path(PathBuf),
    /// Its name and its content.
    Bytes(String, PyBackedBytes),
    /// A name, samples [channels, n] and their rate in Hz.
    Samples(String, PyReadonlyArray2<'py, f32>, u32),
}

/// A recording that has not been opened yet.
pub struct Recording {
    name: PathBuf,
    content: Content,
}

enum Content {
    File(Source),
    Samples {
        owner: Owner,
        channels: usize,
        rate: u32,
    },
}

/// The samples of an array, which stay where they are.
struct Held {
    /// Keeps the samples alive.
    _array: Py<PyArray2<f32>>,
    start: *const f32,
    len: usize,
}

// SAFETY: `start` points to samples that `_array` owns for as long as `Held` lives. Nobody here writes to them; a Python
// thread that did meanwhile would race, as with every NumPy function that releases Python.
unsafe impl Send for Held {}
// SAFETY: as above.
unsafe impl Sync for Held {}

impl AsRef<[f32]> for Held {
    fn as_ref(&self) -> &[f32] {
        // SAFETY: the array was contiguous and of this length when `Held` was made, and it is kept alive.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

impl Given<'_> {
    /// The recording; samples must be contiguous.
    ///
    /// # Errors
    /// If they are not.
    pub fn recording(self) -> PyResult<Recording> {
        Ok(match self {
            Self::Path(path) => Recording {
                name: path.clone(),
                content: Content::File(Source::Path(path)),
            },
            Self::Bytes(name, bytes) => Recording {
                name: name.clone().into(),
                content: Content::File(Source::Bytes {
                    name,
                    data: Arc::from(&*bytes),
                }),
            },
            Self::Samples(name, array, rate) => {
                let samples = array.as_slice()?;
                let held = Held {
                    start: samples.as_ptr(),
                    len: samples.len(),
                    _array: array.as_unbound().clone_ref(array.py()),
                };
                Recording {
                    name: name.into(),
                    content: Content::Samples {
                        owner: Arc::new(held),
                        channels: array.shape()[0],
                        rate,
                    },
                }
            }
        })
    }
}

impl Recording {
    /// What messages call it.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Opens it at `rate` Hz; after `stop` it ends.
    ///
    /// # Errors
    /// As [`AudioStream::open`] and [`Samples::new`].
    pub fn open(&self, rate: u32, stop: &CancelToken) -> wsac::Result<AudioStream> {
        let stream = match &self.content {
            Content::File(source) => AudioStream::open(source, rate),
            Content::Samples {
                owner,
                channels,
                rate: own,
            } => Samples::new(self.name.to_string_lossy(), owner.clone(), *channels, *own)
                .and_then(|samples| AudioStream::from_samples(samples, rate)),
        };
        Ok(stream?.cancelled_by(stop))
    }
}

/// The recordings of a call.
///
/// # Errors
/// As [`Given::recording`].
pub fn all(given: Vec<Given<'_>>) -> PyResult<Vec<Recording>> {
    given.into_iter().map(Given::recording).collect()
}
