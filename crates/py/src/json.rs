//! Values of the library as JSON texts, which Python reads and writes: options by name, captions by key.

use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::errors::config;

/// The value that `text` describes.
///
/// # Errors
/// If a name is unknown or a value is of another kind or out of range.
pub fn read<T: DeserializeOwned>(py: Python<'_>, text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| {
        let named = culprit::<T>(text);
        // Where in our own text it stands says nothing to a caller.
        let message = error.to_string();
        let message = (message.rsplit_once(" at line")).map_or(&*message, |(what, _)| what);
        config(py, named.unwrap_or_else(|| message.to_owned()))
    })
}

/// What is wrong with the first value in `text` that `T` does not take alone, with its name.
fn culprit<T: DeserializeOwned>(text: &str) -> Option<String> {
    let all: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    all.into_iter().find_map(|(name, value)| {
        let alone = serde_json::Map::from_iter([(name.clone(), value)]);
        let error = serde_json::from_value::<T>(alone.into()).err()?;
        Some(format!("{name}: {error}"))
    })
}

/// `value` as text, for `json.loads`.
///
/// # Errors
/// Never for a value of the library.
pub fn write(py: Python<'_>, value: &impl Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|error| config(py, error.to_string()))
}
