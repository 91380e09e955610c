//! Test-time augmentation: samples -> six views of the same audio, linear mel magnitudes [F, 64] each.
//!
//! YAMNet scores what is loudest. Two views play the audio a little slower and a little faster: what is
//! found in both is less likely an accident than what is found once. Each other view attenuates, without removing it,
//! something that masks other sounds, so that what is beside or beneath it can score.

use rayon::prelude::*;

use wsac_audio::mel::YamnetFrontEnd;

const MELS: usize = YamnetFrontEnd::MELS;

/// The number of views.
pub const VIEWS: usize = 6;

/// The two views that change nothing but the speed.
pub const AS_IT_IS: std::ops::Range<usize> = 0..2;

/// Their speeds in percent. Other pairs from 90 to 115 do as well.
const SPEEDS: [usize; 2] = [95, 105];

/// The loudness that a recording is brought to, and the most it is amplified: noise must not become a sound.
const LEVEL: f32 = 0.1;
const QUIETEST: f32 = 1e-4;
const MOST_GAIN: f32 = 30.0;

/// What is steady over 210 ms is a tone, what is smooth over 13 bands is a click or noise.
const STEADY: usize = 10;
const SMOOTH: usize = 6;
/// How much of a tone is left.
const TONE_LEFT: f32 = 0.2;

/// The background is the level of a band at its quieter times: the 0.3-quantile of 1.2 s, taken every 50 ms.
const BACKGROUND: usize = 60;
const BACKGROUND_RANK: usize = 36; // 0.3 * (121 - 1): no interpolation between ranks
const BACKGROUND_STEP: usize = 5;
/// Above this multiple of the background a sound stands out, and is lowered to it, but not further than [`LEAST`].
const STANDS_OUT: f32 = 2.5;
const LEAST: f32 = 0.2;

/// Below this share of the bands (about 1.3 kHz) a sound is low, over about a tenth of them; how much of it is left.
const LOW: f32 = 0.38;
const LOW_SLOPE: f32 = 25.0;
const LOW_LEFT: f32 = 0.12;

/// The front ends of all views.
pub struct Views {
    slower: YamnetFrontEnd,
    faster: YamnetFrontEnd,
    usual: YamnetFrontEnd,
}

impl Views {
    /// Plans the transforms.
    #[allow(clippy::new_without_default)] // As for the front ends.
    pub fn new() -> Self {
        let [slower, faster] = SPEEDS.map(YamnetFrontEnd::at_speed);
        let usual = YamnetFrontEnd::new();
        Self {
            slower,
            faster,
            usual,
        }
    }

    /// The patches [N, 96, 64] of each view to `samples`: slower; faster; at one loudness; with tones attenuated;
    /// with what stands out of the background attenuated; with low sounds attenuated. Patch `n` begins at the same time
    /// in all of them.
    pub fn patches(&mut self, samples: &[f32]) -> [Vec<f32>; VIEWS] {
        let squares: f64 = samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let rms = (squares / samples.len().max(1) as f64).sqrt() as f32;
        let [gain, tones, background, high] =
            discounted(&self.usual.mel(samples), rms).map(|mel| self.usual.patches(&mel));
        [
            self.slower.hear(samples),
            self.faster.hear(samples),
            gain,
            tones,
            background,
            high,
        ]
    }
}

/// `mel` [F, 64] at one loudness; with tones attenuated; with what stands out of the background attenuated; with low
/// sounds attenuated. `rms` is the root of the mean square of the samples. F is more than 60, as a patch is.
pub fn discounted(mel: &[f32], rms: f32) -> [Vec<f32>; 4] {
    let gain = (LEVEL / rms.max(QUIETEST)).min(MOST_GAIN);
    let (tones, background) = (tones(mel), background(mel));
    let high = high_pass();
    let each = |f: &dyn Fn(usize, f32) -> f32| -> Vec<f32> {
        mel.iter().enumerate().map(|(i, &m)| f(i, m)).collect()
    };
    [
        each(&|_, m| m * gain),
        each(&|i, m| m * (TONE_LEFT + (1.0 - TONE_LEFT) * (1.0 - tones[i]))),
        each(&|i, m| {
            let ceiling = STANDS_OUT * background[i];
            let stands_out = m > ceiling;
            m * if stands_out {
                (ceiling / (m + 1e-9)).max(LEAST)
            } else {
                1.0
            }
        }),
        each(&|i, m| m * high[i % MELS]),
    ]
}

/// How much of each number belongs to a tone, in [0, 1]: [F, 64]. (Harmonic-percussive separation by medians,
/// FitzGerald 2010.)
fn tones(mel: &[f32]) -> Vec<f32> {
    let steady = over_time(mel, |band| {
        let mut out = vec![0.0; band.len()];
        running_rank(band, STEADY, STEADY, edge, &mut out);
        out
    });
    let mut tones = vec![0.0; mel.len()];
    let frames = tones.par_chunks_exact_mut(MELS);
    let frames = frames.zip(
        mel.par_chunks_exact(MELS)
            .zip(steady.par_chunks_exact(MELS)),
    );
    frames.for_each(|(out, (frame, steady))| {
        running_rank(frame, SMOOTH, SMOOTH, edge, out);
        for (x, h) in out.iter_mut().zip(steady) {
            let (h, q) = (h * h, *x * *x);
            *x = h / (h + q + 1e-12);
        }
    });
    tones
}

