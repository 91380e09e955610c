//! YAMNet class scores of a whole recording in six views: samples at 16 kHz -> scores [6, T, 521].
//!
//! Memory is bounded: audio is processed 30 s at a time, and of a recording longer than `MOST_ROWS` windows (16
//! minutes) neighbouring windows are merged, repeatedly if need be, each class keeping its higher score.

use crate::error::{Error, Result};
use crate::mini::activity::Activity;
use crate::mini::augment::{AS_IT_IS, VIEWS, Views};
use crate::models::yamnet::{CLASSES, Yamnet};
use wsac_audio::AudioStream;
use wsac_audio::mel::YamnetFrontEnd;

/// Windows of a chunk, 30.24 s: long compared with the 1.2 s of the background estimate, short enough that loudness and
/// background follow the recording.
const CHUNK: usize = 62;

/// Rows kept of each view; an even number, so that they can be merged in pairs.
const MOST_ROWS: usize = 2048;

/// A class's pooled score is the mean over this many windows: a short sound counts, a single outlier does not.
const TOP: usize = 3;

/// The score of each class in each window of each view.
#[derive(Debug, Clone)]
pub struct ClassScores {
    /// For each view [T, 521], each in [0, 1].
    scores: [Vec<f32>; VIEWS],
    /// Windows that are merged in a row.
    stride: usize,
    windows: usize,
    samples: usize,
    audible: bool,
}

impl ClassScores {
    /// Scores all of `sound`. Chunks of digital silence are skipped: their scores are 0.
    ///
    /// # Errors
    /// If `sound` is not at 16 kHz, or fails as in [`AudioStream::next_block`].
    pub fn gather(yamnet: &Yamnet, sound: &mut AudioStream) -> Result<Self> {
        if sound.rate() != YamnetFrontEnd::RATE {
            let (is, wanted) = (sound.rate(), YamnetFrontEnd::RATE);
            return Err(Error::Config(format!(
                "YAMNet listens at {wanted} Hz, not {is} Hz"
            )));
        }
        const WHOLE: usize = YamnetFrontEnd::samples(CHUNK);
        let mut scores = Self::new(std::array::from_fn(|_| Vec::new()));
        let mut views = Views::new();
        let mut activity = Activity::new();
        let mut samples = Vec::new();
        while let Some(block) = sound.next_block()? {
            scores.samples += block.len();
            activity.push(&block);
            samples.extend_from_slice(&block);
            // Waits for another half chunk, so that the last chunk is never tiny.
            while samples.len() >= WHOLE + WHOLE / 2 {
                scores.hear(yamnet, &mut views, &samples[..WHOLE]);
                samples.drain(..CHUNK * YamnetFrontEnd::PATCH_HOP * YamnetFrontEnd::FRAME_HOP);
            }
        }
        scores.hear(yamnet, &mut views, &samples);
        scores.audible = activity.any();
        Ok(scores)
    }

    /// The `scores` [T, 521] of each view, T windows in order.
    pub fn new(scores: [Vec<f32>; VIEWS]) -> Self {
        Self {
            windows: scores[0].len() / CLASSES,
            scores,
            stride: 1,
            samples: 0,
            audible: true,
        }
    }

    fn hear(&mut self, yamnet: &Yamnet, views: &mut Views, samples: &[f32]) {
        if samples.iter().all(|&x| x == 0.0) {
            let silence = vec![0.0; YamnetFrontEnd::covering(samples.len()) * CLASSES];
            return self.push(&std::array::from_fn(|_| silence.as_slice()));
        }
        let scores = views
            .patches(samples)
            .map(|patches| yamnet.scores(&patches));
        self.push(&std::array::from_fn(|l| scores[l].as_slice()));
    }

    /// Adds windows [_, 521] of each view at the end.
    fn push(&mut self, scores: &[&[f32]; VIEWS]) {
        for t in 0..scores[0].len() / CLASSES {
            if self.windows == self.stride * MOST_ROWS {
                self.merge_pairs();
            }
            if self.windows.is_multiple_of(self.stride) {
                let longer = (self.len() + 1) * CLASSES;
                self.scores.iter_mut().for_each(|s| s.resize(longer, 0.0));
            }
            let last = (self.len() - 1) * CLASSES;
            for (rows, scores) in self.scores.iter_mut().zip(scores) {
                raise(&mut rows[last..], &scores[t * CLASSES..][..CLASSES]);
            }
            self.windows += 1;
        }
    }

    fn merge_pairs(&mut self) {
        for rows in &mut self.scores {
            let mut merged = Vec::with_capacity(rows.len() / 2);
            for pair in rows.chunks_exact(2 * CLASSES) {
                let (a, b) = pair.split_at(CLASSES);
                merged.extend_from_slice(a);
                let last = merged.len() - CLASSES;
                raise(&mut merged[last..], b);
            }
            *rows = merged;
        }
        self.stride *= 2;
    }

