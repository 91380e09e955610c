//! One run of SPICE's scorer: items as JSON in, what it found of them out.

use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::cache::{Item, strings};
use super::{Counts, ItemScore, SpiceJars, Subset, Tuple};
use crate::{Error, Result};

/// Whether words with a synset in common are taken for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Synonyms {
    Merged,
    Apart,
}

/// A process that does not outlive its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only where the process has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl SpiceJars {
    /// What SPICE says of `items`, in their order, from one Java process.
    ///
    /// # Errors
    /// Where Java fails, with the end of what it said, or its answer makes no sense.
    pub(super) fn run(&self, items: &[Item], synonyms: Synonyms) -> Result<Vec<ItemScore>> {
        let folder =
            tempfile::tempdir().map_err(|source| Error::io(std::env::temp_dir(), source))?;
        let path = |name: &str| folder.path().join(name);
        let (asked, answer, said) = (path("in.json"), path("out.json"), path("java.txt"));
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| Error::io(path, source)
        };
        let rows: Value = (items.iter().enumerate())
            .map(|(id, (test, refs))| json!({"image_id": id.to_string(), "test": test, "refs": refs}))
            .collect();
        std::fs::write(&asked, rows.to_string()).map_err(failed(&asked))?;
        let log = std::fs::File::create(&said).map_err(failed(&said))?;
        let mut command = self.command();
        command.arg(&asked).arg("-out").arg(&answer);
        command
            .args(["-subset", "-silent", "-detailed", "-threads"])
            .arg(self.threads.to_string());
        if synonyms == Synonyms::Apart {
            command.arg("-noSynsets");
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let mut java = Running(command.spawn().map_err(failed(&self.java))?);
        let status = java.0.wait().map_err(failed(&self.java))?;
        if let Ok(rows) = std::fs::read(&answer)
            && status.success()
        {
            return read(&rows, items.len()).ok_or_else(|| {
                self.error("SPICE's Java wrote an answer that is not SPICE 1.0's; are the jars of one set?")
            });
        }
        let log = std::fs::read(&said).unwrap_or_default();
        Err(self.error(&failure(
            &String::from_utf8_lossy(&log),
            &status.to_string(),
        )))
    }

    fn error(&self, reason: &str) -> Error {
        Error::data(&self.folder, reason)
    }
}

/// Why Java failed, from what it said on stderr.
fn failure(said: &str, status: &str) -> String {
    if said.contains("OutOfMemoryError") {
        return "SPICE's Java ran out of memory; allow it more, or fewer threads".into();
    }
    let told = |line: &&str| {
        ["Error", "Exception", "Could not"]
            .iter()
            .any(|word| line.contains(word))
    };
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines()
        .find(told)
        .or(lines().next_back())
        .unwrap_or("nothing");
    format!("SPICE's Java failed ({status}) and said: {line}")
}

/// The scorer's answer: a row for each of `count` items, found by its `image_id`.
fn read(answer: &[u8], count: usize) -> Option<Vec<ItemScore>> {
    let rows: Value = serde_json::from_slice(answer).ok()?;
    let mut scores: Vec<Option<ItemScore>> = vec![None; count];
    for row in rows.as_array()? {
        let id: usize = row["image_id"].as_str()?.parse().ok()?;
        *scores.get_mut(id)? = Some(ItemScore {
            candidate: tuples(&row["test_tuples"])?,
            references: (tuples(&row["ref_tuples"])?.into_iter())
                .map(|(tuple, _)| tuple)
                .collect(),
            counts: counts(&row["scores"])?,
        });
    }
    scores.into_iter().collect()
}

fn tuples(rows: &Value) -> Option<Vec<(Tuple, bool)>> {
    let tuple = |row: &Value| {
        let slots = strings(&row["tuple"])?;
        Some((Tuple::from_slots(slots)?, row["truth_value"].as_bool()?))
    };
    let mut tuples: Vec<_> = rows.as_array()?.iter().map(tuple).collect::<Option<_>>()?;
    tuples.sort();
    Some(tuples)
}

fn counts(scores: &Value) -> Option<[Counts; 7]> {
    let counts = |subset: Subset| {
        let number = |what| scores[&format!("{subset:?}")][what].as_i64();
        let (matched, wrong, missed) = (number("tp")?, number("fp")?, number("fn")?);
        Some(Counts {
            candidate: usize::try_from(matched + wrong).ok()?,
            references: usize::try_from(matched + missed).ok()?,
            matched: usize::try_from(matched).ok()?,
        })
    };
    let counts: Option<Vec<Counts>> = Subset::EACH.into_iter().map(counts).collect();
    counts?.try_into().ok()
}
