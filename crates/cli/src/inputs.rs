//! The recordings of a command: those on the command line, then those of `--files-from`; folders are searched.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use walkdir::{DirEntry, WalkDir};

use crate::process::{say, shown};

/// The recordings of a command.
#[derive(clap::Args)]
pub struct Inputs {
    /// Recordings (WAV, FLAC, MP3, Ogg, Opus, M4A, WebM, AIFF and more), or folders, which are searched for them; `-` is standard input
    // Another flag in the group stands for recordings too.
    #[arg(required_unless_present = "listed", value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Read the names of recordings from FILE, one a line (`-`: from standard input)
    #[arg(long, value_name = "FILE", alias = "files_from", group = "listed")]
    pub files_from: Option<PathBuf>,

    /// Process only part I of N (from 1), to share the work between N machines or runs
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

/// The recordings found.
pub struct Found {
    /// Those of this run: all, or the part that `--shard` selects.
    pub paths: Vec<PathBuf>,
    /// Those of all parts.
    pub all: Vec<PathBuf>,
}

impl Inputs {
    /// All names in order; at least one.
    pub fn find(&self, quiet: bool) -> Result<Found> {
        let mut named = self.files.clone();
        if let Some(list) = &self.files_from {
            if is_stdin(list) && named.iter().any(|p| is_stdin(p)) {
                bail!("standard input cannot be both a recording and the list of --files-from");
            }
            let lines = read(list).with_context(|| format!("--files-from {}", list.display()))?;
            named.extend(names(&lines));
        }
        if named.is_empty() {
            bail!("--files-from names no recording");
        }
        read_stdin_once(named.iter().map(PathBuf::as_path))?;
        let mut all = Vec::new();
        for path in named {
            let before = all.len();
            if path.is_dir() {
                below(&path, &mut all, quiet);
            }
            // A folder without recordings fails when its turn comes, like any other input.
            if all.len() == before {
                all.push(path);
            }
        }
        let paths = match self.shard {
            None => all.clone(),
            Some(Shard { index, of }) => {
                (all.iter().skip(index - 1).step_by(of).cloned()).collect()
            }
        };
        Ok(Found { paths, all })
    }

    /// Whether results carry names: always, except for a single recording given on the command line.
    pub fn are_many(&self) -> bool {
        self.files.len() > 1 || self.files_from.is_some() || self.files.iter().any(|p| p.is_dir())
    }
}

/// Whether `path` stands for standard input.
pub fn is_stdin(path: &Path) -> bool {
    ["-", "/dev/stdin", "/dev/fd/0"]
        .iter()
        .any(|name| path == Path::new(name))
}

/// An error if standard input is named twice among `paths`: it can be read only once.
pub fn read_stdin_once<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<()> {
    if paths.into_iter().filter(|path| is_stdin(path)).count() > 1 {
        bail!("standard input (`-`) is given twice, but can be read only once");
    }
    Ok(())
}

/// The extensions of recordings; ones that cannot be read are tried too, and reported.
const ENDINGS: &str = "wav wave bwf rf64 w64 flac mp3 mp2 mp1 mpga ogg oga ogv opus spx m4a m4b m4r mp4 m4v aac mka mkv webm \
     mov qt aif aiff aifc au snd caf wma wmv asf amr awb ape wv tta tak mpc ac3 ec3 eac3 dts ts mts m2ts avi flv 3gp 3g2 \
     mpg mpeg voc dsf dff";

/// Whether `path` has the extension of a recording.
pub fn is_recording(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.split_whitespace().any(|known| known == ending))
}

/// Adds the recordings in `folder` and below to `found`, by name, each once however many links lead to it. Hidden files and
/// folders are skipped, as are pipes and devices; so is a link back to a parent folder, with a warning.
fn below(folder: &Path, found: &mut Vec<PathBuf>, quiet: bool) {
    // Folders behind links are entered once each, and not at all if they are entered under their own name.
    let (top, mut entered) = (folder.canonicalize().ok(), HashSet::new());
    let mut wanted = |entry: &DirEntry| {
        let below = entry.depth() > 0;
        if below && entry.file_name().to_string_lossy().starts_with('.') {
            return false;
        }
        if !(below && entry.path_is_symlink() && entry.file_type().is_dir()) {
            return true;
        }
        let real = entry.path().canonicalize().ok();
        let inside = real
            .iter()
            .zip(&top)
            .any(|(real, top)| real.starts_with(top));
        !inside && entered.insert(real)
    };
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name();
    let (mut paths, mut linked) = (Vec::new(), false);
    for entry in walk.into_iter().filter_entry(&mut wanted) {
        match entry {
            Ok(entry) => {
                linked |= entry.depth() > 0 && entry.path_is_symlink();
                if entry.file_type().is_file() && is_recording(entry.path()) {
                    paths.push(entry.into_path());
                }
            }
            Err(error) => {
                linked = true;
                let Some(path) = error.path() else { continue };
                match error.loop_ancestor() {
                    Some(above) if !quiet => {
                        let (path, above) = (shown(path), shown(above));
                        say!("wsac: {path}: warning: links back to {above}; passed over");
                    }
                    Some(_) => {}
                    // Fails when its turn comes: a folder that cannot be read, a dangling link.
                    None if path.is_dir() || is_recording(path) => paths.push(path.to_owned()),
                    None => {}
                }
            }
        }
    }
    if linked {
        once_each(&mut paths);
    }
    found.extend(paths);
}

/// Keeps each file once, under its own name if that is among `paths`.
fn once_each(paths: &mut Vec<PathBuf>) {
    let real: Vec<PathBuf> = (paths.iter())
        .map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()))
        .collect();
    // A path without links in it is the real one but for what lies before the folder that was named, so it has as many
    // last parts in common with it as any.
    let common = |i: usize| {
        let (path, real) = (paths[i].components().rev(), real[i].components().rev());
        path.zip(real).take_while(|(a, b)| a == b).count()
    };
    let mut best: HashMap<&Path, usize> = HashMap::new();
    for (i, path) in real.iter().enumerate() {
        let kept = best.entry(path).or_insert(i);
        if common(i) > common(*kept) {
            *kept = i;
        }
    }
    let kept: HashSet<usize> = best.into_values().collect();
    let mut i = 0..;
    paths.retain(|_| i.next().is_some_and(|i| kept.contains(&i)));
}

/// The bytes of `path`, or of standard input if it is `-`.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The names in a list, one per line; Windows line ends and empty lines are allowed.
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
        let all = inputs(None).find(true).expect("recordings").paths;
        let names = ["a.ogg", "b/d.mp3", "c.WAV"].map(|name| folder.path().join(name));
        assert_eq!(all, names);
        assert!(inputs(None).are_many());
        let parts =
            ["1/2", "2/2"].map(|part| inputs(Some(part)).find(true).expect("recordings").paths);
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