    /// How many rows T there are: windows, or merged windows.
    pub fn len(&self) -> usize {
        self.scores[0].len() / CLASSES
    }

    /// How many windows are merged in a row; a power of 2.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Seconds of the recording.
    pub fn duration(&self) -> f64 {
        self.samples as f64 / f64::from(YamnetFrontEnd::RATE)
    }

    /// Whether there is more in the recording than silence, a constant offset, dither or a hum below YAMNet's bands. Where
    /// there is not, its scores mean nothing.
    pub fn is_audible(&self) -> bool {
        self.audible
    }

    /// The scores [521] of view `l` in row `t`.
    pub fn row(&self, l: usize, t: usize) -> &[f32] {
        &self.scores[l][t * CLASSES..][..CLASSES]
    }

    /// The rows of view `l` in order, [521] each.
    pub fn rows(&self, l: usize) -> impl ExactSizeIterator<Item = &[f32]> {
        self.scores[l].chunks_exact(CLASSES)
    }

    /// The windows that row `t` is made of: its first and its last.
    pub fn windows(&self, t: usize) -> (usize, usize) {
        (t * self.stride, (t + 1) * self.stride - 1)
    }

    /// The pooled score of each class, [521]: the mean of the 3 highest rows of each view, weighted by `weights`.
    /// The scores of view `l` in row `t` are multiplied by `share(l, t)` first.
    pub fn pooled(&self, weights: &[f32; VIEWS], share: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let rows = TOP.min(self.len()).max(1) as f32;
        let all: f32 = weights.iter().sum();
        let mut pooled = vec![0.0; CLASSES];
        for (l, weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
            let mut highest = vec![[0.0; TOP]; CLASSES];
            for (t, row) in self.rows(l).enumerate() {
                let share = share(l, t);
                for (highest, score) in highest.iter_mut().zip(row) {
                    insert(highest, score * share);
                }
            }
            for (pooled, highest) in pooled.iter_mut().zip(highest) {
                *pooled += weight / all * highest.iter().sum::<f32>() / rows;
            }
        }
        pooled
    }

    /// The score of class `c` in row `t` of the plain audio: the mean of the two speed views.
    pub fn as_it_is(&self, t: usize, c: usize) -> f32 {
        AS_IT_IS.map(|l| self.row(l, t)[c]).sum::<f32>() / AS_IT_IS.len() as f32
    }

    /// The mean of the two highest scores of class `c` in the plain audio.
    pub fn twice(&self, c: usize) -> f32 {
        let mut highest = [0.0; 2];
        (0..self.len()).for_each(|t| insert(&mut highest, self.as_it_is(t, c)));
        highest.iter().sum::<f32>() / self.len().clamp(1, 2) as f32
    }
}

/// Keeps the highest numbers, highest first.
fn insert(highest: &mut [f32], mut x: f32) {
    for slot in highest {
        if x > *slot {
            std::mem::swap(slot, &mut x);
        }
    }
}

fn raise(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a = a.max(*b));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows whose class 3 has these scores, under all views.
    fn evidence(scores: &[f32]) -> ClassScores {
        let mut rows = vec![0.0; scores.len() * CLASSES];
        for (row, score) in rows.chunks_exact_mut(CLASSES).zip(scores) {
            row[3] = *score;
        }
        let mut evidence = ClassScores::new(std::array::from_fn(|_| Vec::new()));
        evidence.push(&std::array::from_fn(|_| rows.as_slice()));
        evidence
    }

    #[test]
    fn the_highest_windows_are_the_evidence() {
        let some = evidence(&[0.1, 0.9, 0.5, 0.7]);
        let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-6, "{a} {b}");
        close(
            some.pooled(&[1.0, 1.0, 1.0, 1.0, 1.0, 0.0], |_, _| 1.0)[3],
            0.7,
        );
        let mask = |_, t| if t == 1 { 0.0 } else { 1.0 };
        close(some.pooled(&[1.0; VIEWS], mask)[3], 1.3 / 3.0);
        close(some.twice(3), 0.8);
        close(evidence(&[0.4]).twice(3), 0.4);
        close(evidence(&[0.4]).pooled(&[1.0; VIEWS], |_, _| 1.0)[3], 0.4);
    }

    #[test]
    fn long_recordings_keep_their_peaks_and_times_in_bounded_memory() {
        let mut scores = vec![0.1; 3 * MOST_ROWS + 5];
        scores[MOST_ROWS + 7] = 0.9;
        let long = evidence(&scores);
        assert_eq!((long.stride, long.windows), (4, scores.len()));
        assert_eq!(long.len(), scores.len().div_ceil(4));
        let loud: Vec<usize> = (0..long.len())
            .filter(|&t| long.row(4, t)[3] == 0.9)
            .collect();
        assert_eq!(loud, [(MOST_ROWS + 7) / 4]);
        assert_eq!(long.windows(loud[0]), (MOST_ROWS + 4, MOST_ROWS + 7));
    }
}
