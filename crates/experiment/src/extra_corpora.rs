//! Training captions in addition to the data set's own: other corpora, and paraphrases -> [`ExtraCorpora`].

use wsac::Result;
use wsac::dataset::read_captions;

use crate::artifact_cache::Key;
use crate::config::Named;

/// Captions of clips [K] that are not in the data set.
#[derive(Debug, Clone, Default)]
pub struct ExtraCorpora {
    /// The captions, clip by clip.
    pub clips: Vec<Vec<String>>,
    /// How often an epoch uses each clip, as [`wsac::train::Job::shares`].
    pub shares: Vec<f64>,
}

impl ExtraCorpora {
    /// Reads the corpora of `strategy`.
    ///
    /// # Errors
    /// As [`read_captions`].
    pub fn read(strategy: &Named) -> Result<Self> {
        let mut extra = Self::default();
        for corpus in &strategy.mix {
            extra.add(
                read_captions(&corpus.file)?.captions_by_clip(),
                corpus.share,
            );
        }
        Ok(extra)
    }

    /// Adds `clips`, each of which an epoch uses `share` times.
    pub fn add(&mut self, clips: impl IntoIterator<Item = Vec<String>>, share: f64) {
        self.clips.extend(clips);
        self.shares.resize(self.clips.len(), share);
    }

    /// `key`, extended by these captions.
    pub fn key(&self, key: Key) -> Key {
        if self.clips.is_empty() {
            return key;
        }
        key.with_clips(&self.clips)
            .with_all(self.shares.iter().map(|share| share.to_le_bytes()))
    }
}
