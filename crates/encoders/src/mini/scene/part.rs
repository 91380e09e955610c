//! One sound of a scene: its classes, their weights, its embedding [d] and when it sounds.

use crate::embedding::Embedding;
use wsac_audio::mel::YamnetFrontEnd;

/// One sound of a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenePart {
    /// Its seed: the class it was found by.
    pub seed: usize,
    /// The embedding of this part alone.
    pub embedding: Embedding,
    /// The classes behind [`ScenePart::embedding`], the heaviest first.
    pub classes: Vec<usize>,
    /// The weight of each.
    pub weights: Vec<f32>,
    /// The pooled score of its seed, in [0, 1].
    pub strength: f32,
    /// Its first and last window.
    pub windows: (usize, usize),
}

impl ScenePart {
    /// When it begins, in seconds.
    pub fn start(&self) -> f64 {
        self.windows.0 as f64 * YamnetFrontEnd::HOP_SECONDS
    }

    /// When its last window ends, in seconds; that may be after the recording's end.
    pub fn end(&self) -> f64 {
        self.windows.1 as f64 * YamnetFrontEnd::HOP_SECONDS + YamnetFrontEnd::PATCH_SECONDS
    }

    /// Whether no window covers some of both; windows overlap.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.windows.1 + 2 <= other.windows.0
    }
}
