//! A data set: captions to train on, clip by clip, and the [`Item`]s to caption, each with its references or labels.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wsac::dataset::{CaptionSet, read_captions};
use wsac::{Error, Result};

use crate::artifact_cache::Key;
use crate::config::Source;
use crate::mixture::Mixture;

/// Possible extensions of a recording whose name has none.
const ENDINGS: [&str; 6] = ["wav", "flac", "ogg", "mp3", "m4a", "aac"];

/// A data set as read from its files.
#[derive(Debug)]
pub struct Data {
    /// Its name in tables.
    pub name: String,
    /// The training captions, clip by clip.
    pub train: Vec<Vec<String>>,
    /// The captions for the validation loss, if given.
    pub validation: Option<Vec<Vec<String>>>,
    /// The recordings of the validation clips, if given; the gap is measured between both.
    pub validation_sounds: Option<Vec<Sound>>,
    /// The clips to caption.
    pub items: Vec<Item>,
    /// The patterns that correct captions of a label match, if captions are scored by keywords.
    pub keywords: Option<Keywords>,
}

/// A clip to caption.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Its reference captions; empty where it has labels.
    pub references: Vec<String>,
    /// The classes that occur in it; empty where it has references.
    pub labels: Vec<String>,
    /// Its audio, or its replacement.
    pub sound: Sound,
}

/// The audio of a clip.
#[derive(Debug, Clone, PartialEq)]
pub enum Sound {
    /// A recording.
    File(PathBuf),
    /// A mixture of two recordings.
    Mixture(Mixture),
    /// A caption in place of a recording.
    Caption(String),
}

/// Patterns by label.
#[derive(Debug, Clone, Deserialize)]
pub struct Keywords {
    /// Words for this class only.
    pub strict: BTreeMap<String, String>,
    /// These, and words for classes that sound similar.
    #[serde(default)]
    pub lenient: BTreeMap<String, String>,
}

impl Data {
    /// Reads the files that `source` names.
    ///
    /// # Errors
    /// If a file is missing, damaged, or contains no clip.
    pub fn read(source: &Source) -> Result<Self> {
        let mut train = read_captions(&source.train)?.captions_by_clip();
        train.truncate(source.most.unwrap_or(usize::MAX));
        let validation = source.validation.as_ref().map(read_captions).transpose()?;
        let validation_sounds = match (&validation, &source.validation_audio) {
            (Some(set), Some(folder)) => {
                let names = names(set, source.validation.as_deref().unwrap_or(folder))?;
                Some(
                    names
                        .iter()
                        .map(|name| find(folder, name, source.file.as_deref()))
                        .collect(),
                )
            }
            (None, Some(_)) => {
                return Err(Error::Config(format!(
                    "data {:?}: validation_audio needs validation, the captions of these recordings",
                    source.name
                )));
            }
            _ => None,
        };
        let keywords = source.keywords.as_deref().map(Keywords::read).transpose()?;
        let mut items = match (&keywords, &source.probe) {
            (Some(keywords), _) => labelled(source, keywords)?,
            (None, Some(_)) => stand_ins(source)?,
            (None, None) => captioned(source)?,
        };
        items.truncate(source.most_test.unwrap_or(usize::MAX));
        if items.is_empty() {
            return Err(Error::captions(
                &source.test,
                None,
                "has no clip to caption",
            ));
        }
        Ok(Self {
            name: source.name.clone(),
            train,
            validation: validation.map(|set| set.captions_by_clip()),
            validation_sounds,
            items,
            keywords,
        })
    }

    /// `key`, extended by the training and validation captions.
    pub fn key(&self, key: Key) -> Key {
        key.with_clips(self.train.iter().chain(self.validation.iter().flatten()))
    }
}

impl Keywords {
    fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(|e| Error::io(path, e))?;
        let wrong = |e| {
            Error::captions(
                path,
                None,
                format!("is no {{\"strict\": {{label: pattern}}}}: {e}"),
            )
        };
        serde_json::from_slice(&bytes).map_err(wrong)
    }
}

