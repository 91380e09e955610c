//! Frame embeddings: samples -> a unit embedding per window, [T, d]. Where their direction changes, so does the sound.

use crate::error::Result;

/// The embeddings of consecutive windows of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameEmbeddings {
    /// Seconds from one window to the next.
    pub hop: f64,
    /// Seconds per window; the first starts with the recording.
    pub width: f64,
    /// The width `d` of an embedding.
    pub dim: usize,
    /// One unit row per window, [T, d]: the cosine of two rows is their similarity.
    pub rows: Vec<f32>,
}

impl FrameEmbeddings {
    /// Embeds windows of `width` seconds every `hop` seconds of `samples` at `rate` Hz, each by `embed`. There is at least one
    /// window, and every sample is in one.
    ///
    /// # Errors
    /// Those of `embed`.
    pub fn of(
        samples: &[f32],
        rate: u32,
        [width, hop]: [f64; 2],
        mut embed: impl FnMut(&[f32]) -> Result<Vec<f32>>,
    ) -> Result<Self> {
        let count = |seconds: f64| (seconds * f64::from(rate)).round() as usize;
        let windows = 1 + samples
            .len()
            .saturating_sub(count(width))
            .div_ceil(count(hop).max(1));
        let mut rows = Vec::new();
        for t in 0..windows {
            let first = (t * count(hop)).min(samples.len());
            let last = (first + count(width)).min(samples.len());
            rows.extend(embed(&samples[first..last])?);
        }
        Ok(Self {
            hop,
            width,
            dim: rows.len() / windows,
            rows,
        })
    }

    /// The number of windows.
    pub fn len(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// Always false: there is at least one window.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The embedding of window `t`, [d].
    pub fn row(&self, t: usize) -> &[f32] {
        &self.rows[t * self.dim..][..self.dim]
    }
}
