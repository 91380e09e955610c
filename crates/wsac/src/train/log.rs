//! `log.jsonl` of a run folder: every step and epoch, a JSON object a line.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::trainer::Step;
use crate::error::{Error, Result};
use wsac_tensors::atomic_file::write_whole;

/// The log of a run, a JSON object a line; lines of steps that a resumed run repeats are dropped.
pub(super) struct Log {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Log {
    /// The log at `path`, without the lines after step `steps_done`.
    pub fn open(path: &Path, steps_done: usize) -> Result<Self> {
        let old = fs::read_to_string(path).unwrap_or_default();
        let step = |line: &&str| {
            let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
            value
                .and_then(|v| v["step"].as_u64())
                .is_some_and(|s| s as usize <= steps_done)
        };
        let kept: String = old
            .lines()
            .filter(step)
            .flat_map(|line| [line, "\n"])
            .collect();
        write_whole(path, kept.as_bytes())?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(|e| Error::io(path, e))?;
        Ok(Self {
            path: path.into(),
            file: BufWriter::new(file),
        })
    }

    fn write(&mut self, value: serde_json::Value) -> Result<()> {
        writeln!(self.file, "{value}")
            .and_then(|()| self.file.flush())
            .map_err(|e| Error::io(&self.path, e))
    }

    /// Logs a step.
    pub fn step(&mut self, s: &Step) -> Result<()> {
        self.write(
            serde_json::json!({"step": s.step, "loss": s.loss, "lr": s.lr, "tokens": s.tokens}),
        )
    }

    /// Logs the end of an epoch.
    pub fn epoch(&mut self, step: usize, epoch: usize, validation: Option<f64>) -> Result<()> {
        self.write(serde_json::json!({"step": step, "epoch": epoch, "validation": validation}))
    }
}

/// The validation loss of the last epoch in the log at `path`, if any.
pub(super) fn last_validation(path: &Path) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines().rev();
    lines.find_map(|line| {
        serde_json::from_str::<serde_json::Value>(line).ok()?["validation"].as_f64()
    })
}
