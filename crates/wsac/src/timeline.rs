//! Timeline: a recording of any length -> captioned segments `[{start, end, caption, ..}]`, as a stream in bounded memory.
//!
//! ```text
//! AudioStream -active regions-> stretches of sound between silences -segmentation-> cut where the sound changes
//!     -AudioTower::encode-> AudioAnalysis -bridge, decode (32 together)-> Segment, equal neighbours merged
//! ```
//!
//! Nothing depends on threads, block sizes or time, so a recording always has the same timeline.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use wsac::audio::AudioStream;
//! use wsac::captioner::{CaptionOptions, Captioner};
//! use wsac::timeline::TimelineOptions;
//!
//! let captioner = Captioner::bundled()?;
//! let mut stream = AudioStream::open(&"night.wav".into(), captioner.rate())?;
//! let timeline = captioner.timeline(
//!     &mut stream,
//!     &TimelineOptions::default(),
//!     &CaptionOptions::default(),
//!     &mut |segment| {
//!         println!("{:8.2} {:8.2}  {}", segment.start, segment.end, segment.caption);
//!         ControlFlow::Continue(())
//!     },
//! )?;
//! println!("{} segments in {:.0} s", timeline.segments, timeline.duration);
//! # Ok::<(), wsac::Error>(())
//! ```

mod formats;
mod live;
mod noise_floor;
mod options;
mod pieces;
mod regions;
mod segment;
mod summary;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::Path;

use rayon::prelude::*;

pub use formats::{Format, Timelines, clock};
pub use live::Live;
pub use options::TimelineOptions;
use pieces::{Piece, pieces};
use regions::{ActiveRegion, ActiveRegions};
pub use segment::Segment;
pub use summary::Summary;

use crate::captioner::{CaptionOptions, Captioner};
use crate::error::Result;
use wsac_audio::{AudioStream, CancelToken, Waveform};
use wsac_encoders::analysis::AudioAnalysis;
use wsac_encoders::towers::AudioTower;

/// Segments that are captioned together.
const TOGETHER: usize = 32;

/// The result for a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The length of the recording in seconds.
    pub duration: f64,
    /// Number of segments.
    pub segments: usize,
    /// The analysis of all of them, for one sentence about the whole; `None` if all was silent.
    pub whole: Option<AudioAnalysis>,
    /// Problems of the recording that did not keep it from being analysed, a sentence each.
    pub warnings: Vec<String>,
}

/// The state of a timeline between audio and captions.
struct Teller<'a> {
    captioner: &'a Captioner,
    options: &'a TimelineOptions,
    words: &'a CaptionOptions,
    each: &'a mut dyn FnMut(Segment) -> ControlFlow<()>,
    /// Segments that are encoded but not captioned yet.
    analysis: Vec<(Piece, AudioAnalysis)>,
    /// The last segment, held back until it is known that the next one differs.
    last: Option<Segment>,
    segments: usize,
    summary: Summary,
    /// The recording's name for error messages.
    name: &'a Path,
    cancel: CancelToken,
}

impl Captioner {
    /// Captions the segments of `stream`, which is at [`Captioner::rate`]: `each` receives the segments in order, and may
    /// stop the work, as [`AudioStream::cancelled_by`] does between segments too. Memory holds at most two segments of the
    /// greatest length and the minute around them over which the noise floor is measured.
    ///
    /// # Errors
    /// As [`TimelineOptions::check`], [`AudioStream::next_block`] and [`Captioner::describe`].
    pub fn timeline(
        &self,
        stream: &mut AudioStream,
        options: &TimelineOptions,
        words: &CaptionOptions,
        each: &mut dyn FnMut(Segment) -> ControlFlow<()>,
    ) -> Result<Timeline> {
        options.check()?;
        let mut regions = ActiveRegions::new(stream.rate(), options);
        let name = stream.name().to_path_buf();
        let mut teller = Teller {
            name: &name,
            cancel: stream.cancel_token().clone(),
            captioner: self,
            options,
            words,
            each,
            analysis: Vec::new(),
            last: None,
            segments: 0,
            summary: Summary::default(),
        };
        let mut going = ControlFlow::Continue(());
        while let Some(block) = stream.next_block()? {
            regions.push(&block);
            going = teller.work(&mut regions)?;
            if going.is_break() {
                break;
            }
        }
        if going.is_continue() {
            regions.finish();
            going = teller.work(&mut regions)?;
        }
        if going.is_continue() {
            going = teller.tell()?;
        }
        if let (ControlFlow::Continue(()), Some(last)) = (going, teller.last.take()) {
            teller.segments += 1;
            let _ = (teller.each)(last);
        }
        let mut warnings = stream.warnings().to_vec();
        if going.is_continue() && teller.segments == 0 {
            warnings
                .extend(nothing_above(&regions).map(|hint| format!("{}: {hint}", name.display())));
        }
        Ok(Timeline {
            duration: regions.duration(),
            segments: teller.segments,
            whole: teller.summary.analysis(regions.duration()),
            warnings,
        })
    }
}

