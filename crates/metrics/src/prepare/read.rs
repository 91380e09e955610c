//! Finding METEOR's texts where they are kept: wheels and jars (zip), gzip, folders.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::{Source, Sources};
use crate::{Error, Result};

/// Folders inside folders that are looked into.
const DEEPEST: usize = 5;

impl Sources {
    /// Reads the texts from `paths`: the wheel of pycocoevalcap 1.2, its `meteor-1.5.jar` and `paraphrase-en.gz`, a folder
    /// that has these somewhere, or the texts themselves. `found` is told the name of every text.
    ///
    /// # Errors
    /// Where something cannot be read, or a text is not there.
    pub fn read(paths: &[PathBuf], found: &mut dyn FnMut(&str)) -> Result<Self> {
        let mut search = Search {
            texts: Default::default(),
            found,
        };
        for path in paths {
            search.path(path, DEEPEST)?;
        }
        let missing: Vec<&str> = Source::ALL
            .into_iter()
            .filter(|&source| search.texts[source as usize].is_none())
            .map(Source::name)
            .collect();
        if !missing.is_empty() {
            let from = paths
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>();
            return Err(Error::data(
                from.join(", "),
                format!(
                    "{} not found; give the wheel of pycocoevalcap 1.2 (`pip download --no-deps pycocoevalcap==1.2`), or \
                     its meteor-1.5.jar and paraphrase-en.gz",
                    missing.join(", ")
                ),
            ));
        }
        Ok(Self::new(search.texts.map(Option::unwrap_or_default)))
    }
}

/// What is found so far; the first of each wins.
struct Search<'a> {
    texts: [Option<String>; 5],
    found: &'a mut dyn FnMut(&str),
}

impl Search<'_> {
    /// Looks at a file, or into a folder and `deeper` folders below it.
    fn path(&mut self, path: &Path, deeper: usize) -> Result<()> {
        let failed = |e| Error::io(path, e);
        if !path.is_dir() {
            let bytes = fs::read(path).map_err(failed)?;
            return self.bytes(path, bytes);
        }
        let mut inside = fs::read_dir(path)
            .and_then(|entries| {
                entries
                    .map(|entry| Ok(entry?.path()))
                    .collect::<std::io::Result<Vec<_>>>()
            })
            .map_err(failed)?;
        inside.sort();
        for path in inside {
            if path.is_dir() {
                if deeper > 0 {
                    self.path(&path, deeper - 1)?;
                }
            } else if is_wanted(&path) {
                self.path(&path, 0)?;
            }
        }
        Ok(())
    }

    /// Looks into the bytes of the file called `path` (inside an archive: the archive's path with the entry's behind it).
    fn bytes(&mut self, path: &Path, bytes: Vec<u8>) -> Result<()> {
        if bytes.starts_with(b"PK") {
            return self.archive(path, bytes);
        }
        let Some(source) = source(path) else {
            return Err(Error::data(
                path,
                "neither a wheel, a jar nor a text of METEOR",
            ));
        };
        if self.texts[source as usize].is_none() {
            let mut text = String::new();
            let read = if bytes.starts_with(&[0x1f, 0x8b]) {
                MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)
            } else {
                (&bytes[..]).read_to_string(&mut text)
            };
            read.map_err(|e| Error::io(path, e))?;
            (self.found)(&path.display().to_string());
            self.texts[source as usize] = Some(text);
        }
        Ok(())
    }

    fn archive(&mut self, path: &Path, bytes: Vec<u8>) -> Result<()> {
        let failed = |e: zip::result::ZipError| {
            Error::data(path, format!("cannot be read as a zip file: {e}"))
        };
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(failed)?;
        for place in 0..archive.len() {
            let mut entry = archive.by_index(place).map_err(failed)?;
            let inside = path.join(&*entry.name().map_err(failed)?);
            if is_wanted(&inside) && !entry.is_dir() {
                let mut bytes = Vec::new();
                entry
                    .read_to_end(&mut bytes)
                    .map_err(|e| Error::io(&inside, e))?;
                drop(entry);
                self.bytes(&inside, bytes)?;
            }
        }
        Ok(())
    }
}

/// Whether a file may be a text of METEOR or its jar.
fn is_wanted(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name == "meteor-1.5.jar")
        || source(path).is_some()
}

/// The text that a file is, by its name.
fn source(path: &Path) -> Option<Source> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    Source::ALL.into_iter().find(|source| source.name() == name)
}
