//! Sounds to what is heard of them: `Item`s -> one `Heard` each, or why there is none; made once and kept.

use std::path::Path;

use rayon::prelude::*;
use wsac::audio::{AudioStream, Source};
use wsac::clap::{AudioTower, Encoder, Heard};
use wsac::embedding::{Embedding, Embeddings};
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
    let key = Key::of("heard")
        .with(encoder.made_in())
        .with_all(sounds.iter().map(|s| stamp(s)));
    let path = stage::file(folder, "heard", what, &key);
    let (heard, _) = stage::once(&path, || {
        let tower = encoder.audio_tower()?;
        let listen = |sound: &&Sound| {
            let heard = hear(sound, tower.as_ref()).map_err(|e| e.to_string());
            each();
            heard
        };
        Ok(sounds.par_iter().map(listen).collect::<Heards>())
    })?;
    Ok((heard, key))
}

fn hear(sound: &Sound, tower: &dyn AudioTower) -> Result<Heard> {
    let rate = tower.rate();
    match sound {
        Sound::File(path) => {
            tower.listen(&mut AudioStream::open(&Source::Path(path.clone()), rate)?)
        }
        Sound::Mixture(mixture) => {
            tower.listen(&mut AudioStream::from_waveform(&mixture.sum(rate)?, rate)?)
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
