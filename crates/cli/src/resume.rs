//! `--resume` with one output file: the output of an earlier run -> the recordings that are done; the rest is cut off.
//!
//! ```text
//! bytes -> rows, each with its end -> recordings: done, failed, unfinished -> the file with those that are done
//! ```
//!
//! Incomplete rows, those of a recording that was not finished, and those of one that failed are cut off, and these
//! recordings are redone.

mod rows;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wsac::tensors::atomic_file::write_whole;

use crate::rows::Format;
use rows::{Row, What};

/// The existing content of an output file.
#[derive(Debug, Default)]
pub struct Done {
    /// How often each recording occurs.
    names: HashMap<String, usize>,
    /// Whether the file has its beginning, such as a header.
    pub begun: bool,
}

/// The rows of one recording.
pub struct Told {
    /// Its name.
    pub name: String,
    /// Where they are in the file.
    pub bytes: Range<usize>,
    /// The offset where its last segment begins.
    start: f64,
    /// Whether they are all.
    pub state: State,
}

/// How far a recording came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All of it is there.
    Done,
    /// It could not be captioned.
    Failed,
    /// It was not finished.
    Open,
}

impl Done {
    /// Reads `output`, rows in `format` of timelines or of captions, and cuts off what must be redone.
    pub fn read(output: &Path, format: Format, timeline: bool) -> Result<Self> {
        if output == Path::new("-") {
            bail!("--resume needs a file that can be gone on with: add -o FILE");
        }
        let table = match format {
            Format::Jsonl => rows::jsonl,
            Format::Csv if timeline => rows::timeline_csv,
            Format::Csv => rows::captions_csv,
            _ => bail!(
                "--resume goes on with a file of rows: take --format jsonl or csv{}",
                if timeline {
                    ", or --out-dir for a file each in any format"
                } else {
                    ""
                }
            ),
        };
        if !output.exists() {
            return Ok(Self::default());
        }
        let bytes = std::fs::read(output).with_context(|| output.display().to_string())?;
        let (header, rows) = table(&bytes, timeline).with_context(|| {
            let file = output.display();
            format!("--resume cannot go on with {file}; give another -o FILE")
        })?;
        let told = recordings(rows, header, format == Format::Csv);
        let mut done = Self::default();
        let mut kept = bytes[..header].to_vec();
        for told in told.into_iter().filter(|told| told.state == State::Done) {
            kept.extend_from_slice(&bytes[told.bytes]);
            *done.names.entry(told.name).or_default() += 1;
        }
        if kept.len() != bytes.len() {
            write_whole(output, &kept)?;
        }
        done.begun = !kept.is_empty();
        Ok(done)
    }

    /// The recordings in `bytes`, rows of JSONL of captions or of timelines, in their order.
    ///
    /// # Errors
    /// If a line is no such row; an incomplete one at the end is passed over.
    pub fn recordings(bytes: &[u8]) -> Result<Vec<Told>> {
        let (begin, rows) = match rows::jsonl(bytes, false) {
            Ok(table) => table,
            Err(why) => rows::jsonl(bytes, true).map_err(|_| why)?,
        };
        Ok(recordings(rows, begin, false))
    }

    /// Those of `paths` that are not done; one that is given twice is done when it occurs twice.
    pub fn left(&mut self, paths: Vec<PathBuf>) -> Vec<PathBuf> {
        let mut undone = paths;
        undone.retain(|path| match self.names.get_mut(&*path.to_string_lossy()) {
            Some(times) if *times > 0 => {
                *times -= 1;
                false
            }
            _ => true,
        });
        undone
    }
}

/// Groups `rows`, the first of which begins at byte `at`, by recording. In a table without rows that mark an end, all are
/// complete but the last.
fn recordings(rows: Vec<Row>, mut at: usize, without_ends: bool) -> Vec<Told> {
    let mut all: Vec<Told> = Vec::new();
    for Row { name, end, what } in rows {
        let goes_on = all.last().is_some_and(|told| {
            let later = !matches!(what, What::Segment { start } if start <= told.start);
            told.state == State::Open && told.name == name && later
        });
        if !goes_on {
            all.push(Told {
                name,
                bytes: at..end,
                start: 0.0,
                state: State::Open,
            });
        }
        if let Some(told) = all.last_mut() {
            told.bytes.end = end;
            match what {
                What::Segment { start } => told.start = start,
                What::Whole => told.state = State::Done,
                What::Failed => told.state = State::Failed,
            }
        }
        at = end;
    }
    if without_ends {
        let whole = all.len().saturating_sub(1);
        let open = all[..whole].iter_mut().filter(|t| t.state == State::Open);
        open.for_each(|told| told.state = State::Done);
    }
    all
}

#[cfg(test)]
mod tests;
