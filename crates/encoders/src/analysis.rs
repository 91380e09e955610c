//! What an audio tower heard in one recording: its embedding(s) [d], the sounds by name, and how sure it is.

use serde::{Deserialize, Serialize};

use crate::embedding::Embedding;

/// A recording as an audio tower heard it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioAnalysis {
    /// The whole recording as one point (the paper).
    pub embedding: Embedding,
    /// The sounds that it consists of, most prominent first; a single one is nothing but the whole.
    pub parts: Vec<SoundEvent>,
    /// The likeliest sounds by name, best first.
    pub sounds: Vec<Sound>,
    /// The length of the recording in seconds.
    pub duration: f64,
    /// The evidence for what was heard, in [0, 1].
    pub confidence: f32,
    /// Whether the parts came one after the other, so that a caption may say "followed by".
    pub ordered: bool,
}

/// One of the sounds in a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoundEvent {
    /// It alone as a point.
    pub embedding: Embedding,
    /// When it begins, in seconds from the start of the recording.
    pub start: f64,
    /// When it ends, in seconds.
    pub end: f64,
    /// Its likeliest names, best first.
    pub sounds: Vec<Sound>,
}

/// A sound by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sound {
    /// What the tower calls it, e.g. `Dog`.
    pub name: String,
    /// How sure the tower is, in [0, 1].
    pub score: f32,
}

impl AudioAnalysis {
    /// Below this [`AudioAnalysis::confidence`] a caption is a guess.
    pub const WEAK: f32 = 0.3;

    /// Whether the evidence is too weak to rely on.
    pub fn is_weak(&self) -> bool {
        self.confidence < Self::WEAK
    }
}
