//! The bundle: the files of the built-in model `mini` and GPT-2's merges, name -> bytes, wherever they lie.
//!
//! They are built in where the repository's folder `models/` was at hand; else they are read from the folder that the
//! variable `WSAC_BUNDLE` names, which is laid out as `models/` is; else from [`REPOSITORY`] in the cache of the Hugging
//! Face hub. This is the one place of the library that reads an environment variable.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// The variable that names a folder laid out as `models/` is.
pub const VARIABLE: &str = "WSAC_BUNDLE";

/// The name on the Hugging Face hub that the bundle is looked for under, in the cache.
pub const REPOSITORY: &str = "wsac/bundle";

/// A part of the bundle, for people who ask what they have.
pub struct Part {
    /// What it is.
    pub what: &'static str,
    /// Under what terms it may be used.
    pub licence: &'static str,
    /// Its files, named as in [`file`].
    pub files: &'static [&'static str],
}

/// The parts of the bundle.
pub const PARTS: &[Part] = &[
    Part {
        what: "YAMNet",
        licence: "Apache-2.0",
        files: &["mini/yamnet.safetensors"],
    },
    Part {
        what: "AudioSet's classes in words and vectors",
        licence: "CC BY-SA 4.0",
        files: &["mini/classes.csv", "mini/classes.safetensors"],
    },
    Part {
        what: "decoder",
        licence: "learned from AudioCaps train captions: MIT file, README asks for academic use",
        files: &[
            "mini/config.json",
            "mini/decoder.safetensors",
            "mini/tokenizer.json",
        ],
    },
    Part {
        what: "memory of captions and clauses",
        licence: "AudioCaps train captions: MIT file, README asks for academic use",
        files: &["mini/memory.safetensors", "mini/clauses.safetensors"],
    },
    Part {
        what: "MiniLM",
        licence: "Apache-2.0",
        files: &["mini/minilm/model.safetensors", "mini/minilm/vocab.txt"],
    },
    Part {
        what: "GPT-2's merges, for other models",
        licence: "modified MIT (OpenAI)",
        files: &["gpt2/merges.txt"],
    },
];

/// The content of the file called `name` below `models/`, e.g. `mini/classes.csv`.
///
/// # Errors
/// Where it is neither built in nor in one of the places that the module names.
pub fn file(name: &str) -> Result<&'static [u8]> {
    built_in(name).map_or_else(|| from_disk(name), Ok)
}

#[cfg(feature = "bundled")]
fn built_in(name: &str) -> Option<&'static [u8]> {
    let found = wsac_assets::FILES.iter().find(|(known, _)| *known == name);
    found.map(|(_, bytes)| *bytes)
}

#[cfg(not(feature = "bundled"))]
fn built_in(_: &str) -> Option<&'static [u8]> {
    None
}

/// A file of the bundle on disk. It is read once and kept, as what is built in is.
fn from_disk(name: &str) -> Result<&'static [u8]> {
    static READ: Mutex<BTreeMap<PathBuf, &'static [u8]>> = Mutex::new(BTreeMap::new());
    let folder = folder().ok_or_else(|| {
        Error::Config(format!(
            "this build of wsac has no {name}: set {VARIABLE} to a folder laid out as `models/` of wsac's repository, or \
             build wsac from a checkout of it"
        ))
    })?;
    let path = folder.join(name);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bytes) = read.get(&path) {
        return Ok(bytes);
    }
    let bytes = fs::read(&path).map_err(|e| Error::io(&path, e))?;
    let bytes: &'static [u8] = Box::leak(bytes.into_boxed_slice());
    read.insert(path, bytes);
    Ok(bytes)
}

/// Where the bundle lies on disk, if anywhere.
fn folder() -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).filter(|folder| !folder.is_empty());
    named.map(PathBuf::from).or_else(cached)
}

#[cfg(feature = "hub")]
fn cached() -> Option<PathBuf> {
    let hub = crate::hub::Hub::from_variables(|name| env::var_os(name));
    hub.find(&REPOSITORY.parse().ok()?)
}

#[cfg(not(feature = "hub"))]
fn cached() -> Option<PathBuf> {
    None
}
