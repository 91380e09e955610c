//! Noise floor: the levels of frames [dB] in order -> the current silence threshold.
//!
//! A recording has a noise floor if its quietest passages recur at the same level: hiss, a fan, room noise. It is the
//! level that most blocks of 2 s reach and few fall below, while there is also sound well above it (Martin's
//! minimum statistics, 2001, for one band). A steady sound that nothing stands out from is no floor: an hour of rain is rain.
//!
//! A recording that is quiet throughout (recorded from far, or with little gain) has a lower threshold, if anything stands
//! out in it.

use std::collections::VecDeque;

/// Frames per second.
pub(super) const FRAMES: usize = 50;

/// Frames per block, and how many of the lowest are skipped to find its minimum level.
const BLOCK: usize = 2 * FRAMES;
const LOWEST: usize = BLOCK / 10;

/// The number of blocks kept, a minute; and the fewest needed to estimate a floor.
const BLOCKS: usize = 30;
const FEWEST: usize = 5;

/// Minimum levels within this many dB are equal.
const SAME: f32 = 3.0;
/// The share of blocks that must reach the floor, and the share that may fall below it.
const COME_DOWN: f32 = 0.4;
const GO_BELOW: f32 = 0.2;

/// The share of frames that must be this many dB above the floor.
const EVENTS: f32 = 0.1;
const ABOVE: f32 = 10.0;

/// A louder level is no floor, in dB of full scale.
const LOUDEST: f32 = -35.0;

/// Sound is this many dB above the floor.
const MARGIN: f32 = 6.0;

/// The silence threshold if no floor is above it.
pub(super) const SILENCE: f32 = -55.0;

/// The least dynamic range: where the loudest passage is less than this above [`SILENCE`], the threshold is this far below
/// that passage.
const RANGE: f32 = 30.0;

/// A block is as loud as this many of its frames, so that a click counts for nothing.
const LOUD: usize = 5;

/// Tracks the noise floor of a recording.
#[derive(Debug, Clone)]
pub(super) struct NoiseFloor {
    /// A threshold set by the user, which stays constant.
    fixed: Option<f32>,
    /// Whether a quiet recording lowers the threshold: not live, where what comes may be louder.
    follows: bool,
    threshold: f32,
    /// Levels of the current block, which is not full yet.
    block: Vec<f32>,
    /// Sorted minimum levels of complete blocks.
    blocks: VecDeque<Vec<f32>>,
    /// The levels of the quietest and of the loudest block so far.
    extremes: Option<(f32, f32)>,
}

impl NoiseFloor {
    /// No frames yet; `fixed` is a threshold set by the user.
    pub fn new(fixed: Option<f32>) -> Self {
        Self {
            fixed,
            follows: true,
            threshold: fixed.unwrap_or(SILENCE),
            block: Vec::with_capacity(BLOCK),
            blocks: VecDeque::new(),
            extremes: None,
        }
    }

    /// The same for sound as it arrives, of which nobody knows how loud it will become.
    pub fn live(fixed: Option<f32>) -> Self {
        Self {
            follows: false,
            ..Self::new(fixed)
        }
    }

    /// The level of the loudest passage so far, in dB of full scale.
    pub fn loudest(&self) -> Option<f32> {
        self.extremes.map(|(_, loudest)| loudest)
    }

    /// The level from which a frame is sound.
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// How many frames to wait for before the first is classified.
    pub fn ahead(&self) -> usize {
        match self.fixed {
            Some(_) => 0,
            None => BLOCKS / 2 * BLOCK,
        }
    }

    /// Adds the level of a frame.
    pub fn hear(&mut self, level: f32) {
        self.block.push(level);
        if self.block.len() == BLOCK {
            self.end_block();
        }
    }