/// The background level of each band: [F, 64].
fn background(mel: &[f32]) -> Vec<f32> {
    over_time(mel, |band| {
        let mut out = vec![0.0; band.len()];
        running_rank(band, BACKGROUND, BACKGROUND_RANK, reflect, &mut out);
        for held in out.chunks_mut(BACKGROUND_STEP) {
            held.fill(held[0]);
        }
        out
    })
}

/// What is left of each band where low sounds are attenuated: [64].
fn high_pass() -> [f32; MELS] {
    std::array::from_fn(|band| {
        let place = band as f32 / (MELS - 1) as f32;
        LOW_LEFT + (1.0 - LOW_LEFT) / (1.0 + (-(place - LOW) * LOW_SLOPE).exp())
    })
}

/// Each band [F] of `mel` [F, 64] through `f`.
fn over_time(mel: &[f32], f: impl Fn(&[f32]) -> Vec<f32> + Sync) -> Vec<f32> {
    let through = |band| {
        f(&mel
            .iter()
            .skip(band)
            .step_by(MELS)
            .copied()
            .collect::<Vec<f32>>())
    };
    let bands: Vec<Vec<f32>> = (0..MELS).into_par_iter().map(through).collect();
    (0..mel.len()).map(|i| bands[i % MELS][i / MELS]).collect()
}

/// Maps an index outside a line to one inside, given the last index.
type Beyond = fn(isize, isize) -> isize;

/// Writes the value with `rank` others below it among the `2 * radius + 1` around each index of `line`. Where the line
/// has no such index, `beyond` gives the one to use instead.
fn running_rank(line: &[f32], radius: usize, rank: usize, beyond: Beyond, out: &mut [f32]) {
    let at = |place: usize, offset: usize| {
        let place = (place + offset) as isize - radius as isize;
        line[beyond(place, line.len() as isize - 1) as usize]
    };
    let width = 2 * radius + 1;
    let mut sorted: Vec<f32> = (0..width).map(|offset| at(0, offset)).collect();
    sorted.sort_by(f32::total_cmp);
    for (place, out) in out.iter_mut().enumerate() {
        if place > 0 {
            replace(&mut sorted, at(place - 1, 0), at(place, width - 1));
        }
        *out = sorted[rank];
    }
}

/// Replaces `old` by `new` and keeps the order.
fn replace(sorted: &mut [f32], old: f32, new: f32) {
    let from = sorted.partition_point(|&x| x < old);
    let to = sorted.partition_point(|&x| x < new);
    if from < to {
        sorted.copy_within(from + 1..to, from);
        sorted[to - 1] = new;
    } else {
        sorted.copy_within(to..from, to + 1);
        sorted[to] = new;
    }
}

fn edge(place: isize, last: isize) -> isize {
    place.clamp(0, last)
}

fn reflect(place: isize, last: isize) -> isize {
    last - (last - place.abs()).abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::assert_close;
    use wsac_nn::rng::Stream;

    /// The definition: sort every window.
    fn slow_rank(line: &[f32], radius: usize, rank: usize, beyond: Beyond) -> Vec<f32> {
        let window = |i: isize| {
            let places = i - radius as isize..=i + radius as isize;
            let mut window: Vec<f32> = places
                .map(|p| line[beyond(p, line.len() as isize - 1) as usize])
                .collect();
            window.sort_by(f32::total_cmp);
            window[rank]
        };
        (0..line.len() as isize).map(window).collect()
    }

    #[test]
    fn running_ranks_are_those_of_sorted_windows() {
        let stream = Stream::new("ranks");
        // Rounded, so that many numbers are equal.
        let line: Vec<f32> = (0..150)
            .map(|i| (stream.uniform(i) * 20.0).round() as f32)
            .collect();
        let cases: [(usize, usize, Beyond); 3] = [(10, 10, edge), (6, 6, edge), (60, 36, reflect)];
        for (radius, rank, beyond) in cases {
            let mut out = vec![0.0; line.len()];
            running_rank(&line, radius, rank, beyond, &mut out);
            assert_eq!(out, slow_rank(&line, radius, rank, beyond));
        }
    }

    #[test]
    fn each_listening_holds_back_its_own() {
        // A hum in band 5, a hiss in band 60, and a knock over all bands in frame 50.
        let mut mel = vec![0.01; 100 * MELS];
        for frame in mel.chunks_exact_mut(MELS) {
            (frame[5], frame[60]) = (1.0, 1.0);
        }
        mel[50 * MELS..51 * MELS].fill(3.0);
        let [gain, no_tones, quiet, high] = discounted(&mel, 0.01);
        let at = |frame: usize, band: usize| frame * MELS + band;
        assert_close("gain", &[gain[at(0, 5)]], &[10.0], 1e-5);
        assert!(no_tones[at(0, 5)] < 0.21 && no_tones[at(50, 30)] > 2.9);
        assert!(quiet[at(0, 5)] == 1.0 && quiet[at(50, 30)] < 0.7);
        assert!(high[at(0, 5)] < 0.2 && high[at(0, 60)] > 0.99);
        let silent = discounted(&[0.0; 96 * MELS], 0.0);
        assert!(silent.iter().flatten().all(|&x| x == 0.0));
    }
}
