//! Two recordings at once: each scaled to RMS 0.05, the second by its gain, delayed by its offset, and summed.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wsac::Result;
use wsac::audio::{Source, Waveform};

/// The loudness that both are brought to before the gain.
const RMS: f64 = 0.05;

/// A row of a table of mixtures.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Mixture {
    /// The first recording.
    pub file_a: PathBuf,
    /// Its class.
    pub label_a: String,
    /// The second recording.
    pub file_b: PathBuf,
    /// Its class.
    pub label_b: String,
    /// How much louder the second is, in dB.
    #[serde(default)]
    pub gain_b_db: f64,
    /// When the second begins, in seconds.
    #[serde(default)]
    pub offset_b_s: f64,
}

impl Mixture {
    /// Finds both recordings in `folder`.
    pub fn within(&mut self, folder: &Path) {
        for file in [&mut self.file_a, &mut self.file_b] {
            *file = folder.join(&*file);
        }
    }

    /// The sum at `rate` Hz.
    ///
    /// # Errors
    /// Where one of them cannot be read.
    pub fn sum(&self, rate: u32) -> Result<Waveform> {
        let load = |file: &PathBuf, gain_db: f64| -> Result<Vec<f32>> {
            let mut samples = Waveform::load(&Source::Path(file.clone()), rate)?.samples;
            let square: f64 = samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            let rms = (square / samples.len().max(1) as f64).sqrt().max(1e-9);
            let gain = (RMS / rms * 10f64.powf(gain_db / 20.0)) as f32;
            samples.iter_mut().for_each(|x| *x *= gain);
            Ok(samples)
        };
        let (mut sum, second) = (
            load(&self.file_a, 0.0)?,
            load(&self.file_b, self.gain_b_db)?,
        );
        let offset = (self.offset_b_s.max(0.0) * f64::from(rate)).round() as usize;
        sum.resize(sum.len().max(offset + second.len()), 0.0);
        sum[offset..]
            .iter_mut()
            .zip(&second)
            .for_each(|(x, y)| *x += y);
        Ok(Waveform { samples: sum, rate })
    }
}