impl Teller<'_> {
    /// Segments and encodes the complete regions, and captions them once there are enough.
    fn work(&mut self, regions: &mut ActiveRegions) -> Result<ControlFlow<()>> {
        while let Some(region) = regions.next() {
            self.cancel.check(self.name)?;
            let frame_embeddings = self.captioner.tower().frame_embeddings(&region.samples)?;
            let (pieces, kept) = pieces(&region, &frame_embeddings, self.options);
            if let Some(from) = kept {
                regions.keep(&region, from);
            }
            let tower = self.captioner.tower();
            let analysis: Vec<Result<AudioAnalysis>> = pieces
                .par_iter()
                .map(|piece| {
                    self.cancel.check(self.name)?;
                    encode(tower, &region, piece)
                })
                .collect();
            for (mut piece, analysis) in pieces.into_iter().zip(analysis) {
                piece.end = piece.end.min(regions.duration());
                self.analysis.push((piece, analysis?));
            }
            if self.analysis.len() >= TOGETHER && self.tell()?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Captions the segments that are waiting.
    fn tell(&mut self) -> Result<ControlFlow<()>> {
        self.cancel.check(self.name)?;
        let analysis = std::mem::take(&mut self.analysis);
        let asked: Vec<_> = analysis
            .iter()
            .map(|(_, analysis)| (analysis, self.words))
            .collect();
        let captions = self.captioner.describe_together(&asked);
        for ((piece, analysis), caption) in analysis.into_iter().zip(captions) {
            let caption = caption?;
            self.summary.add(&analysis, piece.end - piece.start);
            let next = Segment {
                start: piece.start,
                end: piece.end,
                caption: caption.text,
                sounds: caption.sounds,
                logprob: caption.logprob,
                confidence: caption.confidence,
                weak: caption.weak,
            };
            match &mut self.last {
                Some(last) if self.options.join_equal && last.continues_in(&next, self.options) => {
                    last.join(next);
                }
                last => {
                    if let Some(before) = last.replace(next) {
                        self.segments += 1;
                        if (self.each)(before).is_break() {
                            self.last = None;
                            return Ok(ControlFlow::Break(()));
                        }
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// Why a recording that is not empty has no segment, and what to do.
fn nothing_above(regions: &ActiveRegions) -> Option<String> {
    /// What is below is no sound but the noise of 16 bits.
    const NOTHING: f32 = -96.0;
    let (silence, loudest) = regions.levels();
    let loudest = loudest.filter(|&loudest| loudest > NOTHING)?;
    let lower = (loudest - 20.0).max(-119.0);
    Some(format!(
        "nothing is above {silence:.0} dB of full scale, the level of silence; its loudest passage has {loudest:.0} dB: \
         to hear it set that level lower (silence {lower:.0})"
    ))
}

/// The analysis of a segment alone.
fn encode(tower: &dyn AudioTower, region: &ActiveRegion, piece: &Piece) -> Result<AudioAnalysis> {
    let rate = tower.rate();
    let samples = region.sounds(piece.start, piece.end);
    Ok(tower.encode(&mut AudioStream::from_waveform(
        &Waveform { samples, rate },
        rate,
    )?)?)
}

impl Segment {
    /// Whether `next` follows directly and has the same caption.
    fn continues_in(&self, next: &Self, options: &TimelineOptions) -> bool {
        let near = next.start - self.end <= options.max_gap;
        near && self.caption == next.caption && next.end - self.start <= options.max_length
    }

    /// Extends the segment to the end of `next`; caption evidence is taken from the more confident of the two.
    fn join(&mut self, next: Self) {
        let start = self.start;
        let end = next.end;
        if next.confidence > self.confidence {
            *self = next;
        }
        (self.start, self.end) = (start, end);
    }
}
