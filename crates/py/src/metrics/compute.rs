//! Scores are computed in the pool that all calls share, with the interpreter free: closures -> results, or exceptions.

use pyo3::prelude::*;
use wsac::audio::CancelToken;

use crate::pools::Threads;
use crate::work::run;

/// What `compute` gives.
///
/// # Errors
/// As [`run`].
pub fn compute<T: Send>(
    py: Python<'_>,
    compute: impl FnOnce() -> wsac::Result<T> + Send,
) -> PyResult<T> {
    run(py, Threads::Shared, &CancelToken::default(), compute)
}

/// An error of the metrics as one of the library, with the same sentence.
pub fn error(error: wsac_metrics::Error) -> wsac::Error {
    match error {
        wsac_metrics::Error::Io { path, source } => wsac::Error::Io { path, source },
        wsac_metrics::Error::Data { path, reason } => wsac::Error::Model { path, reason },
        other => wsac::Error::Config(other.to_string()),
    }
}
