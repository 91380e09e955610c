//! How well sounds find their texts: sounds [C, d] and the texts of each [C][T, d] -> mean cosine, R@1, R@10.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::memory::Memory;
use wsac_encoders::embedding::{Embedding, Embeddings};

/// How near sounds are to their own texts, and whether they find them among all.
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
    /// Where there are no texts.
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

/// What was measured when a map was learned, on the clips held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// Clips it was learned from.
    pub clips: usize,
    /// Clips held out to measure it; in the end it was learned from these too.
    pub held_out: usize,
    /// The strength of regularisation that was chosen; `None` where there is none.
    pub lambda: Option<f64>,
    /// With the sounds as they are.
    pub before: Figures,
    /// With their mean moved to the mean of the texts.
    pub shifted: Figures,
    /// With the map.
    pub after: Figures,
}
