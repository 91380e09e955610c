//! What is made once: a stage's name from all that shaped it, and files that are there whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use wsac::tensors::atomic_file::write_whole;
use wsac::{Error, Result};

/// Raised where a stage makes something else from the same things, so that older results are not taken for its own.
const VERSION: &str = "1";

/// The SHA-256 of all that shaped a result.
#[derive(Debug, Clone)]
pub struct Key(Sha256);

impl Key {
    /// The key of a stage called `stage`, shaped by nothing yet.
    pub fn of(stage: &str) -> Self {
        Self(Sha256::new()).with(VERSION).with(stage)
    }

    /// The same, also shaped by `text`.
    #[must_use]
    pub fn with(mut self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self
    }

    /// The same, also shaped by every one of `texts`.
    #[must_use]
    pub fn with_all<T: AsRef<[u8]>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        let (key, count) = texts
            .into_iter()
            .fold((self, 0u64), |(key, n), text| (key.with(text), n + 1));
        key.with(count.to_le_bytes())
    }

    /// 16 hexadecimal digits.
    pub fn name(&self) -> String {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Reads what lies at `path`, else makes it and puts it there. True where it was there.
///
/// # Errors
/// Those of `make`, and where the file cannot be written. A file that cannot be understood is made anew.
pub fn once<T: Serialize + DeserializeOwned>(
    path: &Path,
    make: impl FnOnce() -> Result<T>,
) -> Result<(T, bool)> {
    if let Some(there) = read(path) {
        return Ok((there, true));
    }
    let made = make()?;
    write(path, &made)?;
    Ok((made, false))
}

/// What lies at `path`, where it can be read and understood.
pub fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes `value` as JSON, whole or not at all; the folder is made where it is missing.
///
/// # Errors
/// Where it cannot be written.
pub fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let bytes = serde_json::to_vec(value).map_err(|e| Error::Config(e.to_string()))?;
    Ok(write_whole(path, &bytes)?)
}

/// What is known of the recording at `path` without reading it: its name, length and time of change.
pub fn stamp(path: &Path) -> String {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let Ok(meta) = fs::metadata(path) else {
        return format!("{name} is missing");
    };
    let changed = meta
        .modified()
        .ok()
        .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
    format!(
        "{name} {} {}",
        meta.len(),
        changed.map_or(0, |t| t.as_nanos())
    )
}

/// `folder/stage/what-key.json`.
pub fn file(folder: &Path, stage: &str, what: &str, key: &Key) -> PathBuf {
    folder
        .join(stage)
        .join(format!("{what}-{}.json", key.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_made_once_and_again_when_its_file_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b.json");
        let get = |value: u32| once(&path, || Ok(value)).expect("a stage");
        assert_eq!(get(1), (1, false));
        assert_eq!(get(2), (1, true));
        fs::write(&path, "{").expect("damage");
        assert_eq!(get(3), (3, false));
    }

    #[test]
    fn keys_tell_what_shaped_them_apart() {
        let name = |texts: &[&str]| Key::of("x").with_all(texts).name();
        assert_eq!(name(&["ab", "c"]), name(&["ab", "c"]));
        assert_ne!(name(&["ab", "c"]), name(&["a", "bc"]));
        assert_ne!(Key::of("x").with("a").name(), Key::of("y").with("a").name());
    }
}
