//! `wsac caption --timeline`: what sounds when, for recordings of any length, into one file or a file each.

use crate::exit::ExitCode;
use std::fs;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wsac::audio::AudioStream;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::tensors::atomic_file::write_whole;
use wsac::timeline::{Format, Timeline, TimelineOptions, Timelines};

use super::targets::Targets;
use super::work::Work;
use crate::output::{Growing, Output, Sink};
use crate::process::{bare, batch_code, say, shown};
use crate::progress::Hearing;
use crate::ranges::within;
use crate::rows;

/// How recordings are cut into segments.
#[derive(clap::Args)]
#[command(next_help_heading = "Timelines")]
pub struct TimelineArgs {
    /// A timeline instead of one caption: segments with start, end and caption; recordings may be of any length
    #[arg(long)]
    pub timeline: bool,

    /// Add a caption of the whole recording
    #[arg(long, requires = "timeline")]
    summary: bool,

    /// Shortest segment (seconds)
    #[arg(long, value_name = "S", requires = "timeline", default_value_t = TimelineOptions::default().min_length)]
    min_length: f64,

    /// Longest segment (seconds)
    #[arg(long, value_name = "S", requires = "timeline", default_value_t = TimelineOptions::default().max_length)]
    max_length: f64,

    /// A longer silence always separates two segments (seconds)
    #[arg(long, value_name = "S", requires = "timeline", default_value_t = TimelineOptions::default().max_gap)]
    max_gap: f64,

    /// Level below which there is silence, which is left out (dBFS) [default: -55, or 6 dB above the recording's noise floor]
    #[arg(
        long,
        value_name = "DB",
        value_parser = within(-120.0_f32..=0.0),
        requires = "timeline",
        allow_negative_numbers = true
    )]
    silence: Option<f32>,

    /// Write a file for each recording into DIR, named as the recording is, whole or not at all
    #[arg(
        long,
        value_name = "DIR",
        requires = "timeline",
        conflicts_with = "output"
    )]
    out_dir: Option<PathBuf>,
}

/// Timelines of recordings, into one file or a file each.
pub struct TimelineJob {
    options: TimelineOptions,
    summary: bool,
    format: rows::Format,
    timeline_format: Format,
    many: bool,
    /// The common output.
    pub output: Output,
    /// The output of each, with --out-dir.
    pub targets: Option<Targets>,
}

impl TimelineJob {
    /// The job described by `args`; nothing is written yet.
    ///
    /// # Errors
    /// If they are out of range, or the format cannot hold the timelines.
    pub fn new(
        args: TimelineArgs,
        format: rows::Format,
        output: Output,
        many: bool,
    ) -> Result<Self> {
        let mut options = TimelineOptions::default();
        (options.min_length, options.max_length) = (args.min_length, args.max_length);
        (options.max_gap, options.silence) = (args.max_gap, args.silence);
        options.check()?;
        let timeline_format = format.of_timeline()?;
        let targets = args.out_dir.map(|folder| Targets {
            folder,
            format: timeline_format,
        });
        if targets.is_none() {
            // Checks that the format can hold several timelines.
            Timelines::going_on(timeline_format, many, io::sink())?;
        }
        Ok(Self {
            options,
            summary: args.summary,
            format,
            timeline_format,
            many,
            output,
            targets,
        })
    }

    /// Writes the timelines of all recordings, in order; each is processed by all threads.
    pub fn run(self, work: Work) -> Result<ExitCode> {
        let (mut sink, paths) = self.open(&work)?;
        if work.resume && paths.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        let captioner = work.model.open()?;
        let words = work.settings.options(captioner.model())?;
        let progress = Hearing::new(paths.len(), work.quiet);
        let (mut segments, mut failed) = (0, 0);
        for path in &paths {
            let words = work.settings.for_recording(&words, path);
            let recording = Recording {
                captioner: &captioner,
                options: &self.options,
                words: &words,
                summary: self.summary,
                format: self.timeline_format,
                path,
                progress: &progress,
            };
            let name = shown(path);
            match sink.write(&recording)? {
                Err(reason) => {
                    failed += 1;
                    progress.failed();
                    progress.suspend(|| say!("wsac: {name}: {reason}"));
                }
                Ok(timeline) => {
                    segments += timeline.segments;
                    progress.analysis(timeline.duration);
                    progress.suspend(|| {
                        for warning in timeline.warnings.iter().filter(|_| !work.quiet) {
                            say!("wsac: {name}: warning: {}", bare(warning, path));
                        }
                    });
                }
            }
        }
        let throughput = progress.finish();
        if !work.quiet {
            say!("wsac: {segments} segments in {throughput}");
        }
        Ok(batch_code(failed, work.recordings.len()))
    }

