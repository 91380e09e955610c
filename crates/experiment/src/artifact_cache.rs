//! The artifact cache: an artifact's file is named by a hash of everything that determines it, and written atomically.
//!
//! Folders and keys keep the words of the first version (`told`, `heard`), so that its experiments can be resumed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use wsac::tensors::atomic_file::write_whole;
use wsac::{Error, Result};

/// Incremented when a stage changes its output for the same inputs, so that older artifacts are not reused.
const VERSION: &str = "1";

/// The SHA-256 of everything that determines an artifact.
#[derive(Debug, Clone)]
pub struct Key(Sha256);

impl Key {
    /// The key of an artifact of `stage`, with no inputs yet.
    pub fn of(stage: &str) -> Self {
        Self(Sha256::new()).with(VERSION).with(stage)
    }

    /// The key extended by `text`.
    #[must_use]
    pub fn with(mut self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
        self
    }

    /// The key extended by each of `texts`.
    #[must_use]
    pub fn with_all<T: AsRef<[u8]>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        let (key, count) = texts
            .into_iter()
            .fold((self, 0u64), |(key, n), text| (key.with(text), n + 1));
        key.with(count.to_le_bytes())
    }

    /// The key extended by the captions of `clips`, clip by clip.
    #[must_use]
    pub fn with_clips<'c>(self, clips: impl IntoIterator<Item = &'c Vec<String>>) -> Self {
        clips.into_iter().fold(self, |key, clip| key.with_all(clip))
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

/// The artifact at `path`, computed and written if it is missing. True if it existed.
///
/// # Errors
/// Those of `make`, and if the file cannot be written. A file that cannot be parsed is computed again.
pub fn get_or_make<T: Serialize + DeserializeOwned>(
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

/// The artifact at `path`, if it can be read and parsed.
fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes `value` as JSON, atomically; its folder is created if it is missing.
///
/// # Errors
/// If it cannot be written.
fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    let bytes = serde_json::to_vec(value).map_err(|e| Error::Config(e.to_string()))?;
    Ok(write_whole(path, &bytes)?)
}

/// What identifies the file at `path` without reading it: its name, length and modification time.
pub fn file_stamp(path: &Path) -> String {
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
    fn an_artifact_is_made_once_and_again_when_its_file_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b.json");
        let get = |value: u32| get_or_make(&path, || Ok(value)).expect("an artifact");
        assert_eq!(get(1), (1, false));
        assert_eq!(get(2), (1, true));
        fs::write(&path, "{").expect("damage");
        assert_eq!(get(3), (3, false));
    }

    #[test]
    fn keys_differ_by_everything_that_goes_into_them() {
        let name = |texts: &[&str]| Key::of("x").with_all(texts).name();
        assert_eq!(name(&["ab", "c"]), name(&["ab", "c"]));
        assert_ne!(name(&["ab", "c"]), name(&["a", "bc"]));
        assert_ne!(Key::of("x").with("a").name(), Key::of("y").with("a").name());
    }
}
