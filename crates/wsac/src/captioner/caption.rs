//! A caption: a sentence about a recording, and the evidence for it.

use crate::bridge::Bridge;
use wsac_encoders::analysis::Sound;

/// A sentence about a recording, and the evidence for it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Caption {
    /// The sentence: first letter upper-case, a full stop at the end.
    #[serde(rename = "caption")]
    pub text: String,
    /// The sum of its tokens' log-probabilities (nats) under the decoder; `None` if it was retrieved from the memory.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub logprob: Option<f64>,
    /// Its score from [`CaptionOptions::rerank`], if candidates were ranked; comparable within one recording only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub score: Option<f32>,
    /// The bridge across the modality gap that led to this caption.
    #[serde(serialize_with = "name_of")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub strategy: Bridge,
    /// The length of the recording in seconds.
    pub duration: f64,
    /// The probability that the caption is true, in [0, 1]: calibrated if the encoder scores sounds (the built-in one), else
    /// the similarity of the nearest caption.
    pub confidence: f32,
    /// Whether that is low enough that the caption is a guess.
    pub weak: bool,
    /// The likeliest sounds by name, best first.
    pub sounds: Vec<Sound>,
    /// The captions of the memory nearest to the recording, best first.
    pub neighbours: Vec<Neighbour>,
    /// The name of the model.
    pub model: String,
    /// Problems of the recording that did not keep it from being analysed, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub warnings: Vec<String>,
}

fn name_of<S: serde::Serializer>(bridge: &Bridge, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(bridge.strategy().name())
}

/// A caption of the memory.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Neighbour {
    /// The caption, verbatim.
    pub caption: String,
    /// Its similarity to the recording, in [-1, 1].
    pub similarity: f32,
}

/// Lower-case words as a sentence: first letter upper-case, a full stop at the end.
pub(super) fn sentence(words: &str) -> String {
    let words = words.trim().trim_end_matches(['.', ',', ';', ':', ' ']);
    let mut letters = words.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => format!(
            "{}{}{}",
            first.to_uppercase(),
            letters.as_str(),
            if words.ends_with(['!', '?']) { "" } else { "." }
        ),
    }
}
