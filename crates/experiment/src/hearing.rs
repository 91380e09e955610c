//! Sounds to what is heard of them: `Item`s -> one `Heard` each, or why there is none; made once and kept.

use std::path::Path;

use rayon::prelude::*;
use wsac::audio::{AudioStream, Source, Waveform};
use wsac::encoders::analysis::Heard;
use wsac::encoders::embedding::{Embedding, Embeddings};
use wsac::encoders::encoder::Encoder;
use wsac::encoders::towers::AudioTower;
use wsac::{Error, Result};

use crate::data::Sound;
use crate::stage::{self, Key};

/// What is heard of each sound, or why nothing is.
pub type Heards = Vec<std::result::Result<Heard, String>>;

/// Listens to `sounds`, which must not be captions; what was heard before is read from `folder`. `each` is called once a
/// sound that is listened to.
///
/// # Errors
/// Where the encoder has no audio tower, or the results cannot be kept. A recording that cannot be heard is no error.
pub fn listen(
    sounds: &[&Sound],
    encoder: &Encoder,
    folder: &Path,
    what: &str,
    each: &(dyn Fn() + Sync),
) -> Result<(Heards, Key)> {
    let tower = encoder.audio_tower()?;
    let key = Key::of("heard")
        .with(encoder.made_in())
        .with_all(ear(tower.as_ref())?)
        .with_all(sounds.iter().map(|s| stamp(s)));
    let path = stage::file(folder, "heard", what, &key);
    let (heard, _) = stage::once(&path, || {
        let listen = |sound: &&Sound| {
            let heard = hear(sound, tower.as_ref()).map_err(|e| e.to_string());
            each();
            heard
        };
        Ok(sounds.par_iter().map(listen).collect::<Heards>())
    })?;
    Ok((heard, key))
}

/// What `tower` makes of a second of a rising tone: it changes with the tower's weights and with the code around them.
fn ear(tower: &dyn AudioTower) -> Result<Vec<[u8; 4]>> {
    let rate = tower.rate();
    let tone = |i: u32| {
        let t = i as f32 / rate as f32;
        0.5 * (std::f32::consts::TAU * (200.0 + 1500.0 * t) * t).sin()
    };
    let samples = (0..rate).map(tone).collect();
    let mut stream = AudioStream::from_waveform(&Waveform { samples, rate }, rate)?;
    let heard = tower.listen(&mut stream)?;
    let coordinates = heard.embedding.as_slice().iter();
    Ok(coordinates.map(|x| x.to_le_bytes()).collect())
}

fn hear(sound: &Sound, tower: &dyn AudioTower) -> Result<Heard> {
    let rate = tower.rate();
    match sound {
        Sound::File(path) => {
            Ok(tower.listen(&mut AudioStream::open(&Source::Path(path.clone()), rate)?)?)
        }
        Sound::Mixture(mixture) => {
            Ok(tower.listen(&mut AudioStream::from_waveform(&mixture.sum(rate)?, rate)?)?)
        }
        Sound::Caption(_) => Err(Error::Config("a caption cannot be listened to".into())),
    }
}

fn stamp(sound: &Sound) -> String {
    match sound {
        Sound::File(path) => stage::stamp(path),
        Sound::Mixture(m) => {
            let (a, b) = (stage::stamp(&m.file_a), stage::stamp(&m.file_b));
            format!("{a} and {b} {} {}", m.gain_b_db, m.offset_b_s)
        }
        Sound::Caption(text) => text.clone(),
    }
}

/// A point as if it had been heard.
pub fn point(embedding: Embedding) -> Heard {
    Heard {
        embedding,
        parts: Vec::new(),
        sounds: Vec::new(),
        duration: 0.0,
        confidence: 1.0,
        ordered: false,
    }
}

/// The embeddings of those that were heard, [N, d].
pub fn embeddings(heard: &[std::result::Result<Heard, String>], dim: usize) -> Embeddings {
    let mut rows = Embeddings::empty(dim);
    heard.iter().flatten().for_each(|h| rows.push(&h.embedding));
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

    /// Hears the mean loudness, and how often the sign changes, times `turn`.
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

        fn listen(&self, audio: &mut AudioStream) -> Result<Heard> {
            let mut samples = Vec::new();
            while let Some(block) = audio.next_block()? {
                samples.extend(block);
            }
            let loud = samples.iter().map(|x| x.abs()).sum::<f32>() / samples.len() as f32;
            let turns = samples.windows(2).filter(|w| w[0] * w[1] < 0.0).count();
            let row = vec![loud, self.turn * turns as f32];
            Embedding::new(row)
                .map(point)
                .ok_or_else(|| Error::Config("is silent".into()))
        }
    }

    #[test]
    fn an_ear_is_known_by_what_it_hears() {
        let ear = |turn| ear(&Simple { turn }).expect("an ear");
        assert_eq!(ear(1e-3), ear(1e-3));
        assert_ne!(ear(1e-3), ear(1.1e-3));
        assert_eq!(ear(1e-3).len(), 2);
    }
}
