//! Many recordings: while the captions of some are decoded together, the next are read and encoded.
//!
//! Recordings in, captions in the same order out. Whatever the number of recordings and their lengths, memory holds the analyses
//! of two batches of [`TOGETHER`] and the blocks of the recordings being read. Batches are cut by position, not by
//! time, so the result does not depend on which recording is ready first.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::{Caption, CaptionOptions, Captioner};
use crate::error::{Error, Result};
use wsac_audio::AudioStream;
use wsac_encoders::analysis::AudioAnalysis;

/// Recordings whose captions are decoded together.
const TOGETHER: usize = 32;

/// The analysis of a recording, and the warnings about it.
type Listened = Result<(AudioAnalysis, Vec<String>)>;

impl Captioner {
    /// Captions `recordings`, each of which `open` opens at the given rate, with its `options`, and passes the results to
    /// `each` in order; a recording that fails never stops the others. `on_heard` receives the duration in seconds of each
    /// recording encoded, in any order.
    ///
    /// # Errors
    /// The first that `each` returns; then no more recordings are read.
    pub fn caption_all<R: Sync, E: Send>(
        &self,
        recordings: &[R],
        open: impl Fn(&R, u32) -> Result<AudioStream> + Sync,
        options: impl Fn(&R) -> CaptionOptions + Sync,
        on_heard: impl Fn(f64) + Sync,
        mut each: impl FnMut(&R, Result<Caption>) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let encode = |recordings: &[R]| -> Vec<Listened> {
            let listened = recordings.par_iter().map(|recording| {
                let listened = unharmed(|| {
                    let mut stream = open(recording, self.tower.rate())?;
                    let analysis = self.encode_stream(&mut stream)?;
                    Ok((analysis, stream.warnings().to_vec()))
                });
                on_heard(
                    listened
                        .as_ref()
                        .map_or(0.0, |(analysis, _)| analysis.duration),
                );
                listened
            });
            listened.collect()
        };
        let mut batches = recordings.chunks(TOGETHER);
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
            for (recording, caption) in batch.iter().zip(captions) {
                each(recording, caption)?;
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

    /// The captions of a batch, in order.
    fn describe_batch<R>(
        &self,
        recordings: &[R],
        listened: Vec<Listened>,
        options: impl Fn(&R) -> CaptionOptions,
    ) -> Vec<Result<Caption>> {
        let options: Vec<CaptionOptions> = recordings.iter().map(options).collect();
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
