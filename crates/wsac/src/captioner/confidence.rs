//! Confidence: the similarity of the nearest caption, and the encoder's score of its most likely sound -> the probability
//! that the caption is true, in [0, 1], and whether it is a guess.
//!
//! Similarity alone says how well a caption fits the embedding; the embedding of a single sample of 0.5 lies next to "a person
//! speaking". For an encoder with sound classes, both are combined by a logistic model, fitted on true and false captions.
//! An encoder without sound classes has no such score: there the similarity is the confidence, uncalibrated.

use wsac_encoders::analysis::AudioAnalysis;

/// `P(true) = logistic(BIAS + PER_SIMILARITY * similarity + PER_DECADE * log10(evidence))` for the built-in model.
///
/// Fitted on every other clip of ESC-10 (200) and every other mixture of two of them (100), true where the caption has a
/// strict keyword of a class that is present (either, of a mixture), and on every other of the synthetic recordings without
/// content that have any evidence (hum with harmonics, clipped noise), where every caption is false. reference/confidence.py
/// fits them; MODEL_CARD.md gives the calibration on the other halves.
const BIAS: f32 = -3.42;
const PER_SIMILARITY: f32 = 8.25;
const PER_DECADE: f32 = 3.18;

/// Below this calibrated confidence a caption is a guess: of the ESC-10 clips above it 87 % are captioned correctly, of
/// those below it 45 %.
const GUESS: f32 = 0.6;

/// Below this similarity, measured from the mean of the memory, captions of an encoder without sound classes are guesses.
const FAR: f32 = 0.70;

/// The probability that a caption is true, in [0, 1], and whether it is low enough to call the caption a guess.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Confidence {
    pub value: f32,
    pub weak: bool,
}

impl Confidence {
    /// For the caption of `heard`, if the nearest caption of the memory has this `similarity` (`None`: no memory),
    /// measured from the mean of the memory if `centred`.
    pub fn of(analysis: &AudioAnalysis, similarity: Option<f32>, centred: bool) -> Self {
        let by_encoder = Self {
            value: analysis.confidence,
            weak: analysis.is_weak(),
        };
        match similarity {
            Some(similarity) if analysis.sounds.is_empty() => Self {
                value: similarity.clamp(0.0, 1.0),
                weak: if centred {
                    similarity < FAR
                } else {
                    analysis.is_weak()
                },
            },
            Some(similarity) if centred => {
                let value = calibrated(similarity, analysis.confidence);
                let weak = value < GUESS;
                Self { value, weak }
            }
            _ => by_encoder,
        }
    }
}

/// The probability that a caption is true, given the `similarity` of the nearest caption and the `evidence` for the most
/// likely sound; 0 if there is none.
fn calibrated(similarity: f32, evidence: f32) -> f32 {
    let logit = BIAS + PER_SIMILARITY * similarity + PER_DECADE * evidence.log10();
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_needs_evidence_and_similarity() {
        let places = [0.0, 1e-8, 1e-3, 0.1, 0.5, 1.0];
        for similarity in places {
            assert_eq!(calibrated(similarity, 0.0), 0.0);
            for pair in places.windows(2) {
                assert!(calibrated(similarity, pair[0]) <= calibrated(similarity, pair[1]));
                assert!(calibrated(pair[0], similarity) <= calibrated(pair[1], similarity));
            }
        }
        assert!(calibrated(0.87, 6e-8) < 1e-6 && calibrated(0.86, 0.99) > 0.95);
    }
}
