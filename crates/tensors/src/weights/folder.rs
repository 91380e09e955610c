//! A model's folder as Hugging Face lays it out: folder -> its file of weights, and what its JSON files say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The one file of weights of a Hugging Face model.
pub const WEIGHTS: &str = "model.safetensors";
/// Where a Hugging Face folder has its weights, the best first.
pub const HF_WEIGHTS: [&str; 4] = [
    WEIGHTS,
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];
/// What files of weights are called that lie alone in a folder.
const ENDINGS: [&str; 5] = ["safetensors", "pt", "pth", "ckpt", "bin"];
/// The configuration of a Hugging Face model.
pub const CONFIG: &str = "config.json";

/// The file of weights in `folder`.
pub fn weights_in(folder: &Path) -> Result<PathBuf> {
    let known = HF_WEIGHTS.iter().map(|name| folder.join(name));
    if let Some(file) = known.into_iter().find(|file| file.is_file()) {
        return Ok(file);
    }
    let entries = fs::read_dir(folder).map_err(|e| Error::io(folder, e))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|file| {
        ENDINGS
            .iter()
            .any(|e| file.extension().is_some_and(|x| x == *e))
    });
    files.sort();
    match files.as_slice() {
        [file] => Ok(file.clone()),
        [] => Err(Error::model(
            folder,
            "holds no weights (model.safetensors, pytorch_model.bin or a checkpoint)",
        )),
        several => {
            let names = several.iter().filter_map(|file| file.file_name());
            let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
            let names = names.join(", ");
            Err(Error::model(
                folder,
                format!("holds several files of weights; name one: {names}"),
            ))
        }
    }
}

/// What the JSON file `path` says; `None` where there is none.
pub fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|e| Error::model(path, format!("cannot be understood: {e}"))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(path, e)),
    }
}
