//! A checked job of `wsac caption`: recordings, a captioner and its settings -> captions or timelines, and an exit code.

use std::process::ExitCode;

use anyhow::Result;

use super::sentences::Sentences;
use super::timeline::TimelineJob;
use super::work::Work;

/// What `wsac caption` does.
pub struct CaptionJob {
    /// What both kinds have.
    pub work: Work,
    /// What becomes of each recording.
    pub kind: Kind,
}

/// What becomes of a recording.
pub enum Kind {
    /// A caption.
    Sentences(Sentences),
    /// Segments with times and captions.
    Timelines(TimelineJob),
}

impl CaptionJob {
    /// Does it.
    pub fn run(self) -> Result<ExitCode> {
        match self.kind {
            Kind::Sentences(job) => job.run(self.work),
            Kind::Timelines(job) => job.run(self.work),
        }
    }
}
