//! What a training learns from besides the data set's own captions: other corpora, and paraphrases -> [`Further`].

use wsac::Result;
use wsac::dataset::read_captions;

use crate::config::Named;
use crate::stage::Key;

/// Captions of clips [K] that are no clips of the data set.
#[derive(Debug, Clone, Default)]
pub struct Further {
    /// The captions, clip by clip.
    pub clips: Vec<Vec<String>>,
    /// How often an epoch has each clip, as [`wsac::train::Job::shares`].
    pub shares: Vec<f64>,
}

impl Further {
    /// Reads the corpora of `strategy`.
    ///
    /// # Errors
    /// As [`read_captions`].
    pub fn read(strategy: &Named) -> Result<Self> {
        let mut further = Self::default();
        for corpus in &strategy.mix {
            further.add(
                read_captions(&corpus.file)?.captions_by_clip(),
                corpus.share,
            );
        }
        Ok(further)
    }

    /// Adds `clips`, each of which an epoch has `share` times.
    pub fn add(&mut self, clips: impl IntoIterator<Item = Vec<String>>, share: f64) {
        self.clips.extend(clips);
        self.shares.resize(self.clips.len(), share);
    }

    /// The key of a training that learns from these as well.
    pub fn key(&self, key: Key) -> Key {
        if self.clips.is_empty() {
            return key;
        }
        let key = self.clips.iter().fold(key, |key, clip| key.with_all(clip));
        key.with_all(self.shares.iter().map(|share| share.to_le_bytes()))
    }
}
