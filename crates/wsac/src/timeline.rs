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

use std::borrow::BorrowMut;
use std::collections::VecDeque;
use std::ops::{ControlFlow, Deref};

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
use wsac_audio::{AudioStream, Waveform};
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

/// The segments of a recording, one after the other: each call of [`Segments::next`] reads, encodes and captions as much as
/// the next segment needs. `C` is how the captioner is held (`&Captioner`, `Arc<Captioner>`), `S` the stream.
pub struct Segments<C, S> {
    captioner: C,
    stream: S,
    options: TimelineOptions,
    words: CaptionOptions,
    regions: ActiveRegions,
    /// Segments that are encoded but not captioned yet.
    analysis: Vec<(Piece, AudioAnalysis)>,
    /// The last segment, held back until it is known that the next one differs.
    last: Option<Segment>,
    /// Segments that are ready.
    ready: VecDeque<Segment>,
    /// Whether the recording has ended.
    ended: bool,
    segments: usize,
    summary: Summary,
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
        let mut segments = Segments::new(self, stream, options.clone(), words.clone())?;
        while let Some(segment) = segments.next()? {
            if each(segment).is_break() {
                break;
            }
        }
        Ok(segments.finish())
    }
}

impl<C: Deref<Target = Captioner>, S: BorrowMut<AudioStream>> Segments<C, S> {
    /// The segments of `stream`, which is at [`Captioner::rate`]; nothing is read yet.
    ///
    /// # Errors
    /// As [`TimelineOptions::check`].
    pub fn new(
        captioner: C,
        stream: S,
        options: TimelineOptions,
        words: CaptionOptions,
    ) -> Result<Self> {
        options.check()?;
        Ok(Self {
            regions: ActiveRegions::new(stream.borrow().rate(), &options),
            captioner,
            stream,
            options,
            words,
            analysis: Vec::new(),
            last: None,
            ready: VecDeque::new(),
            ended: false,
            segments: 0,
            summary: Summary::default(),
        })
    }

    /// The next segment; `None` after the last.
    ///
    /// # Errors
    /// As [`AudioStream::next_block`] and [`Captioner::describe`].
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Segment>> {
        while self.ready.is_empty() && !self.ended {
            match self.stream.borrow_mut().next_block()? {
                Some(block) => {
                    self.regions.push(&block);
                    self.work()?;
                }
                None => {
                    self.ended = true;
                    self.regions.finish();
                    self.work()?;
                    self.tell()?;
                    self.ready.extend(self.last.take());
                }
            }
        }
        let next = self.ready.pop_front();
        self.segments += usize::from(next.is_some());
        Ok(next)
    }

    /// What was found so far; of the whole recording, once [`Segments::next`] has given `None`.
    pub fn finish(self) -> Timeline {
        let duration = self.regions.duration();
        Timeline {
            duration,
            segments: self.segments,
            whole: self.summary.analysis(duration),
            warnings: self.stream.borrow().warnings().to_vec(),
        }
    }

    /// Ends the work if it was cancelled.
    fn check_cancelled(&self) -> Result<()> {
        let stream = self.stream.borrow();
        Ok(stream.cancel_token().check(stream.name())?)
    }

    /// Segments and encodes the complete regions, and captions them once there are enough.
    fn work(&mut self) -> Result<()> {
        while let Some(region) = self.regions.next() {
            self.check_cancelled()?;
            let tower = self.captioner.audio_tower();
            let frame_embeddings = tower.frame_embeddings(&region.samples)?;
            let (pieces, kept) = pieces(&region, &frame_embeddings, &self.options);
            if let Some(from) = kept {
                self.regions.keep(&region, from);
            }
            let stream = self.stream.borrow();
            let (cancel, name) = (stream.cancel_token(), stream.name());
            let analysis: Vec<Result<AudioAnalysis>> = pieces
                .par_iter()
                .map(|piece| {
                    cancel.check(name)?;
                    encode(tower, &region, piece)
                })
                .collect();
            for (mut piece, analysis) in pieces.into_iter().zip(analysis) {
                piece.end = piece.end.min(self.regions.duration());
                self.analysis.push((piece, analysis?));
            }
            if self.analysis.len() >= TOGETHER {
                self.tell()?;
            }
        }
        Ok(())
    }

    /// Captions the segments that are waiting.
    fn tell(&mut self) -> Result<()> {
        self.check_cancelled()?;
        let analysis = std::mem::take(&mut self.analysis);
        let asked: Vec<_> = analysis
            .iter()
            .map(|(_, analysis)| (analysis, &self.words))
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
                Some(last)
                    if self.options.join_equal && last.continues_in(&next, &self.options) =>
                {
                    last.join(next);
                }
                last => self.ready.extend(last.replace(next)),
            }
        }
        Ok(())
    }
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
