//! The audio tower of every CLAP family: a recording at the family's rate -> a unit embedding [d].
//!
//! ```text
//! samples -windows-> [length] -fit-> [length or more] -LogMel-> [T, 64] -CNN14 | HTSAT-> [features] -projection-> [d]
//! ```
//!
//! | family | rate | window | shorter clips |
//! |---|---|---|---|
//! | `wavcaps-cnn14`, `panns` | 32 kHz | 30 s (whole clips up to there) | as they are; silence up to 0.63 s |
//! | `wavcaps-htsat` | 32 kHz | 1024 frames, 10.2 s | as they are; the frames are stretched |
//! | `laion`, `laion-hf` | 48 kHz | 10 s; with fusion 5 minutes | repeated as often as they fit, then silence |
//! | `msclap-2022`, `msclap-2023` | 44.1 kHz | 5 s, 7 s | repeated, the last time in part |
//!
//! Longer recordings are encoded in [`Windows`]. Every window is encoded alone: a batch is no different from its clips.

use std::path::PathBuf;

use crate::analysis::{AudioAnalysis, SoundEvent};
use crate::clap::family::Family;
use crate::clap::preprocess::FeatureExtractor;
use crate::clap::windowing::{Mean, Windows};
use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::models::cnn14::{Cnn14, Ending};
use crate::models::hook::ForwardHook;
use crate::models::htsat::{Htsat, fusion};
use crate::models::layers::Projection;
use crate::towers::AudioTower;
use wsac_audio::AudioStream;
use wsac_audio::mel::{LogMel, MelBank};
use wsac_tensors::weights::Weights;

/// Bins and bands of all filter banks.
const BANK: [usize; 2] = [513, 64];

/// The audio side of a CLAP checkpoint.
pub struct ClapAudio {
    path: PathBuf,
    extractor: FeatureExtractor,
    front: LogMel,
    tower: Tower,
    /// PANNs has none.
    projection: Option<Projection>,
    windows: Windows,
}

enum Tower {
    Cnn14(Box<Cnn14>),
    Htsat(Box<Htsat>),
}

impl ClapAudio {
    /// The window of a tower with feature fusion, in seconds: it is held in memory, 58 MB of samples.
    const FUSED_SECONDS: usize = 300;

    /// Reads the audio tower of `family` and its projection.
    ///
    /// # Errors
    /// As [`Weights::get`]; where the sizes are not the family's.
    pub fn load(family: Family, weights: &dyn Weights, windows: Windows) -> Result<Self> {
        let extractor = FeatureExtractor::of(family);
        let (prefix, bank) = match family {
            Family::WavCapsCnn14 | Family::WavCapsHtsat => (
                "audio_encoder.audio_enc.",
                "audio_feats_extractor.log_trans.melW",
            ),
            Family::Laion => ("audio_branch.", "logmel_extractor.melW"),
            Family::LaionHf => ("audio_model.audio_encoder.", "logmel_extractor.melW"),
            Family::MsClap2022 => ("audio_encoder.base.", "logmel_extractor.melW"),
            Family::MsClap2023 => ("audio_encoder.base.htsat.", "logmel_extractor.melW"),
            Family::Panns => ("", "logmel_extractor.melW"),
        };
        let tower = match family {
            Family::WavCapsCnn14 => {
                Tower::Cnn14(Box::new(Cnn14::read(weights, prefix, Ending::Pooled)?))
            }
            Family::Panns | Family::MsClap2022 => {
                Tower::Cnn14(Box::new(Cnn14::read(weights, prefix, Ending::Dense)?))
            }
            _ => Tower::Htsat(Box::new(Htsat::read(weights, prefix)?)),
        };
        let slaney = |rate| MelBank::slaney(rate, 1024, BANK[1], 50.0, 14_000.0);
        let bank = format!("{prefix}{bank}");
        let bank = match family {
            // Models with fusion use torchaudio's filter bank; one stored in the checkpoint is only marked as used.
            Family::Laion | Family::LaionHf if tower.fuses() => {
                weights
                    .shape(&bank)
                    .map(|_| weights.get(&bank, &BANK))
                    .transpose()?;
                MelBank::htk_in_hertz(extractor.rate, 1024, BANK[1], 50.0, 14_000.0)
            }
            _ if weights.shape(&bank).is_some() => {
                MelBank::stored(&weights.get(&bank, &BANK)?, BANK[1])
            }
            // The filter bank is that of 32 kHz though the recordings are not.
            Family::MsClap2023 => slaney(32_000),
            _ => slaney(extractor.rate),
        };
        let projection = |layers: [&str; 2]| {
            let first = format!("{}.weight", layers[0]);
            let dim = match weights.shape(&first).as_deref() {
                Some(&[dim, _]) => dim,
                Some(shape) => {
                    let reason = format!("tensor {first} has shape {shape:?}, not [d, features]");
                    return Err(Error::model(weights.path(), reason));
                }
                None => {
                    let reason = format!("tensor {first} is missing");
                    return Err(Error::model(weights.path(), reason));
                }
            };
            Projection::relu(weights, layers, [dim, tower.width()])
        };
        let projection = match family {
            Family::WavCapsCnn14 | Family::WavCapsHtsat => {
                Some(projection(["audio_proj.0", "audio_proj.2"])?)
            }
            Family::Laion => Some(projection(["audio_projection.0", "audio_projection.2"])?),
            Family::LaionHf => Some(projection([
                "audio_projection.linear1",
                "audio_projection.linear2",
            ])?),
            Family::MsClap2022 | Family::MsClap2023 => {
                let name = "audio_encoder.projection";
                Some(Projection::residual(weights, name, [1024, tower.width()])?)
            }
            Family::Panns => None,
        };
        Ok(Self {
            path: weights.path().to_path_buf(),
            extractor,
            front: LogMel::new(bank, extractor.hop),
            tower,
            projection,
            windows,
        })
    }

