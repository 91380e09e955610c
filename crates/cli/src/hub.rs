//! From a model's name to a file or folder: the environment -> [`Hub`]; name or path -> path.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wsac::encoders::hub::{Hub, Name, is_true};

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
    if Path::new(name).exists() {
        return Ok(name.into());
    }
    let Ok(model) = name.parse::<Name>() else {
        bail!(
            "there is no file or folder {name:?}, and it is no name of a model (owner/name); `mini` is built in"
        );
    };
    let hub = open(true);
    hub.find(&model).with_context(|| {
        format!(
            "{name} is no path here, and not (or not wholly) in the cache {}; fetch it with `wsac models pull {name}`, \
             or use `mini`, which is built in",
            hub.cache.display()
        )
    })
}
