//! Which recordings a command is to read: the names typed, then those of `--files-from`, in that order.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The recordings of a command.
#[derive(clap::Args)]
pub struct Inputs {
    /// Recordings: WAV, FLAC, MP3, OGG/Vorbis, M4A/AAC; a folder stands for those in it and below; `-` is standard input
    #[arg(required_unless_present = "files_from", value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Read the names of recordings from FILE, one a line (`-`: from standard input)
    #[arg(long, value_name = "FILE", alias = "files_from")]
    pub files_from: Option<PathBuf>,

    /// Of N parts of the list, take part I (from 1): for N machines, or N runs
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
}

/// Part `index` (from 1) of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    of: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let parsed = parts.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parsed {
            Some((index, of)) if 1 <= index && index <= of => Ok(Self { index, of }),
            _ => Err(format!(
                "a part is I/N with I from 1 to N, such as 2/4, not {text:?}"
            )),
        }
    }
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
        let mut found = Vec::new();
        for path in paths {
            let before = found.len();
            let read = path.is_dir().then(|| below(&path, &mut found));
            // A folder without recordings, or one that cannot be read, is told in its turn, as any other input is.
            if !matches!(read, Some(Ok(()))) || found.len() == before {
                found.truncate(before);
                found.push(path);
            }
        }
        if let Some(Shard { index, of }) = self.shard {
            found = found.into_iter().skip(index - 1).step_by(of).collect();
        }
        Ok(found)
    }

    /// Whether results are told apart by name: always but for a single recording typed by hand.
    pub fn are_many(&self) -> bool {
        self.files.len() > 1 || self.files_from.is_some() || self.files.iter().any(|p| p.is_dir())
    }
}

/// What the names of recordings end with.
const ENDINGS: [&str; 11] = [
    "wav", "wave", "flac", "mp3", "ogg", "oga", "m4a", "mp4", "aac", "mka", "mkv",
];

/// Adds the recordings in `folder` and below to `found`, by name.
fn below(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    entries.sort();
    for path in entries {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        if path.is_dir() {
            below(&path, found)?;
        } else if ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) {
            found.push(path);
        }
    }
    Ok(())
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
    fn folders_stand_for_what_is_below_and_parts_make_the_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("b")).expect("a folder");
        for name in ["c.WAV", "a.ogg", "b/d.mp3", "notes.txt"] {
            fs::write(folder.path().join(name), b"").expect("a file");
        }
        let inputs = |shard: Option<&str>| Inputs {
            files: vec![folder.path().into()],
            files_from: None,
            shard: shard.map(|s| s.parse().expect("a part")),
        };
        let all = inputs(None).paths().expect("recordings");
        let names = ["a.ogg", "b/d.mp3", "c.WAV"].map(|name| folder.path().join(name));
        assert_eq!(all, names);
        assert!(inputs(None).are_many());
        let parts = ["1/2", "2/2"].map(|part| inputs(Some(part)).paths().expect("recordings"));
        assert_eq!(parts[0], [names[0].clone(), names[2].clone()]);
        assert_eq!(parts[1], [names[1].clone()]);
        for wrong in ["0/2", "3/2", "2", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err());
        }
    }

    #[test]
    fn a_list_may_have_windows_line_ends_and_empty_lines() {
        let found: Vec<PathBuf> = names(b"a b.wav\r\n\nc,d.ogg").collect();
        assert_eq!(found, [PathBuf::from("a b.wav"), PathBuf::from("c,d.ogg")]);
    }
}
