//! The modality gap in numbers: paired rows of audio and text, `[N, d]` each, row i of one with row i of the other.
//!
//! Three views: how far the centroids are apart, how well a linear classifier tells the two kinds apart on pairs it has
//! not seen (0.5: there is no gap that a plane could find), and how often the partner is among the nearest.

use rayon::prelude::*;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::random::Random;
use plane::row;

mod plane;

/// How far two kinds of embeddings are apart. By convention the first kind is audio, the second text.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gap {
    /// How many pairs.
    pub pairs: usize,
    /// Distance of the two means (Euclidean, in the units of the rows: at most 2 for unit rows).
    pub centroid_distance: f64,
    /// Accuracy of a linear classifier (shrunken Fisher discriminant, 5-fold cross-validation, a pair always in one
    /// fold), 0 to 1. 0.5: no gap; 1: a plane parts them.
    pub separability: f64,
    /// Mean cosine of a pair.
    pub paired_cosine: f64,
    /// Mean cosine of an audio with a text of another pair; 0 where there is but one pair.
    pub unpaired_cosine: f64,
    /// Finding a row's text among all texts, by cosine.
    pub audio_to_text: Recall,
    /// Finding a row's audio among all audios, by cosine.
    pub text_to_audio: Recall,
    /// What guessing would give.
    pub chance: Recall,
}

/// How often the partner is among the nearest, 0 to 1. Ties count as the share of their orders in which it is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Recall {
    /// Among the nearest 1.
    pub at_1: f64,
    /// Among the nearest 10.
    pub at_10: f64,
}

impl Gap {
    /// Measures `audio` against `text`, both `[N, d]`. Equal seeds (they part the folds) give equal bits.
    ///
    /// ```
    /// use wsac_report::gap::Gap;
    /// let audio = [1.0, 0.0, 0.0, 1.0]; // two pairs in two dimensions
    /// let gap = Gap::measure(&audio, &audio, 2, 0)?;
    /// assert_eq!((gap.centroid_distance, gap.separability, gap.audio_to_text.at_1), (0.0, 0.5, 1.0));
    /// # Ok::<(), wsac_report::Error>(())
    /// ```
    pub fn measure(audio: &[f32], text: &[f32], d: usize, seed: u64) -> Result<Self> {
        let pairs = check(audio, text, d)?;
        let (a, t) = (mean(audio, d), mean(text, d));
        let squares = a.iter().zip(&t).map(|(a, t)| (a - t) * (a - t));
        let (audio_unit, text_unit) = (unit(audio, d), unit(text, d));
        let found = Found::search(&audio_unit, &text_unit, d);
        let (a, t) = (mean(&audio_unit, d), mean(&text_unit, d));
        let all = a.iter().zip(&t).map(|(a, t)| a * t).sum::<f64>() * (pairs * pairs) as f64;
        let others = (pairs * (pairs - 1)).max(1) as f64;
        let unpaired = (all - found.paired * pairs as f64) / others;
        let chance = |k: usize| k.min(pairs) as f64 / pairs as f64;
        Ok(Self {
            pairs,
            centroid_distance: squares.sum::<f64>().sqrt(),
            separability: plane::accuracy(
                audio,
                text,
                d,
                &Random::new(seed, "gap/folds").shuffle(pairs),
            ),
            paired_cosine: found.paired,
            unpaired_cosine: if pairs > 1 { unpaired } else { 0.0 },
            audio_to_text: found.audio_to_text,
            text_to_audio: found.text_to_audio,
            chance: Recall {
                at_1: chance(1),
                at_10: chance(10),
            },
        })
    }
}

struct Found {
    paired: f64,
    audio_to_text: Recall,
    text_to_audio: Recall,
}

