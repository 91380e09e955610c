//! A checked job of `wsac caption`: recordings (or embeddings), a captioner and its settings -> captions or timelines, and an exit code.

use crate::exit::ExitCode;

use anyhow::Result;

use super::embeddings::EmbeddingsJob;
use super::sentences::Sentences;
use super::timeline::TimelineJob;
use super::work::Work;

/// The work of `wsac caption`.
pub enum CaptionJob {
    /// Recordings are listened to.
    Recordings {
        /// The part that both kinds share.
        work: Work,
        /// The kind of result.
        kind: Kind,
    },
    /// Embeddings that were made elsewhere are decoded.
    Embeddings(EmbeddingsJob),
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
        match self {
            Self::Recordings { work, kind } => match kind {
                Kind::Sentences(job) => job.run(work),
                Kind::Timelines(job) => job.run(work),
            },
            Self::Embeddings(job) => job.run(),
        }
    }
}
