//! Summary: the analysis in all segments -> the whole recording as one thing heard, for one sentence about it.

use wsac_encoders::analysis::{AudioAnalysis, Sound, SoundEvent};
use wsac_encoders::embedding::Embedding;

/// Sounds of a whole that are told.
const PARTS: usize = 3;

/// Parts that sound more alike than this are one sound.
const SAME: f32 = 0.9;

/// Sounds that are named.
const NAMED: usize = 5;

/// Gathers the analysis.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// The sum of embeddings, each times the seconds it was heard.
    sum: Vec<f32>,
    /// Different sounds, and how long each was heard.
    parts: Vec<(SoundEvent, f64)>,
    sounds: Vec<(Sound, f64)>,
    confidence: f32,
}

impl Summary {
    /// `heard` was heard for so many `seconds`.
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
        // Memory is bounded: of very many sounds the shortest are forgotten.
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

    /// The whole of `duration` seconds: its sounds are those that were heard longest, in no order. `None` where nothing was
    /// heard.
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
