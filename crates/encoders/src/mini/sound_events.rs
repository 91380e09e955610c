//! Activations: what is heard from moment to moment by name, scores [T, names].

use serde::Serialize;

/// The scores of some sounds over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Activations {
    /// Seconds from a moment to the next.
    pub hop: f64,
    /// Seconds of a moment; the first begins with the recording.
    pub width: f64,
    /// A sound a row, the likeliest first.
    pub sounds: Vec<ActivationTrack>,
}

/// The scores of one sound.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ActivationTrack {
    /// What the tower calls it.
    pub name: String,
    /// A score in [0, 1] for each moment.
    pub scores: Vec<f32>,
}

impl Activations {
    /// The `most` sounds of the highest scores at any time.
    pub fn likeliest(mut self, most: usize) -> Self {
        let peak = |frame_embeddings: &ActivationTrack| {
            frame_embeddings.scores.iter().copied().fold(0.0, f32::max)
        };
        self.sounds.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
        self.sounds.truncate(most);
        self
    }
}
