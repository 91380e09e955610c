//! The analysis of one recording by an audio tower: embedding [d], sound events, likeliest classes, confidence.

use serde::{Deserialize, Serialize};

use crate::embedding::Embedding;

/// What an audio tower finds in a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioAnalysis {
    /// The embedding of the whole recording (the paper's).
    pub embedding: Embedding,
    /// Its sound events, most prominent first. A single event is the whole recording.
    pub parts: Vec<SoundEvent>,
    /// The likeliest classes, best first.
    pub sounds: Vec<Sound>,
    /// Its duration in seconds.
    pub duration: f64,
    /// The score of the strongest class, in [0, 1].
    pub confidence: f32,
    /// Whether the events follow one another without overlap, so that a caption may say "followed by".
    pub ordered: bool,
}

/// One sound event of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoundEvent {
    /// The embedding of this event alone.
    pub embedding: Embedding,
    /// Its onset in seconds from the start of the recording.
    pub start: f64,
    /// Its offset in seconds from the start of the recording.
    pub end: f64,
    /// Its likeliest classes, best first.
    pub sounds: Vec<Sound>,
}

/// A class and its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sound {
    /// The name of the class, e.g. `Dog`.
    pub name: String,
    /// The score in [0, 1].
    pub score: f32,
}

impl AudioAnalysis {
    /// Below this [`AudioAnalysis::confidence`] a caption is a guess.
    pub const WEAK: f32 = 0.3;

    /// What is known of a recording whose `embedding` was made elsewhere: nothing else.
    pub fn of_embedding(embedding: Embedding) -> Self {
        Self {
            embedding,
            parts: Vec::new(),
            sounds: Vec::new(),
            duration: 0.0,
            confidence: 1.0,
            ordered: false,
        }
    }

    /// Whether the confidence is too low to rely on.
    pub fn is_weak(&self) -> bool {
        self.confidence < Self::WEAK
    }
}
