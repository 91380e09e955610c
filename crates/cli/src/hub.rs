//! From a model's name to a file or folder: the environment -> [`Hub`]; name or path -> path.

use std::path::PathBuf;

use anyhow::Result;
use wsac::encoders::hub::{Hub, is_true};
use wsac::encoders::named;

/// The hub as configured by the environment, without network access if `offline`.
pub fn open(offline: bool) -> Hub {
    let mut hub = Hub::from_variables(|name| std::env::var_os(name));
    hub.offline |= offline;
    hub
}

/// Whether the environment disables progress bars.
pub fn hides_progress() -> bool {
    std::env::var("HF_HUB_DISABLE_PROGRESS_BARS").is_ok_and(|value| is_true(&value))
}

/// The location of the model `name`: a path that exists, else a model in the cache. Never downloads one.
///
/// # Errors
/// If it is neither; the message says how to get it.
pub fn resolve(name: &str) -> Result<PathBuf> {
    Ok(named::place(name, &open(true))?)
}
