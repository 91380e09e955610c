//! `wsac caption --timeline`: what is heard when, for recordings of any length, into one file or a file each.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wsac::audio::AudioStream;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::tensors::atomic_file::write_whole;
use wsac::timeline::{Format, Timeline, TimelineOptions, Timelines};

use super::Args;
use crate::commands::{bare, batch_code};
use crate::output::{Growing, Sink};
use crate::progress::Hearing;

/// How recordings are cut into segments.
#[derive(clap::Args)]
pub struct TimelineArgs {
    /// Tell what is heard when: a caption for each stretch in which one thing is heard; recordings may be of any length
    #[arg(long)]
    pub timeline: bool,

    /// One more sentence about the whole recording
    #[arg(long, requires = "timeline")]
    summary: bool,

    /// No segment is shorter (seconds)
    #[arg(long, value_name = "S", requires = "timeline", default_value_t = TimelineOptions::default().min_length)]
    min_length: f64,

    /// No segment is longer (seconds)
    #[arg(long, value_name = "S", requires = "timeline", default_value_t = TimelineOptions::default().max_length)]
    max_length: f64,

    /// Silence that is longer parts two segments, whatever they are (seconds)
    #[arg(long, value_name = "S", requires = "timeline", default_value_t = TimelineOptions::default().max_gap)]
    max_gap: f64,

    /// Below this level there is silence, which is left out (dB of full scale) [default: -55, or 6 dB above the noise that
    /// the recording is never free of]
    #[arg(
        long,
        value_name = "DB",
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

impl TimelineArgs {
    fn options(&self) -> TimelineOptions {
        let mut options = TimelineOptions::default();
        (options.min_length, options.max_length) = (self.min_length, self.max_length);
        (options.max_gap, options.silence) = (self.max_gap, self.silence);
        options
    }
}

/// Tells the timelines of all recordings, in order; each is worked on by all threads.
pub fn run(args: &Args, paths: Vec<PathBuf>) -> Result<ExitCode> {
    let told = &args.timeline;
    let options = told.options();
    options.check()?;
    let format = args.format.of_timeline()?;
    let (mut target, paths) = told.target(args, format, paths)?;
    if args.resume && paths.is_empty() {
        return Ok(batch_code(0));
    }
    let captioner = args.model.open()?;
    let words = args.options(captioner.model())?;
    let progress = Hearing::new(paths.len(), args.quiet);
    let (mut segments, mut failed) = (0, 0);
    for path in &paths {
        let words = args.for_file(&words, path);
        let work = Work {
            captioner: &captioner,
            options: &options,
            words: &words,
            summary: told.summary,
            format,
            path,
            progress: &progress,
        };
        match target.tell(&work)? {
            Err(reason) => {
                failed += 1;
                progress.failed();
                progress.suspend(|| eprintln!("wsac: {}: {reason}", path.display()));
            }
            Ok(timeline) => {
                segments += timeline.segments;
                progress.heard(timeline.duration);
                progress.suspend(|| {
                    for warning in timeline.warnings.iter().filter(|_| !args.quiet) {
                        eprintln!("wsac: {}: warning: {}", path.display(), bare(warning, path));
                    }
                });
            }
        }
    }
    let said = progress.finish();
    if !args.quiet {
        eprintln!("wsac: {segments} segments in {said}");
    }
    Ok(batch_code(failed))
}

/// Where timelines go.
enum Target<'a> {
    /// A file for each below this folder.
    Folder(&'a TimelineArgs, Format),
    /// All in one.
    One(Timelines<Sink>, Growing, Format),
}

impl TimelineArgs {
    /// Where the timelines go, and which of `paths` are to be told.
    fn target<'a>(
        &'a self,
        args: &Args,
        format: Format,
        mut paths: Vec<PathBuf>,
    ) -> Result<(Target<'a>, Vec<PathBuf>)> {
        let Some(folder) = &self.out_dir else {
            let (paths, begun) = args.left(paths)?;
            let many = args.inputs.are_many();
            if many && !format.holds_many() {
                // Told before a file is made.
                Timelines::new(format, many, Vec::new())?;
            }
            let (out, growing) = args.output.open_growing(args.resume)?;
            let out = if begun {
                Timelines::going_on(format, many, out)?
            } else {
                Timelines::new(format, many, out)?
            };
            return Ok((Target::One(out, growing, format), paths));
        };
        if paths.iter().any(|path| path == Path::new("-")) {
            bail!("--out-dir needs recordings that have a name, not standard input");
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        if args.resume {
            paths.retain(|path| !self.file_of(folder, path, format).exists());
        }
        Ok((Target::Folder(self, format), paths))
    }

    /// Where the timeline of `path` goes: below `folder` the recording's own folders, as far as they were named.
    fn file_of(&self, folder: &Path, path: &Path, format: Format) -> PathBuf {
        let named: PathBuf = (path.components())
            .filter(|part| matches!(part, std::path::Component::Normal(_)))
            .collect();
        let mut name = folder.join(named).into_os_string();
        name.push(".");
        name.push(format.ending());
        name.into()
    }
}

impl Target<'_> {
    /// Does the work. The outer error is that of writing, the inner that of the recording.
    fn tell(&mut self, work: &Work) -> Result<Result<Timeline, String>> {
        match self {
            Self::Folder(args, format) => {
                let mut bytes = Vec::new();
                let mut out = Timelines::new(*format, false, &mut bytes)?;
                let result = work.tell(&mut out)?;
                drop(out);
                if let (Ok(_), Some(folder)) = (&result, &args.out_dir) {
                    let file = args.file_of(folder, work.path, *format);
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
                let result = work.tell(out)?;
                if result.is_err() && *format == Format::Csv {
                    // It has no row that would tell of it.
                    growing.cut_to(before)?;
                }
                Ok(result)
            }
        }
    }
}

/// The timeline of one recording.
struct Work<'a> {
    captioner: &'a Captioner,
    options: &'a TimelineOptions,
    words: &'a CaptionOptions,
    summary: bool,
    format: Format,
    path: &'a Path,
    progress: &'a Hearing,
}

impl Work<'_> {
    /// Writes it to `out` as it comes about. The outer error is that of writing, the inner that of the recording.
    fn tell(&self, out: &mut Timelines<impl Write>) -> Result<Result<Timeline, String>> {
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
        let told = timeline.and_then(|timeline| {
            let whole = timeline.whole.as_ref().filter(|_| self.summary);
            let caption = whole.map(|whole| self.captioner.describe(whole, self.words));
            Ok((caption.transpose()?.map(|caption| caption.text), timeline))
        });
        Ok(match told {
            Ok((summary, timeline)) => {
                let silent = self.summary.then_some("Silence.");
                let summary = summary.as_deref().or(silent);
                out.end(self.path, timeline.duration, summary)?;
                if let Some(text) = summary.filter(|_| !self.format.holds_summary()) {
                    let name = self.path.display();
                    (self.progress).suspend(|| eprintln!("wsac: {name}: {text}"));
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
