//! `wsac caption --timeline`: what is heard when, for recordings of any length.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use wsac::audio::AudioStream;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::checkpoint::write_whole;
use wsac::timeline::{Format, Timeline, TimelineOptions, Timelines};

use super::Args;
use crate::commands::{bare, batch_code};
use crate::progress::Listening;

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

    /// Below this level there is silence, which is left out (dB of full scale)
    #[arg(long, value_name = "DB", requires = "timeline", allow_negative_numbers = true, default_value_t = TimelineOptions::default().silence)]
    silence: f32,

    /// Write a file for each recording into DIR, named as the recording is, whole or not at all
    #[arg(
        long,
        value_name = "DIR",
        requires = "timeline",
        conflicts_with = "output"
    )]
    out_dir: Option<PathBuf>,

    /// Skip recordings whose file is in --out-dir already
    #[arg(long, requires = "out_dir")]
    resume: bool,
}

impl TimelineArgs {
    fn options(&self) -> TimelineOptions {
        let mut options = TimelineOptions::default();
        (options.min_length, options.max_length) = (self.min_length, self.max_length);
        (options.max_gap, options.silence) = (self.max_gap, self.silence);
        options
    }

    /// Where the timeline of `path` goes, with --out-dir: below it the recording's own folders, as far as they were named.
    fn file_of(&self, path: &Path, format: Format) -> Option<PathBuf> {
        let named: PathBuf = (path.components())
            .filter(|part| matches!(part, std::path::Component::Normal(_)))
            .collect();
        let mut name = self.out_dir.as_ref()?.join(named).into_os_string();
        name.push(".");
        name.push(format.ending());
        Some(name.into())
    }
}

/// Tells the timelines of all recordings, in order; each is worked on by all threads.
pub fn run(args: &Args, paths: &[PathBuf]) -> Result<ExitCode> {
    let told = &args.timeline;
    let options = told.options();
    options.check()?;
    let format = args.format.of_timeline()?;
    if let Some(folder) = &told.out_dir {
        if paths.iter().any(|path| path == Path::new("-")) {
            bail!("--out-dir needs recordings that have a name, not standard input");
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut stdout = match told.out_dir {
        None => Some(Timelines::new(
            format,
            args.inputs.are_many(),
            args.output.open()?,
        )?),
        Some(_) => None,
    };
    let captioner = args.model.open()?;
    let words = args.options(captioner.model())?;
    let progress = Listening::new(paths.len(), args.quiet);
    let (start, mut heard, mut segments, mut failed) = (Instant::now(), 0.0, 0, 0);
    for path in paths {
        let words = args.for_file(&words, path);
        let work = Work {
            captioner: &captioner,
            options: &options,
            words: &words,
            summary: told.summary,
            format,
            path,
        };
        let result = match (told.file_of(path, format), &mut stdout) {
            (Some(file), _) if told.resume && file.exists() => continue,
            (Some(file), _) => {
                let mut bytes = Vec::new();
                let mut out = Timelines::new(format, false, &mut bytes)?;
                let result = work.tell(&mut out)?;
                drop(out);
                if result.is_ok() {
                    if let Some(folder) = file.parent() {
                        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
                    }
                    write_whole(&file, &bytes)?;
                }
                result
            }
            (None, Some(out)) => work.tell(out)?,
            (None, None) => bail!("nowhere to write to"),
        };
        match result {
            Err(reason) => {
                failed += 1;
                eprintln!("wsac: {}: {reason}", path.display());
            }
            Ok(timeline) => {
                segments += timeline.segments;
                heard += timeline.duration;
                progress.heard(timeline.duration);
                for warning in timeline.warnings.iter().filter(|_| !args.quiet) {
                    eprintln!("wsac: {}: warning: {}", path.display(), bare(warning, path));
                }
            }
        }
    }
    drop(progress);
    if !args.quiet {
        let took = start.elapsed().as_secs_f64();
        let (hours, rate) = (heard / 3600.0, heard / took.max(1e-3));
        eprintln!("wsac: {segments} segments in {hours:.2} h of sound, {rate:.0} h an hour");
    }
    Ok(batch_code(failed))
}

/// The timeline of one recording.
struct Work<'a> {
    captioner: &'a Captioner,
    options: &'a TimelineOptions,
    words: &'a CaptionOptions,
    summary: bool,
    format: Format,
    path: &'a Path,
}

impl Work<'_> {
    /// Writes it to `out` as it comes about. The outer error is that of writing, the inner that of the recording.
    fn tell(&self, out: &mut Timelines<impl Write>) -> Result<Result<Timeline, String>> {
        let mut unwritten = None;
        let timeline =
            AudioStream::open(&self.path.into(), self.captioner.rate()).and_then(|mut stream| {
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
                    eprintln!("wsac: {}: {text}", self.path.display());
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
