//! `wsac caption FILES...`: the flags -> a checked [`CaptionJob`], which is then run.

mod decoding;
mod embeddings;
mod item;
mod job;
mod model;
mod refine;
mod sentences;
mod targets;
mod timeline;
mod work;

use crate::exit::ExitCode;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::hearing::HearingArgs;
use crate::inputs::{Inputs, is_stdin};
use crate::output::Output;
use crate::overwrite;
use crate::process::{say, use_threads};
use crate::rows::Format;
use decoding::DecodingArgs;
use embeddings::EmbeddingsJob;
use job::{CaptionJob, Kind};
pub use model::ModelArgs;
use sentences::Sentences;
use timeline::{TimelineArgs, TimelineJob};
use work::Work;

/// Write a caption for each recording
///
/// Recordings that fail have a line each on standard error and never stop the others. A caption with weak evidence is
/// marked there too: it is a guess.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten, next_help_heading = "Input and output")]
    inputs: Inputs,

    #[command(flatten, next_help_heading = "Input and output")]
    output: Output,

    /// How captions are written
    #[arg(
        long,
        value_enum,
        default_value = "text",
        alias = "output_format",
        help_heading = "Input and output"
    )]
    format: Format,

    /// Continue an earlier run: skip recordings that are already in -o FILE (jsonl, csv) or have their file in --out-dir.
    /// Incomplete or failed recordings are redone
    #[arg(long, help_heading = "Input and output")]
    resume: bool,

    /// Caption embeddings that were made elsewhere, instead of recordings: JSONL of `wsac embed`, .npy or .safetensors
    #[arg(
        long,
        value_name = "FILE",
        group = "listed",
        conflicts_with_all = ["files", "shard", "resume", "timeline"],
        help_heading = "Input and output"
    )]
    embeddings: Option<PathBuf>,

    #[command(flatten)]
    timeline: TimelineArgs,

    #[command(flatten)]
    model: ModelArgs,

    #[command(flatten)]
    decoding: DecodingArgs,

    #[command(flatten)]
    hearing: HearingArgs,

    /// Number of threads, at most one a core [default: one a core]
    #[arg(long, value_name = "N", alias = "workers")]
    threads: Option<usize>,

    /// No progress bar and no warnings; errors are still shown
    #[arg(short, long)]
    quiet: bool,
}

/// Captions all recordings, in order.
pub fn run(args: Args) -> Result<ExitCode> {
    args.job()?.run()
}

impl Args {
    /// The job described by the flags, once all are checked; nothing is written yet.
    fn job(self) -> Result<CaptionJob> {
        use_threads(self.threads)?;
        let settings = self.decoding.settings()?;
        if let Some(file) = self.embeddings {
            let read = [file.as_path()].into_iter().chain(self.model.files());
            self.output.check(read.chain(self.decoding.files()))?;
            return Ok(CaptionJob::Embeddings(EmbeddingsJob {
                file,
                model: self.model,
                settings,
                format: self.format,
                output: self.output,
                quiet: self.quiet,
            }));
        }
        let found = self.inputs.find(self.quiet)?;
        if self.hearing.each() {
            let has_rows = matches!(self.format, Format::Text | Format::Jsonl);
            if self.timeline.timeline || self.resume || !has_rows {
                bail!(
                    "--channels each is for captions in --format text or jsonl, without --timeline and --resume"
                );
            }
            if found.all.iter().any(|path| is_stdin(path)) {
                bail!(
                    "--channels each reads a recording several times; standard input can be read only once"
                );
            }
        }
        let mut read: Vec<_> = found.all.iter().chain(&self.inputs.files_from).collect();
        let files = self.model.files().chain(self.decoding.files());
        let files: Vec<_> = files.map(|path| path.to_owned()).collect();
        read.extend(&files);
        let read = read.into_iter().map(AsRef::as_ref);
        let many = self.inputs.are_many();
        let kind = if self.timeline.timeline {
            let job = TimelineJob::new(self.timeline, self.format, self.output, many)?;
            match &job.targets {
                Some(targets) => {
                    overwrite::refuse(targets.files(&found.all)?.iter().map(AsRef::as_ref), read)?;
                }
                None => job.output.check(read)?,
            }
            Kind::Timelines(job)
        } else {
            self.output.check(read)?;
            if !self.quiet
                && self.format == Format::Dcase
                && let Some((a, b)) = targets::equal_names(&found.all)
            {
                say!(
                    "wsac: warning: {a} and {b} have one name in a DCASE submission, which has no folders; take --format \
                     csv, or rename one"
                );
            }
            Kind::Sentences(Sentences {
                format: self.format,
                output: self.output,
                many,
            })
        };
        let work = Work {
            recordings: found.paths,
            model: self.model,
            settings,
            hearing: self.hearing,
            resume: self.resume,
            quiet: self.quiet,
        };
        Ok(CaptionJob::Recordings { work, kind })
    }
}
