//! Which parts of a recording a tower encodes: mono blocks -> windows [up to length], always the same ones.
//!
//! A tower takes a limited number of seconds at once. Other programs crop at random, so that a recording has another
//! embedding every time. Here:
//!
//! ```text
//! first    the first window
//! centre   the window in the middle
//! mean     windows side by side from the start; the last one ends with the recording and so overlaps the one before.
//!          Their unit embeddings are averaged, each weighing as many samples as no window before it had, and the mean
//!          is made a unit again
//! ```
//!
//! A recording no longer than a window is one window in all three ways.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::embedding::Embedding;
use crate::error::{Error, Result};
use wsac_audio::AudioStream;

/// Which windows of a long recording are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Windows {
    /// The first one: fast, and what other programs do when random cropping is off.
    First,
    /// The one in the middle. Half of the recording is held in memory.
    Centre,
    /// All of them, averaged.
    #[default]
    Mean,
}

/// What is known of a recording after all its windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How many samples it has.
    pub samples: u64,
    /// Whether all of them are 0.
    pub silent: bool,
}

impl Windows {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::First, Self::Centre, Self::Mean];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Centre => "centre",
            Self::Mean => "mean",
        }
    }

    /// Calls `each` with every window of `audio`, of `length` samples or all that there are, and how many of them are
    /// fresh. There is at least one window, empty where the recording is.
    ///
    /// # Errors
    /// Where the recording breaks off before its first sample, and what `each` gives.
    pub fn over(
        self,
        audio: &mut AudioStream,
        length: usize,
        mut each: impl FnMut(&[f32], usize) -> Result<()>,
    ) -> Result<Extent> {
        let mut extent = Extent {
            samples: 0,
            silent: true,
        };
        let mut held: Vec<f32> = Vec::new();
        let mut covered = 0; // samples of `held` that an earlier window covered
        let mut dropped = 0;
        while let Some(block) = audio.next_block()? {
            extent.samples += block.len() as u64;
            extent.silent &= block.iter().all(|&x| x == 0.0);
            match self {
                Self::First => {
                    let room = length - held.len();
                    held.extend_from_slice(&block[..block.len().min(room)]);
                }
                Self::Centre => {
                    held.extend_from_slice(&block);
                    let spare = middle(dropped + held.len(), length) - dropped;
                    if spare > held.len() / 4 {
                        held.drain(..spare);
                        dropped += spare;
                    }
                }
                Self::Mean => {
                    held.extend_from_slice(&block);
                    while held.len() - covered > length {
                        each(&held[covered..][..length], length)?;
                        held.drain(..covered);
                        covered = length;
                    }
                }
            }
        }
        let start = match self {
            Self::First => 0,
            Self::Centre => middle(dropped + held.len(), length) - dropped,
            Self::Mean => held.len().saturating_sub(length),
        };
        let window = &held[start..];
        each(&window[..window.len().min(length)], held.len() - covered)?;
        Ok(extent)
    }
}

/// Where the middle window of `n` samples begins.
fn middle(n: usize, length: usize) -> usize {
    n.saturating_sub(length) / 2
}

/// The mean of unit embeddings, each with its weight, normalised again.
#[derive(Debug, Default)]
pub struct Mean {
    first: Option<Embedding>,
    count: usize,
    sum: Vec<f64>,
}

impl Mean {
    /// Adds an embedding that weighs `weight`.
    pub fn add(&mut self, embedding: Embedding, weight: usize) {
        self.sum.resize(embedding.as_slice().len(), 0.0);
        let weighted = embedding
            .as_slice()
            .iter()
            .map(|&x| f64::from(x) * weight as f64);
        self.sum
            .iter_mut()
            .zip(weighted)
            .for_each(|(sum, x)| *sum += x);
        self.first.get_or_insert(embedding);
        self.count += 1;
    }

    /// The mean; a single embedding bit for bit as it is. The first where they cancel out, `None` where there is none.
    pub fn finish(self) -> Option<Embedding> {
        if self.count < 2 {
            return self.first;
        }
        let sum: Vec<f32> = self.sum.iter().map(|&x| x as f32).collect();
        Embedding::new(sum).or(self.first)
    }
}

impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Windows {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|w| w.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                Error::Config(format!("there are no windows {name:?}; known: {known}"))
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use wsac_audio::Waveform;

    /// The windows of a recording whose samples are 1, 2, .. n: first and last sample, and the fresh ones.
    fn windows(how: Windows, n: usize, length: usize) -> Vec<(usize, usize, usize)> {
        let waveform = Waveform {
            samples: (1..=n).map(|x| x as f32).collect(),
            rate: 16_000,
        };
        let mut found = Vec::new();
        let mut audio = AudioStream::from_waveform(&waveform, 16_000).unwrap();
        let extent = how.over(&mut audio, length, |window, fresh| {
            let sample = |x: Option<&f32>| x.map_or(0, |x| *x as usize);
            assert!(window.windows(2).all(|pair| pair[1] == pair[0] + 1.0));
            found.push((sample(window.first()), sample(window.last()), fresh));
            Ok(())
        });
        let wanted = Extent {
            samples: n as u64,
            silent: n == 0,
        };
        assert_eq!(extent.unwrap(), wanted);
        found
    }

    #[test]
    fn windows_cover_a_recording_and_fresh_samples_count_once() {
        for how in Windows::ALL {
            assert_eq!(windows(how, 0, 10), [(0, 0, 0)]);
            assert_eq!(windows(how, 7, 10), [(1, 7, 7)]);
            assert_eq!(windows(how, 10, 10), [(1, 10, 10)]);
            assert_eq!(how.to_string().parse::<Windows>().unwrap(), how);
        }
        assert!("all".parse::<Windows>().is_err());
        assert_eq!(windows(Windows::First, 35, 10)[0].1, 10);
        assert_eq!(windows(Windows::Centre, 35, 10)[0].0, 13);
        let mean = windows(Windows::Mean, 23, 10);
        assert_eq!(mean, [(1, 10, 10), (11, 20, 10), (14, 23, 3)]);
        // Longer than the blocks of a stream.
        let n = 700_001;
        assert_eq!(windows(Windows::First, n, 200_000)[0].1, 200_000);
        assert_eq!(windows(Windows::Centre, n, 200_000)[0].0, 250_001);
        let mean = windows(Windows::Mean, n, 200_000);
        assert_eq!(mean[3], (500_002, n, 100_001));
        assert_eq!(mean.iter().map(|w| w.2).sum::<usize>(), n);
    }

    #[test]
    fn a_mean_weighs_and_a_single_embedding_stays_as_it_is() {
        let unit = |x: f32, y: f32| Embedding::new(vec![x, y]).unwrap();
        let mean = |all: &[(Embedding, usize)]| {
            let mut mean = Mean::default();
            all.iter()
                .for_each(|(e, weight)| mean.add(e.clone(), *weight));
            mean.finish()
        };
        let (a, b) = (unit(1.0, 0.0), unit(0.0, 1.0));
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[(unit(0.3, 0.7), 0)]), Some(unit(0.3, 0.7)));
        assert_eq!(mean(&[(a.clone(), 3), (b, 4)]), Some(unit(3.0, 4.0)));
        assert_eq!(mean(&[(a.clone(), 1), (unit(-1.0, 0.0), 1)]), Some(a));
    }
}