    /// Ends the recording: what is left counts as a block.
    pub fn finish(&mut self) {
        if self.block.len() >= LOUD {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        let mut block = std::mem::take(&mut self.block);
        block.sort_by(f32::total_cmp);
        let (low, high) = (
            block[block.len() * LOWEST / BLOCK],
            block[block.len() - LOUD],
        );
        let (quietest, loudest) = self.extremes.unwrap_or((low, high));
        self.extremes = Some((quietest.min(low), loudest.max(high)));
        if self.fixed.is_some() {
            return;
        }
        if block.len() == BLOCK {
            if self.blocks.len() == BLOCKS {
                self.blocks.pop_front();
            }
            self.blocks.push_back(block);
        }
        let silence = self.silence();
        self.threshold = match self.floor() {
            Some(floor) => silence.max(floor + MARGIN),
            None => silence,
        };
    }

    /// The threshold without a floor: [`SILENCE`], but lower in a recording that is quiet throughout.
    fn silence(&self) -> f32 {
        match self.extremes {
            Some((quietest, loudest)) if self.follows && loudest - quietest >= ABOVE => {
                SILENCE.min((loudest - RANGE).max(quietest + MARGIN))
            }
            _ => SILENCE,
        }
    }

    /// The level that most blocks reach, if there is one.
    fn floor(&self) -> Option<f32> {
        if self.blocks.len() < FEWEST {
            return None;
        }
        let mut lowest: Vec<f32> = self.blocks.iter().map(|block| block[LOWEST]).collect();
        lowest.sort_by(f32::total_cmp);
        let count = |from: usize| {
            let most = lowest[from] + SAME;
            lowest[from..].partition_point(|level| *level <= most)
        };
        // The first of equals is the lowest.
        let at = (0..lowest.len()).rev().max_by_key(|&from| count(from))?;
        let blocks = lowest.len() as f32;
        let floor = lowest[at..at + count(at)][count(at) / 2];
        let above = |block: &Vec<f32>| block.len() - block.partition_point(|l| *l < floor + ABOVE);
        let events = self.blocks.iter().map(above).sum::<usize>() as f32;
        let is = count(at) as f32 >= COME_DOWN * blocks
            && at as f32 <= GO_BELOW * blocks
            && floor <= LOUDEST
            && events >= EVENTS * blocks * BLOCK as f32;
        is.then_some(floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The threshold after `seconds` of the levels that `level` gives by the frame.
    fn after(seconds: usize, level: impl Fn(usize) -> f32) -> f32 {
        let mut floor = NoiseFloor::new(None);
        (0..seconds * FRAMES).for_each(|i| floor.hear(level(i)));
        floor.threshold()
    }

    #[test]
    fn silence_follows_a_hiss_with_events_above_it() {
        // 1 s of sound every 4 s, over a hiss that wavers by 1 dB.
        let hiss = |i: usize| match i / FRAMES % 4 {
            0 => -20.0,
            _ => -45.0 + (i % 3) as f32 / 3.0,
        };
        let analysis = after(120, hiss);
        assert!((-43.0..=-37.0).contains(&analysis), "{analysis}");
        assert_eq!(after(4, hiss), SILENCE);
        // It is forgotten when it ends.
        let ends = |i: usize| {
            if i < 60 * FRAMES {
                hiss(i)
            } else {
                hiss(i) - 40.0
            }
        };
        assert_eq!(after(180, ends), SILENCE);
    }

    #[test]
    fn what_nothing_stands_out_of_or_is_loud_or_varies_is_no_floor() {
        assert_eq!(after(120, |_| -45.0), SILENCE);
        let loud = |i: usize| {
            if (i / FRAMES).is_multiple_of(4) {
                -5.0
            } else {
                -25.0
            }
        };
        assert_eq!(after(120, loud), SILENCE);
        // Sounds of 4 s, each with another lowest level.
        assert_eq!(
            after(120, |i| -50.0 + (i / (4 * FRAMES) * 7 % 31) as f32),
            SILENCE
        );
        // A quiet room.
        let quiet = |i: usize| {
            if (i / FRAMES).is_multiple_of(4) {
                -20.0
            } else {
                -75.0
            }
        };
        assert_eq!(after(120, quiet), SILENCE);
    }

    #[test]
    fn a_quiet_recording_has_a_lower_threshold_if_anything_stands_out() {
        let barks = |loudest: f32| {
            move |i: usize| match i / FRAMES % 4 {
                0 => loudest,
                _ => loudest - 45.0,
            }
        };
        assert_eq!(after(20, barks(-20.0)), SILENCE);
        assert_eq!(after(20, barks(-48.0)), -78.0);
        // A hiss alone, however quiet.
        assert_eq!(after(20, |i| -70.0 + (i % 3) as f32), SILENCE);
        // Above its background.
        let near = after(20, |i| {
            if (i / FRAMES).is_multiple_of(4) {
                -50.0
            } else {
                -70.0
            }
        });
        assert_eq!(near, -64.0);
        // Less than a block.
        let mut floor = NoiseFloor::new(None);
        (0..60).for_each(|i| floor.hear(if i < 20 { -50.0 } else { -120.0 }));
        floor.finish();
        assert_eq!((floor.threshold(), floor.loudest()), (-80.0, Some(-50.0)));
    }

    #[test]
    fn a_level_that_was_asked_for_stays() {
        let mut floor = NoiseFloor::new(Some(-70.0));
        (0..9000).for_each(|i| floor.hear(if i / 50 % 4 == 0 { -20.0 } else { -45.0 }));
        assert_eq!((floor.threshold(), floor.ahead()), (-70.0, 0));
    }
}
