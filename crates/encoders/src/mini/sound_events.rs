//! Sound event activations: class scores per frame, [T, classes].

use serde::Serialize;

/// The scores of some classes over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Activations {
    /// Seconds from one frame to the next.
    pub hop: f64,
    /// Seconds per frame; the first starts with the recording.
    pub width: f64,
    /// One track per class, the likeliest first.
    pub sounds: Vec<ActivationTrack>,
}

/// The scores of one class over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActivationTrack {
    /// The name of the class.
    pub name: String,
    /// A score in [0, 1] for each frame.
    pub scores: Vec<f32>,
}

impl Activations {
    /// The `most` classes with the highest peak.
    pub fn likeliest(mut self, most: usize) -> Self {
        let peak = |track: &ActivationTrack| track.scores.iter().copied().fold(0.0, f32::max);
        self.sounds.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
        self.sounds.truncate(most);
        self
    }
}
