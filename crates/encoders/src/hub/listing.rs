//! What the cache holds: its folders -> the CLAP models among them, with their revisions and sizes.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::cache::Folder;
use super::known::KNOWN;
use super::place::Hub;

/// A CLAP model in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// `owner/name`.
    pub repository: String,
    /// Branches and tags that were pulled, with their commits; sorted.
    pub revisions: Vec<(String, String)>,
    /// The files of weights and words that are there, by their paths in the model; sorted.
    pub files: Vec<String>,
    /// What all of it takes on the disk, unfinished files too.
    pub bytes: u64,
    /// Whether a file is not whole yet.
    pub unfinished: bool,
}

#[derive(Deserialize)]
struct Config {
    model_type: String,
}

impl Hub {
    /// The CLAP models in the cache, by name: those that we know by name, and those whose `config.json` says so.
    pub fn cached(&self) -> Vec<Cached> {
        let entries = fs::read_dir(&self.cache).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut models: Vec<Cached> = names
            .filter_map(|name| cached(&self.cache, &name))
            .collect();
        models.sort_unstable_by(|a, b| a.repository.cmp(&b.repository));
        models
    }
}

/// The model in the folder `folder` of `cache`, where it is a CLAP.
fn cached(cache: &Path, folder: &str) -> Option<Cached> {
    let repository = folder.strip_prefix("models--")?.replacen("--", "/", 1);
    let folder = Folder::at(cache, folder);
    let is_known = KNOWN
        .iter()
        .filter_map(|known| known.name().ok())
        .any(|name| name.repository() == repository);
    let commits = names(&folder.path().join("snapshots"));
    if !is_known
        && !commits
            .iter()
            .any(|commit| says_clap(&folder.snapshot(commit)))
    {
        return None;
    }
    let revisions = names(&folder.path().join("refs"));
    let mut files: Vec<String> = commits
        .iter()
        .flat_map(|commit| folder.files(commit))
        .collect();
    files.sort_unstable();
    files.dedup();
    let blobs = folder.path().join("blobs");
    let names = names(&blobs);
    Some(Cached {
        repository,
        revisions: (revisions.into_iter())
            .filter_map(|revision| Some((revision.clone(), folder.commit(&revision)?)))
            .collect(),
        files,
        bytes: names
            .iter()
            .filter_map(|name| blobs.join(name).metadata().ok())
            .map(|blob| blob.len())
            .sum(),
        unfinished: names.iter().any(|name| name.ends_with(".incomplete")),
    })
}

/// The names in `folder`, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names
}

fn says_clap(snapshot: &Path) -> bool {
    let config = fs::read(snapshot.join("config.json")).unwrap_or_default();
    serde_json::from_slice(&config).is_ok_and(|config: Config| config.model_type == "clap")
}
