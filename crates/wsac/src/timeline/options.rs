//! How a recording is cut into segments.

use super::noise_floor;
use crate::error::{Error, Result};

/// How a recording is cut into segments. All times are in seconds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TimelineOptions {
    /// Shorter segments are merged with a neighbour, or extended to this length if they are isolated.
    pub min_length: f64,
    /// Longer segments are split at the largest changes. At most [`TimelineOptions::LONGEST`]: twice as much audio is kept in
    /// memory.
    pub max_length: f64,
    /// Audio below this level (dB of full scale, over 20 ms) is silence. Sound continues until it is 4 dB lower. If `None`, it
    /// is [`TimelineOptions::SILENCE`], or 6 dB above the recording's constant background noise if that is louder, or lower in
    /// a recording that is quiet throughout: set it to have background noise captioned, or a quiet steady sound.
    pub silence: Option<f32>,
    /// A longer silence always separates two segments.
    pub max_gap: f64,
    /// Neighbours are merged if the cosine similarity of their sounds is above this: at 1 none, at -1 all.
    pub alike: f32,
    /// Whether neighbours with the same caption are merged.
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
    /// The silence threshold of a recording without background noise, in dB of full scale.
    pub const SILENCE: f32 = noise_floor::SILENCE;

    /// The greatest length of a segment in seconds. It bounds the memory that a timeline takes, however long the recording is.
    pub const LONGEST: f64 = 60.0;

    /// # Errors
    /// If a number is out of range; the message names it.
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
