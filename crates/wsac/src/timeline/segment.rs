//! A segment of a timeline: a stretch of a recording with its caption.

use serde::{Deserialize, Serialize};
use wsac_encoders::analysis::Sound;

/// A stretch of a recording with one sound, and its caption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Segment {
    /// Where it begins, in seconds from the start of the recording.
    pub start: f64,
    /// Where it ends, in seconds.
    pub end: f64,
    /// The caption, one sentence.
    pub caption: String,
    /// The likeliest sounds by name, best first.
    pub sounds: Vec<Sound>,
    /// The sum of the log-probabilities (nats) of the caption's tokens; `None` if it was retrieved from the memory.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub logprob: Option<f64>,
    /// The probability that the caption is true, in [0, 1].
    pub confidence: f32,
    /// Whether that is low enough that the caption is a guess.
    pub weak: bool,
}
