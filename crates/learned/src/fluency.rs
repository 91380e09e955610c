//! The fluency error rate: candidates -> the probabilities of six kinds of errors, and whether there is one.
//!
//! Zhou et al. 2022; as aac-metrics 0.6.0 (`fer.py`) computes it.

use wsac_encoders::fluency::{Fluency, FluencyDetector};
use wsac_metrics::{Items, Scores};

use crate::Progress;

/// The probabilities of errors in every candidate of tokenised `items`, [N] times
/// [`KINDS`](wsac_encoders::fluency::KINDS).
pub fn fluency(detector: &FluencyDetector, items: &Items, progress: Progress) -> Vec<Fluency> {
    let candidates: Vec<&str> = items.candidates().iter().map(String::as_str).collect();
    detector.detect(&candidates, progress)
}

/// 1 for candidates whose error is more probable than `threshold` (0 to 1), else 0; the corpus score is the rate.
pub fn fluency_errors(found: &[Fluency], threshold: f32) -> Scores {
    let errors = (found.iter()).map(|fluency| f64::from(u8::from(fluency.error() > threshold)));
    Scores::mean_of(errors.collect())
}
