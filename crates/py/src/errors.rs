//! Errors of the library as the exceptions of `wsac.errors`, with the same sentences.

use pyo3::prelude::*;
use wsac::{Error, audio};

/// The exception for `error`.
pub fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let class = match error {
        Error::Audio(audio::Error::Io { .. }) | Error::Io { .. } => "FileError",
        Error::Audio(_) => "AudioError",
        Error::Captions { .. } => "CaptionsError",
        Error::Model { .. } => "ModelError",
        Error::Hub { .. } => "HubError",
        Error::Config(_) => "ConfigError",
        _ => "Error",
    };
    named(py, class, error.to_string())
}

/// A value that cannot be used, in a sentence.
pub fn config(py: Python<'_>, what: impl Into<String>) -> PyErr {
    exception(py, &Error::Config(what.into()))
}

/// The exception for a panic: a mistake of ours.
pub fn mistake(py: Python<'_>) -> PyErr {
    named(
        py,
        "Error",
        "wsac made a mistake; please report it with the lines above".into(),
    )
}

fn named(py: Python<'_>, class: &str, message: String) -> PyErr {
    let made = (py.import("wsac.errors"))
        .and_then(|errors| errors.getattr(class))
        .and_then(|class| class.call1((message,)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// Results of the library as those of Python.
pub trait OrRaise<T> {
    /// The value, or the exception for the error.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T, E: Into<Error>> OrRaise<T> for Result<T, E> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| exception(py, &error.into()))
    }
}
