//! When a further sound of a scene is accepted.

/// When a further sound is accepted. All are scores in [0, 1].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SceneOptions {
    /// The maximum number of parts; 1 treats every recording as a whole.
    pub most_parts: usize,
    /// The class score that a further part needs. Lower finds more second sounds, true and false.
    pub second: f32,
    /// What it needs where a found part is of its kind: a second animal is mostly the first one, misclassified.
    pub second_same_kind: f32,
    /// What it needs beside nothing but speech and music, which are seldom confused with other sounds.
    pub second_beside_clear: f32,
    /// From this similarity to speech or music a class is not accepted beside them.
    pub kin_of_clear: f32,
    /// How much scores are discounted in windows where the found parts are loud.
    pub discount: f32,
    /// The same discount beside nothing but speech and music.
    pub discount_beside_clear: f32,
    /// The threshold for speech.
    pub speech: f32,
    /// The threshold for speech beside another vocal sound.
    pub speech_beside_voice: f32,
    /// The threshold for music.
    pub music: f32,
}

impl Default for SceneOptions {
    fn default() -> Self {
        Self {
            most_parts: 3,
            second: 0.12,
            second_same_kind: 0.7,
            second_beside_clear: 0.05,
            kin_of_clear: 0.35,
            discount: 0.7,
            discount_beside_clear: 0.2,
            speech: 0.7,
            speech_beside_voice: 0.8,
            music: 0.6,
        }
    }
}
