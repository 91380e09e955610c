//! One model's folder in the cache: revision -> commit -> files -> blobs, laid out as `huggingface_hub` does.
//!
//! ```text
//! models--owner--name/refs/REVISION             the commit, as text
//! models--owner--name/snapshots/COMMIT/FILE     a relative link to ../../blobs/ETAG
//! models--owner--name/blobs/ETAG                the content; ETAG.incomplete while it comes in
//! .locks/models--owner--name/ETAG.lock          held by the process that fetches it
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::name::{Name, is_commit};
use crate::error::{Error, Result};
use wsac_tensors::atomic_file::write_whole;

/// The folder of one model.
pub struct Folder {
    path: PathBuf,
    locks: PathBuf,
}

impl Folder {
    /// That of `name` in `cache`; it need not exist.
    pub fn new(cache: &Path, name: &Name) -> Self {
        Self::at(
            cache,
            &format!("models--{}", name.repository().replace('/', "--")),
        )
    }

    /// That called `folder` in `cache`.
    pub fn at(cache: &Path, folder: &str) -> Self {
        Self {
            path: cache.join(folder),
            locks: cache.join(".locks").join(folder),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The commit that `revision` was at when it was last pulled; a commit is its own.
    pub fn commit(&self, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let text = fs::read_to_string(self.path.join("refs").join(revision)).ok()?;
        Some(text.trim().to_owned()).filter(|commit| is_commit(commit))
    }

    /// Notes that `revision` is at `commit` now.
    pub fn set_revision(&self, revision: &str, commit: &str) -> Result<()> {
        let _lock = self.lock("refs", || {})?;
        if is_commit(revision) || self.commit(revision).as_deref() == Some(commit) {
            return Ok(());
        }
        let file = self.path.join("refs").join(revision);
        make_parent(&file)?;
        Ok(write_whole(&file, commit.as_bytes())?)
    }

    /// The files of `commit` as one sees them, which are links to blobs.
    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.path.join("snapshots").join(commit)
    }

    /// The files of `commit` whose content is there, by their paths in the model.
    pub fn files(&self, commit: &str) -> Vec<String> {
        let mut files = Vec::new();
        list(&self.snapshot(commit), "", &mut files);
        files
    }

    /// The first of `files` whose content is not what its blob's name promises. Where links are impossible the files
    /// are no links, promise nothing and are taken for whole.
    pub fn damaged(&self, commit: &str, files: &[String]) -> Result<Option<String>> {
        for file in files {
            let path = self.snapshot(commit).join(file);
            let target = fs::read_link(&path).unwrap_or_default();
            let etag = target.file_name().and_then(|name| name.to_str());
            let etag = etag.filter(|etag| is_checksum(etag));
            if let Some(etag) = etag
                && !has_checksum(&path, etag).map_err(|e| Error::io(&path, e))?
            {
                return Ok(Some(file.clone()));
            }
        }
        Ok(None)
    }

    /// Where the content of `etag` lies.
    pub fn blob(&self, etag: &str) -> PathBuf {
        self.path.join("blobs").join(etag)
    }

    /// Where the content of `etag` lies while it comes in.
    pub fn part(&self, etag: &str) -> PathBuf {
        self.path.join("blobs").join(format!("{etag}.incomplete"))
    }

    /// Keeps other processes, Python's too, from fetching the blob `what` (or from writing `refs`) until the file is
    /// dropped; calls `on_wait` where one does so already. `None` on a file system without locks.
    pub fn lock(&self, what: &str, on_wait: impl FnOnce()) -> Result<Option<File>> {
        let path = self.locks.join(format!("{what}.lock"));
        make_parent(&path)?;
        let lock = || {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    on_wait();
                    file.lock()?;
                }
                Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {
                    return Ok(None);
                }
                Err(TryLockError::Error(e)) => return Err(e),
            }
            Ok(Some(file))
        };
        lock().map_err(|e| Error::io(&path, e))
    }

    /// Makes `file` of `commit` show the content of `etag`: by a relative link, else by a second name or a copy of it.
    pub fn link(&self, commit: &str, file: &str, etag: &str) -> Result<()> {
        let path = self.snapshot(commit).join(file);
        make_parent(&path)?;
        let up = "../".repeat(2 + file.matches('/').count());
        let target = PathBuf::from(format!("{up}blobs/{etag}"));
        if fs::read_link(&path).is_ok_and(|found| found == target) {
            return Ok(());
        }
        // Beside it first, so that nobody ever sees the file missing or half of it.
        let beside = path.with_file_name(format!(".{etag}.{}", std::process::id()));
        let make = || {
            let _ = fs::remove_file(&beside);
            let blob = self.blob(etag);
            symlink(&target, &beside)
                .or_else(|_| fs::hard_link(&blob, &beside))
                .or_else(|_| fs::copy(&blob, &beside).map(drop))?;
            fs::rename(&beside, &path)
        };
        make().map_err(|e| Error::io(&path, e))
    }
}

/// Adds the files below `folder`, whose path in the model is `before`, to `files`.
fn list(folder: &Path, before: &str, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let (path, name) = (entry.path(), format!("{before}{name}"));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&path, &format!("{name}/"), files);
        } else if path.is_file() {
            files.push(name);
        }
    }
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}

/// Makes the folder that `path` lies in.
pub fn make_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(|e| Error::io(parent, e)),
        None => Ok(()),
    }
}

/// Whether `etag` is a checksum that [`has_checksum`] knows: that of Git (40 hex digits) or of large files (64).
pub fn is_checksum(etag: &str) -> bool {
    matches!(etag.len(), 40 | 64) && (etag.bytes()).all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the content of `path` has the checksum `etag`: SHA-256 of it where `etag` has 64 hex digits (Git LFS), else
/// SHA-1 of `blob LENGTH\0` and it (Git).
pub fn has_checksum(path: &Path, etag: &str) -> io::Result<bool> {
    let file = File::open(path)?;
    if etag.len() == 64 {
        return Ok(digest(Sha256::new(), file)? == etag);
    }
    let head = format!("blob {}\0", file.metadata()?.len());
    Ok(digest(Sha1::new().chain_update(head), file)? == etag)
}

fn digest(mut hash: impl Digest, mut file: File) -> io::Result<String> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    Ok((hash.finalize().iter())
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn checksums_are_those_of_git_and_of_large_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hello");
        fs::write(&path, "hello\n").unwrap();
        // `git hash-object` and `sha256sum`.
        let git = "ce013625030ba8dba906f756967f9e9ca394464a";
        let large = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        for etag in [git, large] {
            assert!(is_checksum(etag) && has_checksum(&path, etag).unwrap());
            assert!(!has_checksum(&path, &etag.replace('6', "7")).unwrap());
        }
        assert!(!is_checksum("../../x") && !is_checksum(&git[1..]));
    }
}
