//! FrameEmbeddings: samples -> what is heard from moment to moment, [T, d]; where it turns, the sound changes.

use crate::error::Result;

/// What an audio tower hears in windows of a recording, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameEmbeddings {
    /// Seconds from a window to the next.
    pub hop: f64,
    /// Seconds of a window; the first begins with the recording.
    pub width: f64,
    /// The numbers of a row.
    pub dim: usize,
    /// A unit row a window, [T, d]. The cosine of two rows is how alike they sound.
    pub rows: Vec<f32>,
}

impl FrameEmbeddings {
    /// The course through `windows` of `width` seconds every `hop` of `samples` at `rate`, each as `hear` hears it. There is
    /// at least one, and all samples are in one.
    ///
    /// # Errors
    /// Those of `hear`.
    pub fn of(
        samples: &[f32],
        rate: u32,
        [width, hop]: [f64; 2],
        mut hear: impl FnMut(&[f32]) -> Result<Vec<f32>>,
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
            rows.extend(hear(&samples[first..last])?);
        }
        Ok(Self {
            hop,
            width,
            dim: rows.len() / windows,
            rows,
        })
    }

    /// How many windows there are.
    pub fn len(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// Never: there is at least one window.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Row `t`.
    pub fn row(&self, t: usize) -> &[f32] {
        &self.rows[t * self.dim..][..self.dim]
    }
}
