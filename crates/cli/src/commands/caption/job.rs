//! A checked job of `wsac caption`: recordings, a captioner and its settings -> captions or timelines, and an exit code.

use crate::exit::ExitCode;

use anyhow::Result;

use super::sentences::Sentences;
use super::timeline::TimelineJob;
use super::work::Work;

/// The work of `wsac caption`.
pub struct CaptionJob {
    /// The part that both kinds share.
    pub work: Work,
    /// The kind of result.
    pub kind: Kind,
}

/// The kind of result.
pub enum Kind {
    /// A caption.
    Sentences(Sentences),
    /// Segments with times and captions.
    Timelines(TimelineJob),
}

impl CaptionJob {
    /// Runs the job.
    pub fn run(self) -> Result<ExitCode> {
        match self.kind {
            Kind::Sentences(job) => job.run(self.work),
            Kind::Timelines(job) => job.run(self.work),
        }
    }
}
