//! A file for each recording below one folder (`--out-dir`): recordings -> files, no two of which may be one.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};
use wsac::timeline::Format;

use crate::inputs::is_stdin;
use crate::process::shown;

/// The output file of each recording.
pub struct Targets {
    /// The folder.
    pub folder: PathBuf,
    /// The format of the files.
    pub format: Format,
}

impl Targets {
    /// The file of `recording`: below the folder, with the recording's own folders as far as they were given.
    pub fn file(&self, recording: &Path) -> PathBuf {
        let named = recording.components();
        let named: PathBuf = named
            .filter(|part| matches!(part, Component::Normal(_)))
            .collect();
        let mut name = self.folder.join(named).into_os_string();
        name.push(".");
        name.push(self.format.ending());
        name.into()
    }

    /// The files of `recordings`.
    ///
    /// # Errors
    /// If two recordings have the same file, so that one timeline would be lost, or one has no name.
    pub fn files(&self, recordings: &[PathBuf]) -> Result<Vec<PathBuf>> {
        if recordings.iter().any(|path| is_stdin(path)) {
            bail!("--out-dir needs recordings that have a name, not standard input");
        }
        let files: Vec<PathBuf> = recordings.iter().map(|path| self.file(path)).collect();
        let one_case = cfg!(any(windows, target_os = "macos"));
        if let Some((a, b)) = first_equal(&files, one_case) {
            let target = shown(&files[b]);
            let (a, b) = (shown(&recordings[a]), shown(&recordings[b]));
            if a == b {
                bail!("{a} is given twice, and both timelines would go to {target}; give it once");
            }
            bail!(
                "the timelines of {a} and {b} would both go to {target}; caption them into folders of their own, or name \
                 them without `..` and from one place"
            );
        }
        Ok(files)
    }
}

/// The indices of the first two of `paths` that are the same file; with `one_case` on a case-insensitive file system.
fn first_equal(paths: &[PathBuf], one_case: bool) -> Option<(usize, usize)> {
    let mut seen = HashMap::new();
    (paths.iter().enumerate()).find_map(|(i, path)| {
        let key = match one_case {
            true => path.to_string_lossy().to_lowercase().into(),
            false => path.clone(),
        };
        seen.insert(key, i).map(|first| (first, i))
    })
}

/// Two of `recordings` with the same name but for their folders.
pub fn equal_names(recordings: &[PathBuf]) -> Option<(String, String)> {
    let names: Vec<PathBuf> = (recordings.iter())
        .map(|path| path.file_name().map_or_else(|| path.clone(), PathBuf::from))
        .collect();
    let (a, b) = first_equal(&names, false)?;
    Some((shown(&recordings[a]), shown(&recordings[b])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_file_system_of_one_case_names_that_differ_in_case_are_one_file() {
        let paths = ["a/X.wav.srt", "a/y.wav.srt", "A/x.wav.srt"].map(PathBuf::from);
        assert_eq!(first_equal(&paths, true), Some((0, 2)));
        assert_eq!(first_equal(&paths, false), None);
    }
}
