//! The encoding stage: [`Sound`]s -> the audio tower's output for each, or the reason why there is none; cached.

use std::path::Path;

use rayon::prelude::*;
use wsac::audio::{AudioStream, Source, Waveform};
use wsac::encoders::analysis::AudioAnalysis;
use wsac::encoders::embedding::Embeddings;
use wsac::encoders::encoder::Encoder;
use wsac::encoders::towers::AudioTower;
use wsac::{Error, Result};

use crate::artifact_cache::{self as cache, Key};
use crate::data::Sound;

/// The encoder's output for each sound, or the reason why there is none.
pub type Encoded = Vec<std::result::Result<AudioAnalysis, String>>;

/// Encodes `sounds`, which must not be captions, or reads cached results from `folder`. `each` is called after each
/// sound that is encoded.
///
/// # Errors
/// If the encoder has no audio tower, or the results cannot be kept. A recording that cannot be read is no error.
pub fn encode_all(
    sounds: &[&Sound],
    encoder: &Encoder,
    folder: &Path,
    what: &str,
    each: &(dyn Fn() + Sync),
) -> Result<(Encoded, Key)> {
    let tower = encoder.audio_tower()?;
    let key = Key::of("heard")
        .with(encoder.made_in())
        .with_all(fingerprint(tower.as_ref())?)
        .with_all(sounds.iter().map(|s| sound_stamp(s)));
    let path = cache::file(folder, "heard", what, &key);
    let (encoded, _) = cache::get_or_make(&path, || {
        let one = |sound: &&Sound| {
            let encoded = encode(sound, tower.as_ref()).map_err(|e| e.to_string());
            each();
            encoded
        };
        Ok(sounds.par_iter().map(one).collect::<Encoded>())
    })?;
    Ok((encoded, key))
}

/// The embedding of a second of a rising tone: it changes with the weights of `tower` and with its code.
fn fingerprint(tower: &dyn AudioTower) -> Result<Vec<[u8; 4]>> {
    let rate = tower.rate();
    let tone = |i: u32| {
        let t = i as f32 / rate as f32;
        0.5 * (std::f32::consts::TAU * (200.0 + 1500.0 * t) * t).sin()
    };
    let samples = (0..rate).map(tone).collect();
    let mut stream = AudioStream::from_waveform(&Waveform { samples, rate }, rate)?;
    let encoded = tower.encode(&mut stream)?;
    let coordinates = encoded.embedding.as_slice().iter();
    Ok(coordinates.map(|x| x.to_le_bytes()).collect())
}

fn encode(sound: &Sound, tower: &dyn AudioTower) -> Result<AudioAnalysis> {
    let rate = tower.rate();
    match sound {
        Sound::File(path) => {
            Ok(tower.encode(&mut AudioStream::open(&Source::Path(path.clone()), rate)?)?)
        }
        Sound::Mixture(mixture) => {
            Ok(tower.encode(&mut AudioStream::from_waveform(&mixture.sum(rate)?, rate)?)?)
        }
        Sound::Caption(_) => Err(Error::Config("a caption cannot be encoded as audio".into())),
    }
}

/// What identifies a sound without reading it.
fn sound_stamp(sound: &Sound) -> String {
    match sound {
        Sound::File(path) => cache::file_stamp(path),
        Sound::Mixture(m) => {
            let (a, b) = (cache::file_stamp(&m.file_a), cache::file_stamp(&m.file_b));
            format!("{a} and {b} {} {}", m.gain_b_db, m.offset_b_s)
        }
        Sound::Caption(text) => text.clone(),
    }
}

/// The embeddings of those that could be encoded, [N, d].
pub fn embeddings(
    encoded: &[std::result::Result<AudioAnalysis, String>],
    dim: usize,
) -> Embeddings {
    let mut rows = Embeddings::empty(dim);
    encoded
        .iter()
        .flatten()
        .for_each(|e| rows.push(&e.embedding));
    rows
}

/// All rows of `clips`, [N, d].
pub fn joined(clips: &[Embeddings], dim: usize) -> Embeddings {
    let mut rows = Embeddings::empty(dim);
    for clip in clips {
        (0..clip.len()).for_each(|i| rows.push(&clip.get(i)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use wsac::encoders::embedding::Embedding;

    /// Encodes the mean loudness, and how often the sign changes, times `turn`.
    struct Simple {
        turn: f32,
    }

    impl AudioTower for Simple {
        fn dim(&self) -> usize {
            2
        }

        fn rate(&self) -> u32 {
            8000
        }

        fn encode(&self, audio: &mut AudioStream) -> wsac::encoders::Result<AudioAnalysis> {
            let mut samples = Vec::new();
            while let Some(block) = audio.next_block()? {
                samples.extend(block);
            }
            let loud = samples.iter().map(|x| x.abs()).sum::<f32>() / samples.len() as f32;
            let turns = samples.windows(2).filter(|w| w[0] * w[1] < 0.0).count();
            let row = vec![loud, self.turn * turns as f32];
            Embedding::new(row)
                .map(AudioAnalysis::of_embedding)
                .ok_or_else(|| wsac::encoders::Error::Config("is silent".into()))
        }
    }

    #[test]
    fn a_tower_is_known_by_its_output() {
        let of = |turn| fingerprint(&Simple { turn }).expect("a fingerprint");
        assert_eq!(of(1e-3), of(1e-3));
        assert_ne!(of(1e-3), of(1.1e-3));
        assert_eq!(of(1e-3).len(), 2);
    }
}