/// Clips with their references, as recordings.
fn captioned(source: &Source) -> Result<Vec<Item>> {
    let set = read_captions(&source.test)?;
    let folder = source.audio.as_deref().unwrap_or(Path::new("."));
    let clips = names(&set, &source.test)?
        .into_iter()
        .zip(set.captions_by_clip());
    let item = |(name, references): (String, Vec<String>)| Item {
        sound: find(folder, &name, source.file.as_deref()),
        name,
        references,
        labels: Vec::new(),
    };
    Ok(clips.map(item).collect())
}

/// Clips of several captions: one of them, chosen by clip, replaces the recording; the others are the references.
fn stand_ins(source: &Source) -> Result<Vec<Item>> {
    let set = read_captions(&source.test)?;
    let clips = set.captions_by_clip();
    let name = |clip: usize| {
        set.clip_name(clip)
            .map_or_else(|| format!("clip {}", clip + 1), str::to_owned)
    };
    let several = clips
        .into_iter()
        .enumerate()
        .filter(|(_, captions)| captions.len() > 1);
    let items: Vec<Item> = several
        .map(|(clip, mut references)| Item {
            name: name(clip),
            sound: Sound::Caption(references.remove(clip % references.len())),
            references,
            labels: Vec::new(),
        })
        .collect();
    if items.is_empty() {
        let reason = "has no clip with two captions; a probe needs one to stand in for the recording and one as its reference";
        return Err(Error::captions(&source.test, None, reason));
    }
    Ok(items)
}

/// Clips with labels, alone (`file_name,label`) or two at once (`file_a,label_a,file_b,label_b,gain_b_db,offset_b_s`).
fn labelled(source: &Source, keywords: &Keywords) -> Result<Vec<Item>> {
    #[derive(Deserialize)]
    struct Row {
        file_name: String,
        label: String,
    }
    let path = &source.test;
    let Some(folder) = source.audio.as_deref() else {
        return Err(Error::Config(format!(
            "data {:?}: keywords need audio, the folder of the recordings",
            source.name
        )));
    };
    let wrong = |e: csv::Error| {
        let line = e.position().map(csv::Position::line);
        Error::captions(
            path,
            line,
            format!(
                "is no table with file_name,label, nor with file_a,label_a,file_b,label_b: {e}"
            ),
        )
    };
    let mut reader = csv::Reader::from_path(path).map_err(wrong)?;
    let mixtures = reader
        .headers()
        .map_err(wrong)?
        .iter()
        .any(|name| name == "file_a");
    let mut items = Vec::new();
    if mixtures {
        for (i, row) in reader.deserialize().enumerate() {
            let mut mixture: Mixture = row.map_err(wrong)?;
            let labels = vec![mixture.label_a.clone(), mixture.label_b.clone()];
            let name = format!("mixture-{i}");
            mixture.within(folder);
            let (references, sound) = (Vec::new(), Sound::Mixture(mixture));
            items.push(Item {
                name,
                references,
                labels,
                sound,
            });
        }
    } else {
        for row in reader.deserialize() {
            let row: Row = row.map_err(wrong)?;
            items.push(Item {
                sound: find(folder, &row.file_name, source.file.as_deref()),
                name: row.file_name,
                references: Vec::new(),
                labels: vec![row.label],
            });
        }
    }
    for label in items.iter().flat_map(|item| &item.labels) {
        if !keywords.strict.contains_key(label) {
            let reason = format!("has the label {label:?}, for which there are no keywords");
            return Err(Error::captions(path, None, reason));
        }
    }
    Ok(items)
}

fn names(set: &CaptionSet, path: &Path) -> Result<Vec<String>> {
    let name = |clip| set.clip_name(clip).map(str::to_owned);
    let names: Option<Vec<String>> = (0..set.clips().len()).map(name).collect();
    names.ok_or_else(|| {
        let reason = "has no column file_name, which finds the recordings";
        Error::captions(path, None, reason)
    })
}

/// The recording of the clip called `name`.
fn find(folder: &Path, name: &str, pattern: Option<&str>) -> Sound {
    let path = match pattern {
        Some(pattern) => folder.join(pattern.replace("{}", name)),
        None => {
            let plain = folder.join(name);
            let with = |ending: &&str| folder.join(format!("{name}.{ending}"));
            let other = || ENDINGS.iter().map(with).find(|path| path.is_file());
            if plain.is_file() {
                plain
            } else {
                other().unwrap_or(plain)
            }
        }
    };
    Sound::File(path)
}
