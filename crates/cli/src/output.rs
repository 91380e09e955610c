//! The destination of results: standard output (`-`) or a file that is opened at the start, so that a bad path fails early.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::overwrite;
use crate::process::stdout;

/// The destination of results.
pub type Sink = BufWriter<Box<dyn Write>>;

/// The flag for it.
#[derive(clap::Args)]
pub struct Output {
    /// Write results to FILE instead of standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

impl Output {
    /// Checks that the file is none of `inputs` and no recording, before anything is opened for writing.
    pub fn check<'a>(&'a self, inputs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
        overwrite::refuse([&*self.output], inputs)?;
        overwrite::refuse_recording(&self.output)
    }

    /// Creates the file, or takes standard output.
    pub fn open(&self) -> Result<Sink> {
        Ok(self.open_growing(false)?.0)
    }

    /// Creates the file, or appends to it; or takes standard output. The second value can truncate the file again.
    pub fn open_growing(&self, go_on: bool) -> Result<(Sink, Growing)> {
        if self.output == Path::new("-") {
            return Ok((BufWriter::new(Box::new(stdout()?)), Growing(None)));
        }
        let open = || {
            if !go_on {
                let made = File::create(&self.output)?;
                if !made.metadata()?.is_file() {
                    return Ok((made, None));
                }
            }
            let file = (OpenOptions::new().append(true).create(true)).open(&self.output)?;
            let same = file.try_clone()?;
            Ok((file, Some(same)))
        };
        let opened: io::Result<_> = open();
        let (file, same) =
            opened.with_context(|| format!("cannot write {}", self.output.display()))?;
        Ok((BufWriter::new(Box::new(file)), Growing(same)))
    }
}

/// A file that rows are appended to; none if they go elsewhere.
pub struct Growing(Option<File>);

impl Growing {
    /// Its length in bytes.
    pub fn bytes(&self) -> io::Result<Option<u64>> {
        (self.0.as_ref().map(|file| Ok(file.metadata()?.len()))).transpose()
    }

    /// Truncates the file to an earlier length.
    pub fn cut_to(&self, bytes: Option<u64>) -> io::Result<()> {
        match (&self.0, bytes) {
            (Some(file), Some(bytes)) => file.set_len(bytes),
            _ => Ok(()),
        }
    }
}

/// Whether the reader of our output has closed it, as `head` does: not an error of ours.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |e: &io::Error| e.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        let csv = cause.downcast_ref::<csv::Error>();
        io.is_some_and(broken)
            || csv.is_some_and(|e| matches!(e.kind(), csv::ErrorKind::Io(e) if broken(e)))
    })
}

/// Writes `value` as one line in a single call, so that a line is complete or absent.
pub fn json_line(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::from)?;
    line.push(b'\n');
    Ok(out.write_all(&line)?)
}
