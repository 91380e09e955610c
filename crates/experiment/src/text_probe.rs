//! The text probe: without recordings, another caption of the same clip replaces the sound.
//!
//! text embedding [d] -> `unit(text + gap + noise)` [d]: shifted by the modality gap (Eq. 2), measured between one's own
//! recordings and the captions, and with the spread of the captions of a clip (section 3.1.1). The decoder's input is then
//! as far from its training data in mean and spread as an audio embedding would be; it does not show how good an
//! audio tower is. So its results compare training and inference strategies with each other, and with nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use wsac::bridge::{Augmentation, gap, sigma_pairs};
use wsac::encoders::analysis::AudioAnalysis;
use wsac::encoders::embedding::{Embedding, Embeddings};
use wsac::encoders::encoder::Encoder;
use wsac::rng::Stream;
use wsac::{Error, Result};

use crate::config::Probe;
use crate::data::Sound;
use crate::encoding::{self, Encoded};

/// How the embeddings that replace audio are moved from their captions.
#[derive(Debug, Clone, PartialEq)]
pub struct Displacement {
    /// The gap [d].
    pub gap: Vec<f32>,
    /// The variance of the noise in each coordinate.
    pub noise_variance: f64,
    /// The seed of the noise.
    pub seed: u64,
}

impl Displacement {
    /// The settings of `probe`, in a space where `clips` are the embeddings of captions, clip by clip.
    ///
    /// # Errors
    /// If its recordings cannot be read, or no clip has two captions to measure the noise by.
    pub fn measure(
        probe: &Probe,
        clips: &[Embeddings],
        encoder: &Encoder,
        folder: &Path,
        each: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let dim = clips.first().map_or(0, Embeddings::dim);
        let gap = match &probe.recordings {
            Some(recordings) => {
                let sounds: Vec<Sound> = files(recordings)?.into_iter().map(Sound::File).collect();
                let sounds: Vec<&Sound> = sounds.iter().collect();
                let (audio, _) = encoding::encode_all(&sounds, encoder, folder, "probe", each)?;
                let texts = encoding::joined(clips, dim);
                gap(&encoding::embeddings(&audio, dim), &texts)?
            }
            None => {
                let stream = Stream::new(&format!("seed{}/probe/gap", probe.seed));
                let mut direction: Vec<f32> = (0..dim as u64).map(|j| stream.gauss(j)).collect();
                wsac::encoders::embedding::normalize(&mut direction);
                direction.iter_mut().for_each(|x| *x *= probe.gap as f32);
                direction
            }
        };
        let noise_variance = match probe.noise {
            Some(variance) => variance,
            None => sigma_pairs(clips).map(|sigma| sigma * sigma).ok_or_else(|| {
                Error::Config(
                    "[data.probe]: no clip has two captions to measure the noise by; give noise = VARIANCE".into(),
                )
            })?,
        };
        Ok(Self {
            gap,
            noise_variance,
            seed: probe.seed,
        })
    }

    /// The length of the gap.
    pub fn length(&self) -> f64 {
        self.gap
            .iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .sum::<f64>()
            .sqrt()
    }

    /// Caption `i` of `what` in the form of an encoded recording; `text` is its embedding.
    pub fn stand_in(
        &self,
        text: &[f32],
        what: &str,
        i: usize,
    ) -> std::result::Result<AudioAnalysis, String> {
        let moved = Augmentation {
            noise_variance: self.noise_variance,
            shift: Some(self.gap.clone()),
            ..Augmentation::default()
        };
        let mut row = text.to_vec();
        let stream = Stream::new(&format!("seed{}/probe/{what}", self.seed));
        moved.apply(&mut row, stream, (i * text.len()) as u64);
        Embedding::new(row)
            .map(AudioAnalysis::of_embedding)
            .ok_or_else(|| "has no direction".into())
    }

    /// All of `texts` [N, d] in the form of encoded recordings.
    pub fn stand_ins(&self, texts: &Embeddings, what: &str) -> Encoded {
        texts
            .rows()
            .enumerate()
            .map(|(i, row)| self.stand_in(row, what, i))
            .collect()
    }
}

/// The files of a folder, sorted by name, without those whose extension is not that of a recording.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    const SOUND: [&str; 9] = [
        "wav", "flac", "ogg", "oga", "mp3", "m4a", "mp4", "aac", "mkv",
    ];
    let entries = fs::read_dir(folder).map_err(|e| Error::io(folder, e))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|path| {
        let ending = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or("")
            .to_ascii_lowercase();
        SOUND.contains(&ending.as_str()) && path.is_file()
    });
    files.sort();
    if files.is_empty() {
        return Err(Error::Config(format!(
            "{}: holds no recording to measure the gap with",
            folder.display()
        )));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_is_its_caption_moved_and_scattered_as_asked() {
        let dim = 64;
        let texts: Vec<f32> = (0..200u64)
            .flat_map(|i| {
                let stream = Stream::new(&format!("text{i}"));
                (0..dim as u64).map(move |j| stream.gauss(j))
            })
            .collect();
        let texts = Embeddings::new(dim, texts).expect("rows");
        let mut gap = vec![0.0; dim];
        gap[3] = 0.7;
        let moved = Displacement {
            gap,
            noise_variance: 0.0,
            seed: 1,
        };
        assert!((moved.length() - 0.7).abs() < 1e-6);
        let encoded = moved.stand_ins(&texts, "x");
        let cosine = |encoded: &Encoded, i: usize| {
            encoded[i]
                .as_ref()
                .expect("encoded")
                .embedding
                .cosine(&texts.get(i))
        };
        let mean = |encoded: &Encoded| (0..200).map(|i| cosine(encoded, i)).sum::<f32>() / 200.0;
        // cos = (1 + 0.7 x) / |text + gap| with x, the text's coordinate along the gap, near 0.
        assert!(
            (mean(&encoded) - 1.0 / 1.49f32.sqrt()).abs() < 0.02,
            "{}",
            mean(&encoded)
        );
        let noisy = Displacement {
            noise_variance: 1.0 / dim as f64,
            ..moved.clone()
        };
        let scattered = noisy.stand_ins(&texts, "x");
        assert!(
            (mean(&scattered) - 1.0 / 2.49f32.sqrt()).abs() < 0.03,
            "{}",
            mean(&scattered)
        );
        assert_eq!(noisy.stand_ins(&texts, "x"), scattered);
        assert_ne!(noisy.stand_ins(&texts, "y"), scattered);
    }
}
