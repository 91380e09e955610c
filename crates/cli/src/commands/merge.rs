//! `wsac merge SHARD...`: the rows of several runs of `wsac caption --shard I/N --format jsonl` -> one file with each
//! recording once, and a line on standard error for each that is missing, double or failed.

use crate::exit::ExitCode;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::inputs::Inputs;
use crate::output::Output;
use crate::process::say;
use crate::resume::{Done, State, Told};

/// Join the rows of `caption --shard` runs, and check that every recording is there once
///
/// Rows are JSONL, of captions or of timelines. A recording that failed in one run and was captioned in another counts as
/// captioned; one that only failed keeps the row that says why.
///
/// Exit codes: 0 every recording is there once, 1 some are missing, double, failed or in no list, 2 nothing could be joined.
#[derive(clap::Args)]
pub struct Args {
    /// The files that the runs have written
    #[arg(required = true, value_name = "SHARD")]
    shards: Vec<PathBuf>,

    /// The list that the runs were given as --files-from: what is missing is told, and rows are written in its order
    /// [default: rows in the order of the files, and nothing is known to be missing]
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,

    #[command(flatten)]
    output: Output,
}

/// The rows of all recordings.
#[derive(Default)]
struct Rows {
    /// Of each recording, the best last: captioned before failed before unfinished, the first file's before others'.
    by_name: HashMap<String, Vec<Found>>,
    /// The names as they first occur.
    order: Vec<String>,
}

/// The rows of one recording in one file.
struct Found {
    /// The index of the file.
    shard: usize,
    told: Told,
}

/// Joins the rows.
pub fn run(args: &Args) -> Result<ExitCode> {
    let read = args.shards.iter().chain(&args.names);
    args.output.check(read.map(PathBuf::as_path))?;
    let mut rows = args.read()?;
    let names = match &args.names {
        Some(list) => listed(list.clone())?,
        None => rows.order.clone(),
    };
    let (mut joined, mut wrong) = (Vec::new(), 0);
    let mut tell = |name: &str, what: &str| {
        wrong += 1;
        say!("wsac: {name}: {what}");
    };
    for name in &names {
        let Some(found) = rows.by_name.get_mut(name).and_then(Vec::pop) else {
            tell(name, "is missing");
            continue;
        };
        let shard = args.shards[found.shard].display();
        match found.told.state {
            State::Done => {}
            State::Failed => tell(name, &format!("failed: {}", args.failure(&found)?)),
            State::Open => {
                tell(name, &format!("breaks off in {shard}; go on with --resume"));
                continue;
            }
        }
        joined.push(found);
    }
    let wanted: HashSet<&String> = names.iter().collect();
    for name in &rows.order {
        let left = &rows.by_name[name];
        if !wanted.contains(name) {
            tell(name, "is not among the names; left out");
        } else if let Some(more) = left.iter().find(|found| found.told.state == State::Done) {
            let shard = args.shards[more.shard].display();
            tell(
                name,
                &format!("is double; the rows in {shard} are left out"),
            );
        }
    }
    if joined.is_empty() {
        bail!("none of the {} recordings has a row to join", names.len());
    }
    args.write(&joined)?;
    say!(
        "wsac: {} of {} recordings joined",
        joined.len(),
        names.len()
    );
    Ok(ExitCode::from(u8::from(wrong > 0)))
}

/// The names of a list, with those of the recordings below a folder in it, as `wsac caption` finds them.
fn listed(list: PathBuf) -> Result<Vec<String>> {
    let inputs = Inputs {
        files: Vec::new(),
        files_from: Some(list),
        shard: None,
    };
    let found = inputs.find(true).context("--names")?;
    let name = |path: &PathBuf| path.to_string_lossy().into_owned();
    Ok(found.all.iter().map(name).collect())
}

impl Args {
    /// The rows of all files.
    fn read(&self) -> Result<Rows> {
        let mut rows = Rows::default();
        for (shard, path) in self.shards.iter().enumerate() {
            let name = path.display();
            let bytes = std::fs::read(path).with_context(|| name.to_string())?;
            for told in Done::recordings(&bytes).with_context(|| name.to_string())? {
                let of_name = rows.by_name.entry(told.name.clone()).or_insert_with(|| {
                    rows.order.push(told.name.clone());
                    Vec::new()
                });
                of_name.insert(0, Found { shard, told });
            }
        }
        for found in rows.by_name.values_mut() {
            found.sort_by_key(|found| match found.told.state {
                State::Open => 0,
                State::Failed => 1,
                State::Done => 2,
            });
        }
        Ok(rows)
    }

    /// Copies the rows of `joined`, in this order.
    fn write(&self, joined: &[Found]) -> Result<()> {
        let mut files = self.open()?;
        let mut out = self.output.open()?;
        for found in joined {
            out.write_all(&copy(&mut files[found.shard], found)?)?;
        }
        Ok(out.flush()?)
    }

    /// Why a recording failed.
    fn failure(&self, found: &Found) -> Result<String> {
        #[derive(Deserialize)]
        struct Failure {
            error: String,
        }
        let path = &self.shards[found.shard];
        let mut file = File::open(path).with_context(|| path.display().to_string())?;
        let rows = copy(&mut file, found)?;
        // Of a timeline the failure may stand behind segments.
        let last = rows
            .trim_ascii_end()
            .split(|byte| *byte == b'\n')
            .next_back();
        let failure: Failure = serde_json::from_slice(last.unwrap_or_default())?;
        Ok(failure.error)
    }

    fn open(&self) -> Result<Vec<File>> {
        let open = |path: &PathBuf| File::open(path).with_context(|| path.display().to_string());
        self.shards.iter().map(open).collect()
    }
}

/// The bytes of the rows in their file.
fn copy(file: &mut File, found: &Found) -> Result<Vec<u8>> {
    let bytes = &found.told.bytes;
    let mut rows = vec![0; bytes.len()];
    file.seek(SeekFrom::Start(bytes.start as u64))?;
    file.read_exact(&mut rows)?;
    Ok(rows)
}
