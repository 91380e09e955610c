//! Summary: the analyses of all segments -> one analysis of the whole recording, for one sentence about it.

use wsac_encoders::analysis::{AudioAnalysis, Sound, SoundEvent};
use wsac_encoders::embedding::Embedding;

/// The most sounds in the caption of a whole recording.
const PARTS: usize = 3;

/// Sounds that are more similar than this are the same sound.
const SAME: f32 = 0.9;

/// The most sounds that are named.
const NAMED: usize = 5;

/// Accumulates the analyses of segments.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// The sum of the embeddings, each weighted by the duration of its segment in seconds.
    sum: Vec<f32>,
    /// The distinct sounds, and the total duration of each.
    parts: Vec<(SoundEvent, f64)>,
    sounds: Vec<(Sound, f64)>,
    confidence: f32,
}

impl Summary {
    /// Adds an analysis of a segment that lasts `seconds`.
    pub fn add(&mut self, analysis: &AudioAnalysis, seconds: f64) {
        let point = analysis.embedding.as_slice();
        self.sum.resize(point.len(), 0.0);
        (self.sum.iter_mut().zip(point)).for_each(|(s, x)| *s += seconds as f32 * x);
        self.confidence = self.confidence.max(analysis.confidence);
        let Some(part) = analysis.parts.first() else {
            return;
        };
        let same =
            |(other, _): &&mut (SoundEvent, f64)| other.embedding.cosine(&part.embedding) > SAME;
        match self.parts.iter_mut().find(same) {
            Some((_, total)) => *total += seconds,
            None => self.parts.push((part.clone(), seconds)),
        }
        // Memory is bounded: if there are too many sounds, the shortest are dropped.
        if self.parts.len() > 64 * PARTS {
            self.parts.sort_by(|a, b| b.1.total_cmp(&a.1));
            self.parts.truncate(32 * PARTS);
        }
        for sound in &analysis.sounds {
            match self
                .sounds
                .iter_mut()
                .find(|(other, _)| other.name == sound.name)
            {
                Some((other, total)) => {
                    other.score = other.score.max(sound.score);
                    *total += seconds * f64::from(sound.score);
                }
                None => self
                    .sounds
                    .push((sound.clone(), seconds * f64::from(sound.score))),
            }
        }
    }

    /// The analysis of the whole, which lasts `duration` seconds: its sounds are those with the longest total duration, in no
    /// particular order. `None` if there was no sound.
    pub fn analysis(mut self, duration: f64) -> Option<AudioAnalysis> {
        let embedding = Embedding::new(self.sum)?;
        self.parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        self.sounds.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut parts: Vec<SoundEvent> = self
            .parts
            .into_iter()
            .map(|(part, _)| part)
            .take(PARTS)
            .collect();
        parts
            .iter_mut()
            .for_each(|part| (part.start, part.end) = (0.0, duration));
        Some(AudioAnalysis {
            embedding,
            parts,
            sounds: self
                .sounds
                .into_iter()
                .map(|(sound, _)| sound)
                .take(NAMED)
                .collect(),
            duration,
            confidence: self.confidence,
            ordered: false,
        })
    }
}
