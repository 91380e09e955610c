//! Which recordings a command is to read: the names typed, then those of `--files-from`, in that order.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The recordings of a command.
#[derive(clap::Args)]
pub struct Inputs {
    /// Recordings: WAV, FLAC, MP3, OGG/Vorbis, M4A/AAC; `-` is standard input
    #[arg(required_unless_present = "files_from", value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Read the names of recordings from FILE, one a line (`-`: from standard input)
    #[arg(long, value_name = "FILE", alias = "files_from")]
    pub files_from: Option<PathBuf>,
}

impl Inputs {
    /// All names in order; at least one.
    pub fn paths(&self) -> Result<Vec<PathBuf>> {
        let mut paths = self.files.clone();
        if let Some(list) = &self.files_from {
            if list == Path::new("-") && paths.iter().any(|p| p == Path::new("-")) {
                bail!("standard input cannot be both a recording and the list of --files-from");
            }
            let lines = read(list).with_context(|| format!("--files-from {}", list.display()))?;
            paths.extend(names(&lines));
        }
        if paths.is_empty() {
            bail!("--files-from names no recording");
        }
        Ok(paths)
    }

    /// Whether results are told apart by name: always but for a single recording typed by hand.
    pub fn are_many(&self) -> bool {
        self.files.len() > 1 || self.files_from.is_some()
    }
}

/// The bytes of `path`, or of standard input where it is `-`.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The names in a list, a line each; Windows line ends and empty lines are allowed.
fn names(lines: &[u8]) -> impl Iterator<Item = PathBuf> {
    let lines = lines.split(|&b| b == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty()).map(path)
}

/// Names are bytes: they need not be UTF-8.
#[cfg(unix)]
fn path(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(name).into()
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> PathBuf {
    String::from_utf8_lossy(name).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_have_windows_line_ends_and_empty_lines() {
        let found: Vec<PathBuf> = names(b"a b.wav\r\n\nc,d.ogg").collect();
        assert_eq!(found, [PathBuf::from("a b.wav"), PathBuf::from("c,d.ogg")]);
    }
}
