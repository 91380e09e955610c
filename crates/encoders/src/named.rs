//! Encoders by the names that users give them: `mini`, a path, or a model in the hub's cache. Nothing is downloaded.

use std::path::{Path, PathBuf};

use crate::clap::checkpoint::ClapFiles;
use crate::clap::family::Family;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::hub::{Hub, Name};

/// The encoder called `name`, of `family` where its tensors leave that open.
///
/// # Errors
/// As [`place`], and if there is no encoder.
pub fn encoder(name: &str, family: Option<Family>, hub: &Hub) -> Result<Encoder> {
    if name == "mini" || Path::new(name).exists() {
        return Encoder::open(name, family);
    }
    Ok(Encoder::clap(
        name,
        ClapFiles::open(place(name, hub)?, family)?,
    ))
}

/// The location of the model `name`: a path that exists, else a model in the cache of `hub`.
///
/// # Errors
/// If it is neither; the message says how to get it.
pub fn place(name: &str, hub: &Hub) -> Result<PathBuf> {
    if Path::new(name).exists() {
        return Ok(name.into());
    }
    let Ok(model) = name.parse::<Name>() else {
        return Err(Error::Config(format!(
            "there is no file or folder {name:?}, and it is no name of a model (owner/name); `mini` is built in"
        )));
    };
    hub.find(&model).ok_or_else(|| {
        let reason = format!(
            "is no path here, and not (or not wholly) in the cache {}; fetch it with `wsac models pull {name}`, or use \
             `mini`, which is built in",
            hub.cache.display()
        );
        Error::hub(&name, reason)
    })
}
