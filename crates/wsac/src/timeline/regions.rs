//! Active regions: blocks of samples -> stretches of sound between silences, each with its levels; at most one is in memory.
//!
//! A frame is 20 ms. Sound starts at [`TimelineOptions::silence`], or at the level given by [`NoiseFloor`], and continues
//! until it is 4 dB below that; the noise floor is estimated from half a minute before and after. A region ends with a
//! silence longer than [`TimelineOptions::max_gap`], or at twice the greatest segment length; then what follows the last cut
//! is kept for the next region.

use std::collections::VecDeque;
use std::ops::Range;

use super::noise_floor::{FRAMES, NoiseFloor};
use super::options::TimelineOptions;

/// How far below the threshold a sound continues, in dB.
const HYSTERESIS: f32 = 4.0;

/// The level of a frame in dB of full scale.
pub(super) fn level(frame: &[f32]) -> f32 {
    let power = frame.iter().map(|x| x * x).sum::<f32>() / frame.len().max(1) as f32;
    10.0 * power.max(1e-12).log10()
}

/// Whether a frame of `level` is sound; `goes_on` says whether the frame before it was.
pub(super) fn is_sound(level: f32, silence: f32, goes_on: bool) -> bool {
    level >= silence - if goes_on { HYSTERESIS } else { 0.0 }
}

/// A stretch of sound, with silences of at most [`TimelineOptions::max_gap`] in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ActiveRegion {
    /// Mono.
    pub samples: Vec<f32>,
    /// Where it begins, in frames from the start of the recording.
    pub first: usize,
    /// The level of each frame in dB of full scale.
    pub levels: Vec<f32>,
    /// Whether a frame is sound.
    pub sounding: Vec<bool>,
    /// Samples per frame.
    pub frame: usize,
    /// Whether it is followed by silence or by the end of the recording.
    pub ended: bool,
}

impl ActiveRegion {
    /// Seconds per frame.
    pub const FRAME: f64 = 1.0 / FRAMES as f64;

    /// The time of frame `i`, in seconds from the start of the recording.
    pub fn time(&self, i: usize) -> f64 {
        (self.first + i) as f64 / FRAMES as f64
    }

    /// The samples from `start` to `end` (seconds of the recording), as far as they lie in the region. Silent frames are set
    /// to 0, so that an encoder that normalises levels does not amplify them.
    pub fn sounds(&self, start: f64, end: f64) -> Vec<f32> {
        let range = self.range(start, end);
        let mut samples = self.samples[range.clone()].to_vec();
        for (place, x) in range.zip(&mut samples) {
            let frame = place / self.frame;
            let around = frame.saturating_sub(1)..(frame + 2).min(self.sounding.len());
            if !self.sounding[around].contains(&true) {
                *x = 0.0;
            }
        }
        samples
    }

    fn range(&self, start: f64, end: f64) -> Range<usize> {
        let at = |time: f64| {
            let frames = (time * FRAMES as f64 - self.first as f64).max(0.0);
            ((frames * self.frame as f64).round() as usize).min(self.samples.len())
        };
        at(start)..at(end)
    }
}

/// Splits a stream into active regions.
pub(super) struct ActiveRegions {
    frame: usize,
    floor: NoiseFloor,
    /// Frames not yet classified as sound or silence: their samples in order, and their levels.
    ahead: (VecDeque<f32>, VecDeque<f32>),
    /// In frames.
    max_gap: usize,
    most: usize,
    /// Samples that do not fill a frame yet.
    rest: Vec<f32>,
    /// Number of frames received so far.
    frames: usize,
    taken: usize,
    rate: f64,
    current: Option<ActiveRegion>,
    whole: VecDeque<ActiveRegion>,
}

impl ActiveRegions {
    pub fn new(rate: u32, options: &TimelineOptions) -> Self {
        let frames = |seconds: f64| (seconds * FRAMES as f64).ceil() as usize;
        Self {
            frame: rate as usize / FRAMES,
            floor: NoiseFloor::new(options.silence),
            ahead: Default::default(),
            max_gap: frames(options.max_gap),
            most: frames(2.0 * options.max_length),
            rest: Vec::new(),
            frames: 0,
            taken: 0,
            rate: f64::from(rate),
            current: None,
            whole: VecDeque::new(),
        }
    }

