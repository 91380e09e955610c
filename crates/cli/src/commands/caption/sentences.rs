//! One caption for each recording, as rows in one file.

use crate::exit::ExitCode;
use std::path::Path;

use anyhow::Result;
use wsac::audio::AudioStream;
use wsac::captioner::Caption;

use super::item::Item;
use super::work::Work;
use crate::output::Output;
use crate::process::{bare, batch_code, say, shown};
use crate::progress::Listening;
use crate::rows::{Format, Rows};

/// The output of captions, and its format.
pub struct Sentences {
    /// The format of the rows.
    pub format: Format,
    /// The file.
    pub output: Output,
    /// Whether recordings are named if the format does not require it.
    pub many: bool,
}

impl Sentences {
    /// Captions all recordings, in order.
    pub fn run(self, work: Work) -> Result<ExitCode> {
        let (paths, begun) = work.left(&self.output, self.format, false)?;
        if work.resume && paths.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        let (out, _) = self.output.open_growing(work.resume)?;
        let mut rows = if begun {
            Rows::going_on(self.format, self.many, out)?
        } else {
            Rows::new(self.format, self.many, out)?
        };
        let captioner = work.model.open()?;
        let options = work.settings.options(captioner.model())?;
        let items = Item::of(
            paths,
            work.hearing.hearing(),
            work.hearing.each(),
            captioner.rate(),
        );
        let progress = Listening::new(items.len(), work.quiet);
        let mut failed = 0;
        captioner.caption_all(
            &items,
            |item, rate| {
                Ok(AudioStream::open_with(
                    &item.path.as_path().into(),
                    rate,
                    &item.hearing,
                )?)
            },
            |item| work.settings.for_recording(&options, &item.path),
            |seconds| progress.analysis(seconds),
            |item, caption| {
                let path = &item.path;
                let mut caption = caption.map_err(|error| bare(&error.to_string(), path));
                for warning in caption.iter_mut().flat_map(|caption| &mut caption.warnings) {
                    *warning = bare(warning, path);
                }
                rows.write(path, item.channel, &caption)?;
                rows.flush()?;
                failed += usize::from(caption.is_err());
                progress.suspend(|| report(path, &caption, work.quiet));
                anyhow::Ok(())
            },
        )?;
        progress.finish();
        // Of recordings that are done already none is an item; with `--channels each` a recording is several.
        Ok(batch_code(failed, work.recordings.len().max(items.len())))
    }
}

/// The messages about a recording on standard error.
pub fn report(path: &Path, result: &Result<Caption, String>, quiet: bool) {
    let name = shown(path);
    match result {
        Err(reason) => say!("wsac: {name}: {reason}"),
        Ok(_) if quiet => {}
        Ok(caption) => {
            for warning in &caption.warnings {
                say!("wsac: {name}: warning: {warning}");
            }
            if caption.weak {
                let confidence = caption.confidence;
                say!("wsac: {name}: low confidence ({confidence:.2}): the caption is a guess");
            }
        }
    }
}