    /// Opens the output; with --resume, only the remaining recordings are processed.
    fn open(&self, work: &Work) -> Result<(TimelineSink<'_>, Vec<PathBuf>)> {
        let Some(targets) = &self.targets else {
            let (paths, begun) = work.left(&self.output, self.format, true)?;
            let (out, growing) = self.output.open_growing(work.resume)?;
            let out = if begun {
                Timelines::going_on(self.timeline_format, self.many, out)?
            } else {
                Timelines::new(self.timeline_format, self.many, out)?
            };
            return Ok((TimelineSink::One(out, growing, self.timeline_format), paths));
        };
        let folder = &targets.folder;
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let mut paths = work.recordings.clone();
        if work.resume {
            paths.retain(|path| !targets.file(path).exists());
        }
        Ok((TimelineSink::Each(targets), paths))
    }
}

/// The output of timelines.
enum TimelineSink<'a> {
    /// A file for each.
    Each(&'a Targets),
    /// All in one.
    One(Timelines<Sink>, Growing, Format),
}

impl TimelineSink<'_> {
    /// Writes one timeline. The outer error is that of writing, the inner that of the recording.
    fn write(&mut self, recording: &Recording) -> Result<Result<Timeline, String>> {
        match self {
            Self::Each(targets) => {
                let mut bytes = Vec::new();
                let mut out = Timelines::new(targets.format, false, &mut bytes)?;
                let result = recording.write(&mut out)?;
                drop(out);
                if result.is_ok() {
                    let file = targets.file(recording.path);
                    if let Some(folder) = file.parent() {
                        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
                    }
                    write_whole(&file, &bytes)?;
                }
                Ok(result)
            }
            Self::One(out, growing, format) => {
                out.flush()?;
                let before = growing.bytes()?;
                let result = recording.write(out)?;
                if result.is_err() && *format == Format::Csv {
                    // The format has no row for a failure.
                    growing.cut_to(before)?;
                }
                Ok(result)
            }
        }
    }
}

/// The timeline of one recording.
struct Recording<'a> {
    captioner: &'a Captioner,
    options: &'a TimelineOptions,
    words: &'a CaptionOptions,
    summary: bool,
    format: Format,
    path: &'a Path,
    progress: &'a Hearing,
}

impl Recording<'_> {
    /// Writes it to `out` as it is found. The outer error is that of writing, the inner that of the recording.
    fn write(&self, out: &mut Timelines<impl Write>) -> Result<Result<Timeline, String>> {
        let mut unwritten = None;
        let timeline = AudioStream::open(&self.path.into(), self.captioner.rate())
            .map_err(Into::into)
            .and_then(|stream| {
                let mut stream = self.progress.watch(stream);
                self.captioner
                    .timeline(&mut stream, self.options, self.words, &mut |segment| {
                        let written = out.write(self.path, &segment).and_then(|()| out.flush());
                        match written {
                            Ok(()) => ControlFlow::Continue(()),
                            Err(error) => {
                                unwritten = Some(error.into());
                                ControlFlow::Break(())
                            }
                        }
                    })
            });
        if let Some(error) = unwritten {
            return Err(error);
        }
        let captioned = timeline.and_then(|timeline| {
            let whole = timeline.whole.as_ref().filter(|_| self.summary);
            let caption = whole.map(|whole| self.captioner.describe(whole, self.words));
            Ok((caption.transpose()?.map(|caption| caption.text), timeline))
        });
        Ok(match captioned {
            Ok((summary, timeline)) => {
                let silent = self.summary.then_some("Silence.");
                let summary = summary.as_deref().or(silent);
                out.end(self.path, timeline.duration, summary)?;
                if let Some(text) = summary.filter(|_| !self.format.holds_summary()) {
                    let name = shown(self.path);
                    (self.progress).suspend(|| say!("wsac: {name}: {text}"));
                }
                Ok(timeline)
            }
            Err(error) => {
                let reason = bare(&error.to_string(), self.path);
                out.fail(self.path, &reason)?;
                Err(reason)
            }
        })
    }
}
