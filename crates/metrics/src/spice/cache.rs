//! What SPICE's jars once found, kept in a file: captions with their tuples, items with what was compared.
//!
//! `spice-<fingerprint of the jars>.jsonl`: a line `{"caption": "..", "tuples": [["dog"], ["dog", "bark"]]}` for each
//! caption, and `{"candidate": "..", "references": [".."], "score": {..}}` for each item that was scored whole.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Counts, ItemScore, Tuple};
use crate::{Error, Result};

/// A candidate with its references.
pub(super) type Item = (String, Vec<String>);

/// What is known of captions and items.
#[derive(Debug, Default)]
pub(super) struct Cache {
    /// Where it is kept, if it is.
    file: Option<PathBuf>,
    /// The tuples of a caption by itself, synonyms apart, sorted.
    pub captions: BTreeMap<String, Vec<Tuple>>,
    /// Items that the jars scored whole.
    pub items: BTreeMap<Item, ItemScore>,
}

impl Cache {
    /// What the file in `folder` for the jars with `fingerprint` holds: nothing if there is no such file, or no folder is
    /// given. A line that makes no sense (the last one of a file that was cut off) is left out: its caption will be
    /// parsed again.
    ///
    /// # Errors
    /// Where the file is there but cannot be read.
    pub fn open(folder: Option<&Path>, fingerprint: &str) -> Result<Self> {
        let name = format!("spice-{fingerprint}.jsonl");
        let Some(file) = folder.map(|folder| folder.join(name)) else {
            return Ok(Self::default());
        };
        let mut cache = Self::read(&file)?;
        cache.file = Some(file);
        Ok(cache)
    }

    fn read(path: &Path) -> Result<Self> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|source| Error::io(path, source))?,
        };
        let mut cache = Self::default();
        for line in bytes.split(|&byte| byte == b'\n') {
            let Ok(row) = serde_json::from_slice::<Value>(line) else {
                continue;
            };
            if let Some((caption, tuples)) = caption_of(&row) {
                cache.captions.insert(caption, tuples);
            } else if let Some((item, score)) = item_of(&row) {
                cache.items.insert(item, score);
            }
        }
        Ok(cache)
    }

    /// Adds what the file holds by now (another run may have written meanwhile) and writes all of it, whole or not at
    /// all.
    ///
    /// # Errors
    /// Where the folder cannot be made or written.
    pub fn save(&mut self) -> Result<()> {
        let Some(path) = &self.file else {
            return Ok(());
        };
        let there = Self::read(path)?;
        self.captions.extend(there.captions);
        self.items.extend(there.items);
        let folder = path.parent().unwrap_or(Path::new("."));
        let failed = |source| Error::io(path, source);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        let captions = (self.captions.iter())
            .map(|(caption, tuples)| json!({"caption": caption, "tuples": to_json(tuples)}));
        let items = self.items.iter().map(|((candidate, references), score)| {
            let counts = score.counts.map(|c| [c.candidate, c.references, c.matched]);
            json!({
                "candidate": candidate,
                "references": references,
                "score": {
                    "candidate": to_json(score.candidate.iter().map(|(tuple, _)| tuple)),
                    "said": score.candidate.iter().map(|(_, said)| *said).collect::<Vec<_>>(),
                    "references": to_json(&score.references),
                    "counts": counts,
                },
            })
        });
        let mut text = String::new();
        for row in captions.chain(items) {
            text += &row.to_string();
            text.push('\n');
        }
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

fn caption_of(row: &Value) -> Option<(String, Vec<Tuple>)> {
    Some((row["caption"].as_str()?.into(), from_json(&row["tuples"])?))
}

fn item_of(row: &Value) -> Option<(Item, ItemScore)> {
    let item = (
        row["candidate"].as_str()?.to_owned(),
        strings(&row["references"])?,
    );
    let score = &row["score"];
    let candidate = from_json(&score["candidate"])?;
    let said: Option<Vec<bool>> = (score["said"].as_array()?.iter())
        .map(Value::as_bool)
        .collect();
    let said = said.filter(|said| said.len() == candidate.len())?;
    let counts: Option<Vec<Counts>> = score["counts"].as_array()?.iter().map(counts_of).collect();
    let score = ItemScore {
        candidate: candidate.into_iter().zip(said).collect(),
        references: from_json(&score["references"])?,
        counts: counts?.try_into().ok()?,
    };
    Some((item, score))
}

fn counts_of(row: &Value) -> Option<Counts> {
    let number = |at: usize| usize::try_from(row[at].as_u64()?).ok();
    Some(Counts {
        candidate: number(0)?,
        references: number(1)?,
        matched: number(2)?,
    })
}

fn to_json<'a>(tuples: impl IntoIterator<Item = &'a Tuple>) -> Value {
    (tuples.into_iter())
        .map(|tuple| json!(tuple.slots().collect::<Vec<_>>()))
        .collect()
}

fn from_json(tuples: &Value) -> Option<Vec<Tuple>> {
    let tuples = tuples.as_array()?.iter();
    tuples
        .map(|slots| Tuple::from_slots(strings(slots)?))
        .collect()
}

/// A JSON array of strings.
pub(super) fn strings(array: &Value) -> Option<Vec<String>> {
    let strings = array.as_array()?.iter();
    strings
        .map(|text| text.as_str().map(str::to_owned))
        .collect()
}
