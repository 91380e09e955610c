//! Many recordings: while the captions of some are decoded together, the next are read and encoded.
//!
//! Paths in, captions in the same order out. Whatever the number of recordings and their lengths, memory holds the analyses
//! of two batches of [`TOGETHER`] and the blocks of the recordings being read. Batches are cut by position, not by
//! time, so the result does not depend on which recording is ready first.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rayon::prelude::*;

use super::{Caption, CaptionOptions, Captioner};
use crate::error::{Error, Result};
use wsac_audio::{AudioStream, Hearing};
use wsac_encoders::analysis::AudioAnalysis;

/// Recordings whose captions are decoded together.
const TOGETHER: usize = 32;

/// The analysis of a recording, and the warnings about it.
type Listened = Result<(AudioAnalysis, Vec<String>)>;

impl Captioner {
    /// Captions the recordings at `paths`, each with its `options`, and passes the results to `each` in order; a recording that
    /// fails never stops the others. `on_heard` receives the duration in seconds of each recording encoded, in any order.
    ///
    /// # Errors
    /// The first that `each` returns; then no more recordings are read.
    pub fn caption_all<P: AsRef<Path> + Sync, E: Send>(
        &self,
        paths: &[P],
        options: impl Fn(&P) -> CaptionOptions + Sync,
        on_heard: impl Fn(f64) + Sync,
        mut each: impl FnMut(&P, Result<Caption>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let encode = |paths: &[P]| -> Vec<Listened> {
            let listened = paths.par_iter().map(|path| {
                let listened = unharmed(|| self.encode_file(path.as_ref(), &options(path).hearing));
                on_heard(
                    listened
                        .as_ref()
                        .map_or(0.0, |(analysis, _)| analysis.duration),
                );
                listened
            });
            listened.collect()
        };
        let mut batches = paths.chunks(TOGETHER);
        let Some(mut batch) = batches.next() else {
            return Ok(());
        };
        let mut listened = encode(batch);
        loop {
            let next = batches.next();
            let (captions, analysis) = rayon::join(
                || self.describe_batch(batch, listened, &options),
                || next.map(encode),
            );
            for (path, caption) in batch.iter().zip(captions) {
                each(path, caption)?;
            }
            let (Some(following), Some(analysis)) = (next, analysis) else {
                return Ok(());
            };
            (batch, listened) = (following, analysis);
        }
    }

    /// [`Captioner::describe_together`], guarded so that a panic over one recording cannot fail the others.
    pub fn describe_all(
        &self,
        asked: &[(&AudioAnalysis, &CaptionOptions)],
    ) -> Vec<Result<Caption>> {
        unharmed(|| Ok(self.describe_together(asked))).unwrap_or_else(|_| {
            let alone = |&(analysis, options): &_| unharmed(|| self.describe(analysis, options));
            asked.iter().map(alone).collect()
        })
    }

    fn encode_file(&self, path: &Path, hearing: &Hearing) -> Listened {
        let mut stream = AudioStream::open_with(&path.into(), self.tower.rate(), hearing)?;
        let analysis = self.encode_stream(&mut stream)?;
        Ok((analysis, stream.warnings().to_vec()))
    }

    /// The captions of a batch, in order.
    fn describe_batch<P>(
        &self,
        paths: &[P],
        listened: Vec<Listened>,
        options: impl Fn(&P) -> CaptionOptions,
    ) -> Vec<Result<Caption>> {
        let options: Vec<CaptionOptions> = paths.iter().map(options).collect();
        let asked: Vec<(&AudioAnalysis, &CaptionOptions)> = (listened.iter().zip(&options))
            .filter_map(|(listened, options)| Some((&listened.as_ref().ok()?.0, options)))
            .collect();
        let mut captions = self.describe_all(&asked).into_iter();
        let captions_in_order = listened.into_iter().map(|listened| {
            let (_, warnings) = listened?;
            let lost = || Err(Error::Config("no caption was made".into()));
            let caption = captions.next().unwrap_or_else(lost)?;
            Ok(Caption {
                warnings,
                ..caption
            })
        });
        captions_in_order.collect()
    }
}

/// The last resort: no recording, however strange, makes the others fail.
fn unharmed<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::Config(
            "cannot be captioned: wsac made a mistake; please report it".into(),
        ))
    })
}
