//! The hub: names of models -> local folders, in the cache that Python's `huggingface_hub` has too.
//!
//! `owner/name` or `owner/name/FILE`, either with `@revision` (a branch, tag or commit), becomes
//! `models--owner--name/snapshots/COMMIT`, a folder of links to blobs. A file that Python fetched is found here, and
//! one that was fetched here is found by Python. Every blob is called by the checksum of its content, and none is
//! kept that does not have it. [`Hub::find`] never uses a network; [`Hub::pull`] alone does.

mod cache;
mod environment;
mod fetch;
mod http;
pub mod known;
mod listing;
mod name;
mod place;
mod wanted;

use std::path::PathBuf;

use crate::error::{Error, Result};
use cache::Folder;
pub use environment::is_true;
pub use listing::Cached;
pub use name::Name;
pub use place::Hub;
pub use wanted::WEIGHTS;

/// What [`Hub::pull`] is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// `file` comes in; `done` of `total` bytes of all files are here.
    Fetching {
        /// The file of the model.
        file: &'a str,
        /// Bytes that are here.
        done: u64,
        /// Bytes of all files that are wanted.
        total: u64,
    },
    /// Another process fetches `file`; this one waits for it.
    Waiting {
        /// The file of the model.
        file: &'a str,
    },
}

/// What of a model is in the cache.
struct Found {
    commit: String,
    files: Vec<String>,
}

impl Hub {
    /// The folder (or, where `name` names a file, the file) in the cache; `None` where it is not, or not whole.
    /// Uses no network.
    pub fn find(&self, name: &Name) -> Option<PathBuf> {
        let folder = Folder::new(&self.cache, name);
        let found = found(&folder, name)?;
        Some(place(&folder, name, &found.commit))
    }

    /// Fetches what is missing of `name`, checks what is there, and gives its folder (or its file, as [`Hub::find`]).
    ///
    /// What was fetched of a file stays, and the next pull goes on from there. Several processes may pull at once.
    /// A commit that is in the cache needs no network.
    ///
    /// # Errors
    /// Where the hub cannot be reached or refuses, the content has not the checksum that the hub promised, the disk is
    /// full, or the hub is [`Hub::offline`] and something is missing or damaged.
    pub fn pull(&self, name: &Name, on_progress: &mut dyn FnMut(Progress<'_>)) -> Result<PathBuf> {
        let folder = Folder::new(&self.cache, name);
        if self.offline || name.is_pinned() {
            let found = found(&folder, name);
            let damaged = match &found {
                Some(found) => folder.damaged(&found.commit, &found.files)?,
                None => None,
            };
            match (found, damaged) {
                (Some(found), None) => return Ok(place(&folder, name, &found.commit)),
                (Some(_), Some(file)) if self.offline => {
                    let reason = format!(
                        "{file} in {} is damaged, and no network may be used; without --offline, `wsac models pull \
                         {name}` fetches it again",
                        folder.path().display()
                    );
                    return Err(Error::hub(name, reason));
                }
                (None, _) if self.offline => return Err(self.missing(name, &folder)),
                _ => {}
            }
        }
        let client = http::Client::new(self, name)?;
        let listed = client.revision()?;
        let files = wanted::choose(name, &listed.files)?;
        let mut remotes = Vec::new();
        for file in &files {
            remotes.push(client.head(&listed.commit, file)?);
        }
        let total = remotes.iter().map(|remote| remote.size).sum();
        let mut before = 0;
        for (file, remote) in files.iter().zip(&remotes) {
            let mut tell = |state| {
                on_progress(match state {
                    fetch::State::At(done) => Progress::Fetching {
                        file,
                        done: before + done,
                        total,
                    },
                    fetch::State::Waiting => Progress::Waiting { file },
                });
            };
            fetch::fetch(&client, &folder, &listed.commit, file, remote, &mut tell)?;
            before += remote.size;
        }
        // Only now, so that an unfinished pull leaves the revision at the commit that is whole.
        folder.set_revision(name.revision(), &listed.commit)?;
        Ok(place(&folder, name, &listed.commit))
    }

    fn missing(&self, name: &Name, folder: &Folder) -> Error {
        let what = name.file().unwrap_or("the model");
        Error::hub(
            name,
            format!(
                "{what} is not in the cache ({}), and no network may be used; run `wsac models pull {name}` without \
                 --offline and HF_HUB_OFFLINE, or on another computer, and bring its folder {} here",
                self.cache.display(),
                folder.path().display()
            ),
        )
    }
}

/// The commit and files of `name` in the cache, where all that is wanted of it is there.
fn found(folder: &Folder, name: &Name) -> Option<Found> {
    let commit = folder.commit(name.revision())?;
    let files = wanted::choose(name, &folder.files(&commit)).ok()?;
    Some(Found { commit, files })
}

fn place(folder: &Folder, name: &Name, commit: &str) -> PathBuf {
    let snapshot = folder.snapshot(commit);
    match name.file() {
        Some(file) => snapshot.join(file),
        None => snapshot,
    }
}
