//! Timeline: a recording of any length -> what is heard when, `[{start, end, caption, ..}]`, as a stream with bounded memory.
//!
//! ```text
//! AudioStream -islands-> stretches of sound between silences -pieces-> cut where the sound changes
//!     -AudioTower::listen-> AudioAnalysis -bridge, decode (32 together)-> Segment, equal neighbours joined
//! ```
//!
//! Nothing hangs on threads, on the sizes of blocks or on time, so a recording has one timeline.
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
mod pieces;
mod regions;
mod summary;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

pub use formats::{Format, Timelines, clock};
pub use live::Live;
use pieces::{Piece, pieces};
use regions::{ActiveRegion, ActiveRegions};
pub use summary::Summary;

use crate::captioner::{CaptionOptions, Captioner};
use crate::error::{Error, Result};
use wsac_audio::{AudioStream, CancelToken, Waveform};
use wsac_encoders::analysis::{AudioAnalysis, Sound};
use wsac_encoders::towers::AudioTower;

/// Segments that are put into words together.
const TOGETHER: usize = 32;

/// A stretch of a recording in which one thing is heard, and what that is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Segment {
    /// Where it begins, in seconds from the start of the recording.
    pub start: f64,
    /// Where it ends, in seconds.
    pub end: f64,
    /// A sentence about it.
    pub caption: String,
    /// The likeliest sounds by name, best first.
    pub sounds: Vec<Sound>,
    /// The sum of the log-probabilities (nats) of the caption's tokens; `None` where it stood in the memory.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub logprob: Option<f64>,
    /// How likely the caption is true, in [0, 1].
    pub confidence: f32,
    /// Whether that is so little that the caption is a guess.
    pub weak: bool,
}

/// How a recording is cut into segments. All times are in seconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TimelineOptions {
    /// What is shorter is joined to its neighbour, or made so long where it stands alone.
    pub min_length: f64,
    /// What is longer is cut, where the sound changes most. At most [`TimelineOptions::LONGEST`]: twice as much sound is held in
    /// memory.
    pub max_length: f64,
    /// Below this level (dB of full scale, over 20 ms) there is silence. It begins 4 dB lower than it ends. Where `None` it
    /// is [`TimelineOptions::SILENCE`], or 6 dB above the noise that the recording is never free of, where that is louder:
    /// set it where that noise is what you want to hear of.
    pub silence: Option<f32>,
    /// Silence that is longer parts two segments, whatever they are.
    pub max_gap: f64,
    /// Neighbours are joined where the cosine of their sounds is above this: at 1 none, at -1 all.
    pub alike: f32,
    /// Whether neighbours with the same caption become one segment.
    pub join_equal: bool,
}

impl Default for TimelineOptions {
    fn default() -> Self {
        Self {
            min_length: 0.5,
            max_length: 30.0,
            silence: None,
            max_gap: 2.0,
            alike: 0.4,
            join_equal: true,
        }
    }
}

impl TimelineOptions {
    /// The level of silence in a recording without noise, in dB of full scale.
    pub const SILENCE: f32 = noise_floor::SILENCE;

    /// The most seconds of a segment: what bounds the memory that a timeline takes, however long the recording is.
    pub const LONGEST: f64 = 60.0;

    /// # Errors
    /// Where a number is out of range; the message has its name.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::Config(format!("a timeline needs {what}")));
        let lengths = [self.min_length, self.max_length, self.max_gap];
        if !lengths.iter().all(|x| x.is_finite() && *x > 0.0) {
            return wrong("lengths and gaps above 0 s".into());
        }
        if self.max_length < 2.0 * self.min_length {
            let (least, most) = (self.min_length, self.max_length);
            return wrong(format!(
                "a longest segment at least twice the shortest, not {least} and {most} s"
            ));
        }
        if self.max_length > Self::LONGEST {
            let (longest, asked) = (Self::LONGEST, self.max_length);
            return wrong(format!(
                "a longest segment (max length) of at most {longest} s, not {asked}: all of it is held in memory at once"
            ));
        }
        if let Some(silence) = self.silence.filter(|s| !(-120.0..0.0).contains(s)) {
            return wrong(format!("silence between -120 and 0 dB, not {silence}"));
        }
        if !(-1.0..=1.0).contains(&self.alike) {
            return wrong(format!("a likeness in [-1, 1], not {}", self.alike));
        }
        Ok(())
    }
}

/// What a recording came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The length of the recording in seconds.
    pub duration: f64,
    /// How many segments were told.
    pub segments: usize,
    /// What was heard in all of them, for one sentence about the whole; `None` where all was silent.
    pub whole: Option<AudioAnalysis>,
    /// What was wrong with the recording though it could be heard, a sentence each.
    pub warnings: Vec<String>,
}

/// What was heard on the way to words.
struct Teller<'a> {
    captioner: &'a Captioner,
    options: &'a TimelineOptions,
    words: &'a CaptionOptions,
    each: &'a mut dyn FnMut(Segment) -> ControlFlow<()>,
    /// Pieces that were listened to, not yet in words.
    analysis: Vec<(Piece, AudioAnalysis)>,
    /// Told when it is known that the next is another.
    last: Option<Segment>,
    segments: usize,
    summary: Summary,
    /// Names the recording in errors.
    name: &'a Path,
    cancel: CancelToken,
}

impl Captioner {
    /// Tells what is heard when in `stream`, which is at [`Captioner::rate`]: `each` gets the segments in order, and may
    /// stop the work, as [`AudioStream::cancelled_by`] does between segments too. Two segments of the greatest length, and the
    /// minute around them that the noise floor is measured over, are the most that is in memory.
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
        Ok(Timeline {
            duration: regions.duration(),
            segments: teller.segments,
            whole: teller.summary.analysis(regions.duration()),
            warnings: stream.warnings().to_vec(),
        })
    }
}

impl Teller<'_> {
    /// Cuts and hears the islands that are whole, and tells what there is of it.
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

    /// Puts into words what was heard.
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

/// What `tower` hears in a piece alone.
fn encode(tower: &dyn AudioTower, region: &ActiveRegion, piece: &Piece) -> Result<AudioAnalysis> {
    let rate = tower.rate();
    let samples = region.sounds(piece.start, piece.end);
    Ok(tower.encode(&mut AudioStream::from_waveform(
        &Waveform { samples, rate },
        rate,
    )?)?)
}

impl Segment {
    /// Whether `next` tells the same, right after.
    fn continues_in(&self, next: &Self, options: &TimelineOptions) -> bool {
        let near = next.start - self.end <= options.max_gap;
        near && self.caption == next.caption && next.end - self.start <= options.max_length
    }

    /// Goes on to the end of `next`; what speaks for it is taken from the surer of both.
    fn join(&mut self, next: Self) {
        let start = self.start;
        let end = next.end;
        if next.confidence > self.confidence {
            *self = next;
        }
        (self.start, self.end) = (start, end);
    }
}
