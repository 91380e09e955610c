//! Shared by captioning and timelines: recordings, a captioner and its options.

use std::path::PathBuf;

use anyhow::{Result, bail};
use wsac::captioner::Settings;

use super::model::ModelArgs;
use crate::inputs::is_stdin;
use crate::output::Output;
use crate::process::say;
use crate::resume::Done;
use crate::rows::Format;

/// The recordings, and how they are captioned.
pub struct Work {
    /// In the order of their output.
    pub recordings: Vec<PathBuf>,
    /// The captioner.
    pub model: ModelArgs,
    /// How it captions.
    pub settings: Settings,
    /// Whether to resume an earlier run.
    pub resume: bool,
    /// Whether to omit warnings and the bar.
    pub quiet: bool,
}

impl Work {
    /// The recordings that are not yet in `output`, rows in `format`, and whether that has its beginning; all of them
    /// without --resume.
    pub fn left(
        &self,
        output: &Output,
        format: Format,
        timeline: bool,
    ) -> Result<(Vec<PathBuf>, bool)> {
        let recordings = self.recordings.clone();
        if !self.resume {
            return Ok((recordings, false));
        }
        if recordings.iter().any(|path| is_stdin(path)) {
            bail!("--resume needs recordings that have a name, not standard input");
        }
        let mut done = Done::read(&output.output, format, timeline)?;
        let left = done.left(recordings);
        let all = self.recordings.len();
        if !self.quiet && left.len() < all {
            let (done, output) = (all - left.len(), output.output.display());
            say!("wsac: {done} of {all} recordings are already in {output}");
        }
        Ok((left, done.begun))
    }
}