    /// The samples of a window.
    fn length(&self) -> usize {
        match self.windows {
            Windows::Mean if self.tower.fuses() => {
                Self::FUSED_SECONDS * self.extractor.rate as usize
            }
            _ => self.extractor.clip,
        }
    }

    /// One window of `samples` -> an embedding before normalisation: [d].
    ///
    /// `tap` is shown `log-mel` [channels, T, 64], the stages of the network, its `features` and the embedding as
    /// `projected`.
    fn project(&self, samples: &[f32], tap: &mut ForwardHook) -> Vec<f32> {
        let frames = self.front.frames(&self.extractor.fitted(samples));
        let features = match &self.tower {
            Tower::Cnn14(network) => {
                tap.show("log-mel", || frames.clone());
                network.forward(frames, tap)
            }
            Tower::Htsat(network) => {
                let count = 1 + self.extractor.clip / self.extractor.hop;
                let channels = match network.fuses() && frames.len() > count * BANK[1] {
                    true => fusion::channels(&frames, count),
                    false => vec![frames],
                };
                tap.show("log-mel", || channels.concat());
                network.forward(channels, tap)
            }
        };
        self.finish(features, tap)
    }

    /// From the tower's output to the shared space, before normalisation.
    fn finish(&self, features: Vec<f32>, tap: &mut ForwardHook) -> Vec<f32> {
        tap.show("features", || features.clone());
        let Some(projection) = &self.projection else {
            return features;
        };
        let projected = projection.forward(&features);
        tap.show("projected", || projected.clone());
        projected
    }

    fn hear(&self, audio: &mut AudioStream, tap: &mut ForwardHook) -> Result<AudioAnalysis> {
        if audio.rate() != self.extractor.rate {
            let (is, wanted) = (audio.rate(), self.extractor.rate);
            let reason = format!("this encoder listens at {wanted} Hz, not {is} Hz");
            return Err(Error::Config(reason));
        }
        let nowhere = || {
            let reason = "gives no embedding for this recording: its numbers are no numbers, or \
                          all are 0; the checkpoint is damaged or of another family";
            Error::model(&self.path, reason)
        };
        let mut mean = Mean::default();
        let extent = self.windows.over(audio, self.length(), |window, fresh| {
            let point = self.project(window, tap);
            mean.add(Embedding::new(point).ok_or_else(nowhere)?, fresh);
            Ok(())
        })?;
        let embedding = mean.finish().ok_or_else(nowhere)?;
        let duration = extent.samples as f64 / f64::from(self.extractor.rate);
        Ok(AudioAnalysis {
            parts: vec![SoundEvent {
                embedding: embedding.clone(),
                start: 0.0,
                end: duration,
                sounds: Vec::new(),
            }],
            embedding,
            sounds: Vec::new(),
            duration,
            confidence: if extent.silent { 0.0 } else { 1.0 },
            ordered: false,
        })
    }
}

impl Tower {
    fn width(&self) -> usize {
        match self {
            Self::Cnn14(_) => Cnn14::WIDTH,
            Self::Htsat(network) => network.width(),
        }
    }

    fn fuses(&self) -> bool {
        matches!(self, Self::Htsat(network) if network.fuses())
    }
}

/// A CLAP tower has no classifier and finds no sound events: it gives the whole recording as one embedding. Its confidence
/// is 1, and 0 where every sample is 0.
impl AudioTower for ClapAudio {
    fn dim(&self) -> usize {
        let projected = self.projection.as_ref().map(Projection::dim);
        projected.unwrap_or_else(|| self.tower.width())
    }

    fn rate(&self) -> u32 {
        self.extractor.rate
    }

    fn encode(&self, audio: &mut AudioStream) -> Result<AudioAnalysis> {
        self.hear(audio, &mut ForwardHook::none())
    }
}

#[cfg(test)]
mod tests;
