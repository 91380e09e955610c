//! How a family prepares recordings: its rate, its window length, and how it pads clips that are too short.

use crate::clap::family::Family;
use crate::models::cnn14::Cnn14;

/// How a family prepares recordings.
#[derive(Debug, Clone, Copy)]
pub struct FeatureExtractor {
    /// Samples per second.
    pub rate: u32,
    /// Samples from a frame to the next.
    pub hop: usize,
    /// Samples per window, which shorter clips are padded to.
    pub clip: usize,
    /// How shorter clips are padded.
    pub fit: Padding,
    /// Whether samples were rounded to 16 bits in training.
    pub rounds: bool,
}

/// How a clip that is too short is padded.
#[derive(Debug, Clone, Copy)]
pub enum Padding {
    /// With silence, up to this many samples.
    Silence(usize),
    /// It is repeated as often as it fits into the clip, then silence is added.
    Repeat,
    /// It is repeated until the clip is full.
    Tile,
}

impl FeatureExtractor {
    /// The settings of `family`.
    pub fn of(family: Family) -> Self {
        let (rate, hop, clip, fit) = match family {
            Family::WavCapsCnn14 | Family::Panns => {
                let least = (Cnn14::LEAST - 1) * 320;
                (32_000, 320, 30 * 32_000, Padding::Silence(least))
            }
            // The most samples that give 1024 frames.
            Family::WavCapsHtsat => (32_000, 320, 1024 * 320 - 1, Padding::Silence(0)),
            Family::Laion | Family::LaionHf => (48_000, 480, 480_000, Padding::Repeat),
            Family::MsClap2022 => (44_100, 320, 5 * 44_100, Padding::Tile),
            Family::MsClap2023 => (44_100, 320, 7 * 44_100, Padding::Tile),
        };
        Self {
            rate,
            hop,
            clip,
            fit,
            rounds: family == Family::Laion,
        }
    }

    /// `samples` [any] as the front end expects them.
    pub fn fitted(&self, samples: &[f32]) -> Vec<f32> {
        let n = samples.len();
        let (times, least) = match self.fit {
            Padding::Silence(least) => (1, least),
            Padding::Repeat => (self.clip / n.max(1), self.clip),
            Padding::Tile => (self.clip.div_ceil(n.max(1)), self.clip),
        };
        let mut fitted = samples.repeat(if n < least { times } else { 1 });
        fitted.truncate(least.max(n));
        fitted.resize(least.max(n), 0.0);
        if self.rounds {
            // To 16 bits and back, truncated, as LAION's own code does.
            let rounded = |x: f32| (x.clamp(-1.0, 1.0) * 32_767.0).trunc() / 32_767.0;
            fitted.iter_mut().for_each(|x| *x = rounded(*x));
        }
        fitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_clips_are_fitted_as_their_family_does() {
        let fitted = |family, clip: usize, n: usize| {
            let extractor = FeatureExtractor {
                clip,
                ..FeatureExtractor::of(family)
            };
            let samples: Vec<f32> = (1..=n).map(|x| x as f32 / 10.0).collect();
            extractor.fitted(&samples)
        };
        assert_eq!(fitted(Family::LaionHf, 5, 2), [0.1, 0.2, 0.1, 0.2, 0.0]);
        assert_eq!(fitted(Family::LaionHf, 5, 3), [0.1, 0.2, 0.3, 0.0, 0.0]);
        assert_eq!(fitted(Family::MsClap2022, 5, 2), [0.1, 0.2, 0.1, 0.2, 0.1]);
        assert_eq!(fitted(Family::MsClap2023, 3, 0), [0.0; 3]);
        assert_eq!(fitted(Family::WavCapsHtsat, 5, 1), [0.1]);
        let rounded = fitted(Family::Laion, 2, 2);
        assert_eq!(rounded, [3276.0 / 32_767.0, 6553.0 / 32_767.0]);
        let loud = fitted(Family::Laion, 12, 12);
        assert_eq!(loud[11], 1.0);
    }
}
