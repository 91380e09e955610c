//! Retrieval of texts by sounds: sounds [C, d] and the texts of each [C][T, d] -> mean cosine, R@1, R@10.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::memory::Memory;
use wsac_encoders::embedding::{Embedding, Embeddings};

/// How similar sounds are to their own texts, and how often they retrieve them among all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The mean cosine of a sound and its texts.
    pub cosine: f64,
    /// The share of sounds whose nearest text is one of their own.
    pub recall_1: f64,
    /// The share of sounds with one of their own texts among the 10 nearest.
    pub recall_10: f64,
}

impl Figures {
    /// Measures `audio` [C, d] against the texts of each.
    ///
    /// # Errors
    /// If there are no texts.
    pub fn of(audio: &Embeddings, texts: &[&Embeddings]) -> Result<Self> {
        let mut all = Embeddings::empty(audio.dim());
        let mut owners = Vec::new();
        let (mut cosine, mut own) = (0.0, Vec::new());
        for (clip, texts) in texts.iter().enumerate() {
            let sound: Embedding = audio.get(clip);
            let mut sum = 0.0;
            for text in (0..texts.len()).map(|i| texts.get(i)) {
                sum += f64::from(sound.cosine(&text));
                all.push(&text);
                owners.push(clip);
            }
            cosine += sum / texts.len().max(1) as f64;
            own.push(sound);
        }
        let captions = vec![""; owners.len()];
        let memory = Memory::new(&captions, all)?;
        let hits = memory.nearest_batch(audio, 10);
        let found = |most: usize| {
            let finds = |(clip, hits): &(usize, &Vec<crate::memory::Hit>)| {
                hits.iter().take(most).any(|hit| owners[hit.index] == *clip)
            };
            let finds = hits.iter().enumerate().filter(finds).count();
            finds as f64 / hits.len().max(1) as f64
        };
        Ok(Self {
            cosine: cosine / own.len().max(1) as f64,
            recall_1: found(1),
            recall_10: found(10),
        })
    }
}

/// Measurements of a map on the held-out clips, taken when it was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// Number of clips it was learned from.
    pub clips: usize,
    /// Number of clips held out to measure it; the final map is learned from these too.
    pub held_out: usize,
    /// The regularisation strength that was chosen; `None` if there is none.
    pub lambda: Option<f64>,
    /// With the audio embeddings unchanged.
    pub before: Figures,
    /// With their mean moved to the mean of the texts.
    pub shifted: Figures,
    /// With the map.
    pub after: Figures,
}
