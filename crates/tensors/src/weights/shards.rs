//! Weights in several files, listed in an index: `{"weight_map": {"tensor": "file beside the index"}}`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::single::SingleFile;
use super::{Buffer, Weights};
use crate::error::{Error, Result};

/// At most so many bytes an index may have.
const MAX_INDEX: u64 = 1 << 26;
/// At most so many files may be named.
const MAX_FILES: usize = 1000;

/// The open files of an index.
#[derive(Debug)]
pub(super) struct Shards {
    path: PathBuf,
    files: Vec<SingleFile>,
    /// The tensors, and which of `files` each is in.
    owners: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Shards {
    /// Opens all files that the index `path` names.
    pub fn open(path: &Path) -> Result<Self> {
        let mut text = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_INDEX).read_to_end(&mut text));
        read.map_err(|e| Error::io(path, e))?;
        let index: Index = serde_json::from_slice(&text).map_err(|_| {
            Error::model(
                path,
                "is a JSON file, and no index of weights (a list `weight_map` of files)",
            )
        })?;
        let mut places = BTreeMap::new();
        let (mut files, mut owners) = (Vec::new(), BTreeMap::new());
        for (tensor, name) in index.weight_map {
            let owner = match places.get(&name) {
                Some(&owner) => owner,
                None => {
                    files.push(open_beside(path, &name, files.len())?);
                    places.insert(name, files.len() - 1);
                    files.len() - 1
                }
            };
            if files[owner].shape(&tensor).is_none() {
                let file = files[owner].path().display();
                return Err(Error::model(
                    path,
                    format!("{file} should hold tensor {tensor}, but does not"),
                ));
            }
            owners.insert(tensor, owner);
        }
        let path = path.to_path_buf();
        Ok(Self {
            path,
            files,
            owners,
        })
    }

    /// Number `place` of tensor `name`; `None` where there is none.
    pub fn number(&self, name: &str, place: usize) -> Option<f32> {
        self.files[*self.owners.get(name)?].number(name, place)
    }

    /// The files, without the index.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.iter().map(|f| f.path().to_path_buf()).collect()
    }
}

/// The file `name` in the folder of the index `path`; an index names plain files only, and no further index.
fn open_beside(path: &Path, name: &str, opened: usize) -> Result<SingleFile> {
    let plain = Path::new(name).file_name().is_some_and(|file| file == name);
    if !plain || opened >= MAX_FILES {
        return Err(Error::model(
            path,
            format!("names a file it must not: {name:?}"),
        ));
    }
    SingleFile::open(&path.with_file_name(name))
}

impl Weights for Shards {
    fn path(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> Vec<&str> {
        self.owners.keys().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.files[*self.owners.get(name)?].shape(name)
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<Buffer> {
        match self.owners.get(name) {
            Some(&owner) => self.files[owner].get(name, shape),
            None => Err(Error::model(
                &self.path,
                format!("tensor {name} is missing"),
            )),
        }
    }
}
