//! A recording in memory, wherever its samples lie: [channels, n] -> mono blocks, without a copy of the whole.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Samples that a block has at most.
const BLOCK: usize = 1 << 16;

/// More channels than this are samples in the wrong order.
const MOST_CHANNELS: usize = 64;

/// Samples whose owner is somewhere else: a vector, a mapped file, an array of another language.
pub type Owner = Arc<dyn AsRef<[f32]> + Send + Sync>;

/// A recording in memory; its clones share the samples.
#[derive(Clone)]
pub struct Samples {
    name: String,
    owner: Owner,
    channels: usize,
    rate: u32,
}

impl Samples {
    /// Samples of `owner`, channel after channel [channels, n], full scale at 1, at `rate` Hz; `name` is what messages call
    /// them.
    ///
    /// # Errors
    /// If there are none, they do not fill the channels, or one is not finite. The rate is checked when they are
    /// read.
    pub fn new(name: impl Into<String>, owner: Owner, channels: usize, rate: u32) -> Result<Self> {
        let name = name.into();
        let all = (*owner).as_ref();
        let reason = if all.is_empty() {
            "holds no sound (0 samples)".to_owned()
        } else if !(1..=MOST_CHANNELS).contains(&channels) || !all.len().is_multiple_of(channels) {
            format!(
                "has {} samples in {channels} channels; give them as [channels, n], with 1 to {MOST_CHANNELS} channels",
                all.len()
            )
        } else if let Some(at) = all.iter().position(|x| !x.is_finite()) {
            format!(
                "has samples that are no finite numbers, the first of them at {at}; set them to 0, or record again"
            )
        } else {
            return Ok(Self {
                name,
                owner,
                channels,
                rate,
            });
        };
        Err(Error::audio(name, reason))
    }

    /// Mono samples that are taken as they are.
    pub(super) fn mono(samples: Vec<f32>, rate: u32) -> Self {
        Self {
            name: "waveform".into(),
            owner: Arc::new(samples),
            channels: 1,
            rate,
        }
    }

    /// What messages call them.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Samples per second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// How many samples each channel has.
    pub fn len(&self) -> usize {
        (*self.owner).as_ref().len() / self.channels
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The mean of the channels from sample `at` on, a block of it; `None` at the end.
    pub(super) fn block(&self, at: usize) -> Option<Vec<f32>> {
        let (all, n) = ((*self.owner).as_ref(), self.len());
        let range = at..n.min(at + BLOCK);
        if range.is_empty() {
            return None;
        }
        let mut sum = all[range.clone()].to_vec();
        for channel in all.chunks_exact(n).skip(1) {
            (sum.iter_mut().zip(&channel[range.clone()])).for_each(|(sum, x)| *sum += x);
        }
        if self.channels > 1 {
            sum.iter_mut().for_each(|x| *x /= self.channels as f32);
        }
        Some(sum)
    }
}

impl fmt::Debug for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Samples")
            .field("name", &self.name)
            .field("channels", &self.channels)
            .field("len", &self.len())
            .field("rate", &self.rate)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn channels_are_averaged_block_by_block() {
        let n = BLOCK + 3;
        let planar: Vec<f32> = (0..2 * n).map(|i| if i < n { 1.0 } else { 0.5 }).collect();
        let samples = Samples::new("array", Arc::new(planar), 2, 16_000).unwrap();
        assert_eq!((samples.len(), samples.channels()), (n, 2));
        assert_eq!(samples.block(0).unwrap(), vec![0.75; BLOCK]);
        assert_eq!(samples.block(BLOCK).unwrap(), [0.75; 3]);
        assert_eq!(samples.block(n), None);
    }

    #[test]
    fn samples_that_are_no_sound_are_refused_with_the_reason() {
        let refused = |samples: Vec<f32>, channels| {
            let made = Samples::new("array", Arc::new(samples), channels, 16_000);
            made.unwrap_err().to_string()
        };
        assert!(refused(vec![], 1).contains("array: holds no sound"));
        assert!(refused(vec![0.0; 65], 65).contains("1 to 64 channels"));
        assert!(refused(vec![0.0; 5], 2).contains("5 samples in 2 channels"));
        assert!(refused(vec![0.0, f32::NAN], 1).contains("the first of them at 1"));
        assert!(refused(vec![f32::INFINITY], 1).contains("no finite numbers"));
    }
}
