//! A map from audio to text embeddings, learned from paired recordings (the supervised gap mapper of the paper's outlook):
//! an audio embedding [d] -> the estimated embedding of its caption, [d].
//!
//! `text_mean + (audio - audio_mean) W`; without `W` it is the shift of the means alone.

mod figures;
mod learn;
mod square;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
pub use figures::{Figures, Learned};
pub use learn::LearnOptions;
use wsac_encoders::embedding::{Embedding, Embeddings};
use wsac_tensors::safetensors::{TensorFile, Tensors};

/// The kinds of map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Shift the mean of the audio embeddings to the mean of the text embeddings.
    Shift,
    /// That, and ridge regression, regularised towards the identity.
    #[default]
    Ridge,
    /// That, and a rotation (orthogonal Procrustes): right if both distributions have the same shape.
    Procrustes,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shift => "shift",
            Self::Ridge => "ridge",
            Self::Procrustes => "procrustes",
        }
    }
}

/// A map from audio to text embeddings.
#[derive(Debug, Clone, PartialEq)]
pub struct GapMap {
    /// Its kind.
    pub kind: Kind,
    audio_mean: Vec<f32>,
    text_mean: Vec<f32>,
    /// [d, d], a row for each coordinate of the audio embedding; `None` is the identity.
    linear: Option<Vec<f32>>,
    /// Its measurements from when it was learned.
    pub learned: Option<Learned>,
}

impl GapMap {
    /// The shift by the modality gap [d] (Eq. 2) and nothing else: `audio - gap`.
    pub fn shift(gap: &[f32]) -> Self {
        Self {
            kind: Kind::Shift,
            audio_mean: gap.to_vec(),
            text_mean: vec![0.0; gap.len()],
            linear: None,
            learned: None,
        }
    }

    /// The width `d` of the embeddings.
    pub fn dim(&self) -> usize {
        self.audio_mean.len()
    }

    /// The estimated embedding of a sound's caption.
    ///
    /// # Errors
    /// If the embedding has another width, or is mapped to the origin.
    pub fn apply(&self, audio: &Embedding) -> Result<Embedding> {
        let x = audio.as_slice();
        if x.len() != self.dim() {
            return Err(Error::Config(format!(
                "the gap map is for embeddings of width {}, the audio's is {}; learn one with the same encoder",
                self.dim(),
                x.len()
            )));
        }
        Embedding::new(self.place(x)).ok_or_else(|| {
            Error::Config("the gap map gives an embedding without direction; learn it anew".into())
        })
    }

    /// [`GapMap::apply`] to each row of `audio` [N, d].
    ///
    /// # Errors
    /// As [`GapMap::apply`].
    pub fn apply_all(&self, audio: &Embeddings) -> Result<Embeddings> {
        let mut mapped = Embeddings::empty(self.dim());
        for i in 0..audio.len() {
            mapped.push(&self.apply(&audio.get(i))?);
        }
        Ok(mapped)
    }

    /// Summed in f64.
    fn place(&self, x: &[f32]) -> Vec<f32> {
        let d = self.dim();
        let centred = x.iter().zip(&self.audio_mean);
        let centred = centred.map(|(x, m)| f64::from(*x) - f64::from(*m));
        let mut y: Vec<f64> = self.text_mean.iter().map(|m| f64::from(*m)).collect();
        match &self.linear {
            None => y.iter_mut().zip(centred).for_each(|(y, x)| *y += x),
            Some(linear) => {
                for (x, row) in centred.zip(linear.chunks_exact(d)) {
                    (y.iter_mut().zip(row)).for_each(|(y, w)| *y += x * f64::from(*w));
                }
            }
        }
        y.into_iter().map(|y| y as f32).collect()
    }

    /// Writes the map: `audio_mean` [d], `text_mean` [d], `linear` [d, d] unless it is a shift, and its measurements as
    /// JSON in its description.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let d = self.dim();
        let mut file = TensorFile::new();
        file.f32("audio_mean", &[d], &self.audio_mean);
        file.f32("text_mean", &[d], &self.text_mean);
        if let Some(linear) = &self.linear {
            file.f32("linear", &[d, d], linear);
        }
        let said = Said {
            kind: self.kind,
            learned: self.learned.clone(),
        };
        file.describe(serde_json::to_string(&said).map_err(|e| Error::Config(e.to_string()))?);
        Ok(file.save(path)?)
    }

    /// Reads what [`GapMap::save`] wrote.
    ///
    /// # Errors
    /// If the file cannot be read or is no such map.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        let tensors = Tensors::parse(path, &bytes)?;
        let wrong = || Error::model(path, "is no gap map; make one with `wsac gap learn`");
        let said: Said = (tensors.description())
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(wrong)?;
        let shape = tensors.shape("audio_mean").ok_or_else(wrong)?;
        let &[d] = &shape[..] else {
            return Err(wrong());
        };
        let linear = match said.kind {
            Kind::Shift => None,
            Kind::Ridge | Kind::Procrustes => Some(tensors.get("linear", &[d, d])?),
        };
        let map = Self {
            kind: said.kind,
            audio_mean: tensors.get("audio_mean", &[d])?,
            text_mean: tensors.get("text_mean", &[d])?,
            linear,
            learned: said.learned,
        };
        let numbers = [
            Some(&map.audio_mean),
            Some(&map.text_mean),
            map.linear.as_ref(),
        ];
        if !numbers
            .into_iter()
            .flatten()
            .flatten()
            .all(|x| x.is_finite())
        {
            return Err(Error::model(path, "holds numbers that are not finite"));
        }
        Ok(map)
    }
}

/// The description of a map in its file.
#[derive(Serialize, Deserialize)]
struct Said {
    kind: Kind,
    learned: Option<Learned>,
}
