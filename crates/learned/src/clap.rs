//! CLAP-sim: the cosine of a candidate's embedding in the space of a CLAP to that of the recording, -1 to 1. (To those of its
//! references it is [`sbert_sim`](crate::sbert_sim) by the CLAP's text tower.)
//!
//! As aac-metrics 0.6.0 (`clap_sim.py`), but for recordings longer than the CLAP's window: the original draws a part of
//! them at random, here the tower says which windows count.

use rayon::prelude::*;
use wsac_audio::{AudioStream, Source};
use wsac_encoders::Result;
use wsac_encoders::embedding::{Embedding, dot};
use wsac_encoders::towers::{AudioTower, TextTower};
use wsac_metrics::Scores;

use crate::Progress;

/// The embedding of each of `recordings` by `tower`, in their order; `heard` is told of each from several threads.
pub fn hear(
    tower: &dyn AudioTower,
    recordings: &[Source],
    heard: impl Fn(usize, &Result<Embedding>) + Sync,
) -> Vec<Result<Embedding>> {
    let hear = |(i, source): (usize, &Source)| {
        let stream = AudioStream::open(source, tower.rate()).map_err(Into::into);
        let embedding = stream.and_then(|mut stream| Ok(tower.encode(&mut stream)?.embedding));
        heard(i, &embedding);
        embedding
    };
    recordings.par_iter().enumerate().map(hear).collect()
}

/// The cosine of each of `candidates` [N] to the embedding of its recording [N], in the space of `tower`: NaN where that
/// is `None`. The corpus score is the mean of the others.
///
/// # Errors
/// Where the tower finds no embedding for a caption.
pub fn clap_sim(
    tower: &dyn TextTower,
    candidates: &[String],
    recordings: &[Option<Embedding>],
    progress: Progress,
) -> Result<Scores> {
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let texts = tower.embed(&candidates, progress)?;
    let cosine = |(recording, text): (&Option<Embedding>, &[f32])| {
        recording.as_ref().map_or(f64::NAN, |recording| {
            f64::from(dot(recording.as_slice(), text))
        })
    };
    let cosines = recordings.iter().zip(texts.rows()).map(cosine);
    Ok(Scores::mean_of(cosines.collect()))
}