    /// Adds samples.
    pub fn push(&mut self, block: &[f32]) {
        self.taken += block.len();
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(block);
        let frames = rest.chunks_exact(self.frame);
        let remainder = frames.remainder().to_vec();
        frames.for_each(|frame| self.hear(frame));
        self.rest = remainder;
    }

    /// Ends the stream.
    pub fn finish(&mut self) {
        let mut last = std::mem::take(&mut self.rest);
        if !last.is_empty() {
            last.resize(self.frame, 0.0);
            self.hear(&last);
        }
        self.floor.finish();
        while !self.ahead.1.is_empty() {
            self.judge();
        }
        self.end_current();
    }

    /// The next complete region.
    pub fn next(&mut self) -> Option<ActiveRegion> {
        self.whole.pop_front()
    }

    /// The level of silence in the end, and that of the loudest passage, where there is one, in dB of full scale.
    pub fn levels(&self) -> (f32, Option<f32>) {
        (self.floor.threshold(), self.floor.loudest())
    }

    /// Seconds received so far.
    pub fn duration(&self) -> f64 {
        self.taken as f64 / self.rate
    }

    /// Puts back what follows frame `from` of `region`, which was too long, as the beginning of the next region.
    pub fn keep(&mut self, region: &ActiveRegion, from: usize) {
        if from >= region.levels.len() {
            return;
        }
        let nothing_after = self.current.is_none() && self.whole.is_empty();
        let next = self.whole.front_mut().or(self.current.as_mut());
        let kept = ActiveRegion {
            samples: region.samples[from * region.frame..].to_vec(),
            first: region.first + from,
            levels: region.levels[from..].to_vec(),
            sounding: region.sounding[from..].to_vec(),
            frame: region.frame,
            ended: false,
        };
        match next {
            Some(next) if next.first == kept.first + kept.levels.len() => {
                let later = std::mem::replace(next, kept);
                next.samples.extend(later.samples);
                next.levels.extend(later.levels);
                next.sounding.extend(later.sounding);
                next.ended = later.ended;
            }
            // Followed by silence, or by nothing yet.
            _ if nothing_after => self.current = Some(kept),
            _ => self.whole.push_front(ActiveRegion {
                ended: true,
                ..kept
            }),
        }
    }

    /// Adds a frame, and classifies the oldest one that is waiting.
    fn hear(&mut self, frame: &[f32]) {
        let level = level(frame);
        self.floor.hear(level);
        self.ahead.0.extend(frame);
        self.ahead.1.push_back(level);
        if self.ahead.1.len() > self.floor.ahead() {
            self.judge();
        }
    }

    /// Classifies the oldest waiting frame as sound or silence.
    fn judge(&mut self) {
        let frame: Vec<f32> = self.ahead.0.drain(..self.frame).collect();
        let Some(level) = self.ahead.1.pop_front() else {
            return;
        };
        let goes_on = (self.current.as_ref()).is_some_and(|c| c.sounding.last() == Some(&true));
        let sounding = is_sound(level, self.floor.threshold(), goes_on);
        if sounding && self.current.is_none() {
            self.current = Some(ActiveRegion {
                samples: Vec::new(),
                first: self.frames,
                levels: Vec::new(),
                sounding: Vec::new(),
                frame: self.frame,
                ended: false,
            });
        }
        self.frames += 1;
        let Some(current) = &mut self.current else {
            return;
        };
        current.samples.extend_from_slice(&frame);
        current.levels.push(level);
        current.sounding.push(sounding);
        let silent = current.sounding.iter().rev().take_while(|s| !**s).count();
        if silent > self.max_gap {
            self.end_current();
        } else if current.levels.len() >= self.most {
            self.whole.extend(self.current.take());
        }
    }

    /// Ends the current region; the silence at its end is not part of it.
    fn end_current(&mut self) {
        if let Some(mut region) = self.current.take() {
            let sounds = region
                .sounding
                .iter()
                .rposition(|s| *s)
                .map_or(0, |last| last + 1);
            region.samples.truncate(sounds * region.frame);
            region.levels.truncate(sounds);
            region.sounding.truncate(sounds);
            region.ended = true;
            if sounds > 0 {
                self.whole.push_back(region);
            }
        }
    }
}
