//! Errors of the metrics -> Python's exceptions, the sentence unchanged.

use std::io;

use pyo3::PyErr;
use pyo3::exceptions::{PyOSError, PyValueError};
use wsac::audio::Error as AudioError;
use wsac::encoders::Error as EncoderError;
use wsac::tensors::Error as TensorError;

/// The exception for an error of `wsac-metrics`: `OSError` (of the kind it is: `FileNotFoundError`, ..) for files, else
/// `ValueError`.
pub fn of_metrics(error: wsac_metrics::Error) -> PyErr {
    match error {
        wsac_metrics::Error::Io { path, source } => of_io(&path.display().to_string(), source),
        other => PyValueError::new_err(other.to_string()),
    }
}

/// The exception for an error of a model.
pub fn of_model(error: EncoderError) -> PyErr {
    match error {
        EncoderError::Io { path, source }
        | EncoderError::Tensors(TensorError::Io { path, source })
        | EncoderError::Audio(AudioError::Io { path, source }) => {
            of_io(&path.display().to_string(), source)
        }
        other => PyValueError::new_err(other.to_string()),
    }
}

fn of_io(path: &str, source: io::Error) -> PyErr {
    match source.raw_os_error() {
        // With a number, Python finds the class of the kind by itself.
        Some(number) => PyOSError::new_err((number, source.to_string(), path.to_owned())),
        None => PyOSError::new_err(format!("{path}: {source}")),
    }
}