impl Found {
    /// All cosines once, in blocks of rows: how many are greater than the partner's, and how many equal it.
    fn search(audio: &[f32], text: &[f32], d: usize) -> Self {
        let n = audio.len() / d;
        let own: Vec<f32> = (0..n)
            .into_par_iter()
            .map(|i| dot(row(audio, d, i), row(text, d, i)))
            .collect();
        let rows: Vec<usize> = (0..n).collect();
        // (greater, equal) for each text, and the recalls of the audios, a block.
        let blocks: Vec<(Vec<[u32; 2]>, [f64; 2])> = rows
            .par_chunks(64)
            .map(|block| {
                let mut columns = vec![[0u32; 2]; n];
                let mut recall = [0.0; 2];
                for &i in block {
                    let mut mine = [0u32; 2];
                    for j in (0..n).filter(|&j| j != i) {
                        let s = dot(row(audio, d, i), row(text, d, j));
                        mine[0] += u32::from(s > own[i]);
                        mine[1] += u32::from(s == own[i]);
                        columns[j][0] += u32::from(s > own[j]);
                        columns[j][1] += u32::from(s == own[j]);
                    }
                    recall[0] += hit(mine, 1);
                    recall[1] += hit(mine, 10);
                }
                (columns, recall)
            })
            .collect();
        let mut columns = vec![[0u32; 2]; n];
        let mut forth = [0.0; 2];
        for (counts, recall) in blocks {
            for (sum, count) in columns.iter_mut().zip(counts) {
                sum[0] += count[0];
                sum[1] += count[1];
            }
            forth[0] += recall[0];
            forth[1] += recall[1];
        }
        let share = |x: f64| x / n as f64;
        let back = |k| columns.iter().map(|&c| hit(c, k)).sum::<f64>();
        Self {
            paired: share(own.iter().map(|&s| f64::from(s)).sum()),
            audio_to_text: Recall {
                at_1: share(forth[0]),
                at_10: share(forth[1]),
            },
            text_to_audio: Recall {
                at_1: share(back(1)),
                at_10: share(back(10)),
            },
        }
    }
}

/// The chance to be among the first `k` where `greater` are before and `equal` others share the place.
fn hit([greater, equal]: [u32; 2], k: u32) -> f64 {
    (f64::from(k.saturating_sub(greater)) / f64::from(equal + 1)).min(1.0)
}

fn check(audio: &[f32], text: &[f32], d: usize) -> Result<usize> {
    if d == 0 || audio.is_empty() || audio.len() != text.len() || !audio.len().is_multiple_of(d) {
        return Err(Error::input(format!(
            "the gap needs pairs: as many rows of audio as of text, {d} numbers each; there are {} and {} numbers",
            audio.len(),
            text.len()
        )));
    }
    if let Some(at) = audio.iter().chain(text).position(|x| !x.is_finite()) {
        let (kind, at) = if at < audio.len() {
            ("audio", at)
        } else {
            ("text", at - audio.len())
        };
        return Err(Error::input(format!(
            "row {} of the {kind} embeddings holds something that is not a number",
            at / d
        )));
    }
    Ok(audio.len() / d)
}

/// The mean row, `[d]`.
fn mean(rows: &[f32], d: usize) -> Vec<f64> {
    let mut sum = vec![0.0; d];
    for row in rows.chunks_exact(d) {
        sum.iter_mut()
            .zip(row)
            .for_each(|(s, &x)| *s += f64::from(x));
    }
    let n = (rows.len() / d) as f64;
    sum.iter_mut().for_each(|s| *s /= n);
    sum
}

/// Rows of length 1; a row of zeros stays.
fn unit(rows: &[f32], d: usize) -> Vec<f32> {
    let mut rows = rows.to_vec();
    for row in rows.chunks_exact_mut(d) {
        let length = row
            .iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .sum::<f64>()
            .sqrt();
        if length > 0.0 {
            row.iter_mut()
                .for_each(|x| *x = (f64::from(*x) / length) as f32);
        }
    }
    rows
}

/// Sixteen sums side by side: fast, and always in the same order.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (a16, b16) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a16
        .remainder()
        .iter()
        .zip(b16.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a16.zip(b16) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests;
