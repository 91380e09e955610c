//! Where results go: standard output (`-`) or a file that is made at the start, so that a bad path fails early.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

/// The place of results.
pub type Sink = BufWriter<Box<dyn Write>>;

/// The flag for it.
#[derive(clap::Args)]
pub struct Output {
    /// Write results to FILE instead of standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

impl Output {
    /// Makes the file, or takes standard output.
    pub fn open(&self) -> Result<Sink> {
        let writer: Box<dyn Write> = if self.output == Path::new("-") {
            Box::new(io::stdout())
        } else {
            let made = File::create(&self.output);
            Box::new(made.with_context(|| format!("cannot write {}", self.output.display()))?)
        };
        Ok(BufWriter::new(writer))
    }
}

/// Whether the reader of our output went away, as `head` does: no error of ours.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |e: &io::Error| e.kind() == ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        let csv = cause.downcast_ref::<csv::Error>();
        io.is_some_and(broken)
            || csv.is_some_and(|e| matches!(e.kind(), csv::ErrorKind::Io(e) if broken(e)))
    })
}

/// Writes `value` as one line.
pub fn json_line(out: &mut impl Write, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}
