//! Sound as a picture: samples [n] -> mel frames [F, mels] -> log-mel patches [N, 96, 64].
//!
//! The pieces every front end is made of are [`Stft`] (frame -> spectrum) and [`MelBank`] (spectrum -> mel bands);
//! a front end puts them together as its network was trained. [`YamnetFrontEnd`] is YAMNet's (AudioSet, Google).

use std::f64::consts::PI;
use std::ops::Range;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// The magnitude spectrum of one frame at a time: [frame] samples -> [n_fft / 2 + 1] magnitudes.
///
/// It is computed in f64: the logarithm that follows shows bands 80 dB below the loudest one, where the rounding of
/// an f32 transform is 1e-4.
pub struct Stft {
    window: Vec<f64>,
    fft: Arc<dyn RealToComplex<f64>>,
    padded: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl Stft {
    /// Frames are multiplied by `window` and padded with zeros at the end to `n_fft >= window.len()` samples.
    pub fn new(window: Vec<f64>, n_fft: usize) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(n_fft.max(window.len()));
        Self {
            padded: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            window,
            fft,
        }
    }

    /// How many magnitudes a frame has.
    pub fn bins(&self) -> usize {
        self.spectrum.len()
    }

    /// Writes |FFT(window * frame)| to `magnitudes` [bins].
    pub fn magnitudes(&mut self, frame: &[f32], magnitudes: &mut [f32]) {
        let windowed = frame.iter().zip(&self.window);
        let windowed = windowed.map(|(&x, w)| f64::from(x) * w);
        self.padded.fill(0.0);
        self.padded
            .iter_mut()
            .zip(windowed)
            .for_each(|(p, x)| *p = x);
        let done = (self.fft).process_with_scratch(
            &mut self.padded,
            &mut self.spectrum,
            &mut self.scratch,
        );
        debug_assert!(done.is_ok(), "the buffers were made by the transform");
        for (m, z) in magnitudes.iter_mut().zip(&self.spectrum) {
            *m = z.norm_sqr().sqrt() as f32;
        }
    }
}

/// The periodic Hann window of `n` samples.
pub fn hann(n: usize) -> Vec<f64> {
    let at = |i: usize| 0.5 - 0.5 * (2.0 * PI * i as f64 / n as f64).cos();
    (0..n).map(at).collect()
}

/// Overlapping triangles that sum a spectrum [bins] into bands [mels].
#[derive(Debug, Clone)]
pub struct MelBank {
    bands: Vec<Band>,
}

/// One triangle: the bins it covers and their weights.
#[derive(Debug, Clone)]
struct Band {
    bins: Range<usize>,
    weights: Vec<f32>,
}

impl MelBank {
    /// HTK mels, `1127 ln(1 + f / 700)`; triangles that are linear in mel, not normalised, with an empty DC bin:
    /// TensorFlow's `linear_to_mel_weight_matrix`. `low` and `high` are in Hz; the spectrum is of `n_fft` samples at
    /// `rate` Hz.
    pub fn htk(rate: u32, n_fft: usize, mels: usize, low: f64, high: f64) -> Self {
        let mel = |hz: f64| 1127.0 * (1.0 + hz / 700.0).ln();
        let step = (mel(high) - mel(low)) / (mels + 1) as f64;
        let weight = |band: usize, bin: usize| {
            let position = mel(bin as f64 * f64::from(rate) / n_fft as f64);
            let rise = (position - mel(low)) / step - band as f64;
            rise.min(2.0 - rise).max(0.0) as f32
        };
        let band = |m: usize| {
            let covered = |bin: &usize| weight(m, *bin) > 0.0;
            let all = 1..n_fft / 2 + 1;
            let start = all.clone().find(covered).unwrap_or(1);
            let end = all.rev().find(covered).map_or(start, |last| last + 1);
            let weights = (start..end).map(|bin| weight(m, bin)).collect();
            Band {
                bins: start..end,
                weights,
            }
        };
        Self {
            bands: (0..mels).map(band).collect(),
        }
    }

    /// How many bands there are.
    pub fn mels(&self) -> usize {
        self.bands.len()
    }

    /// Writes the weighted sums of `spectrum` [bins] to `out` [mels].
    pub fn apply(&self, spectrum: &[f32], out: &mut [f32]) {
        for (sum, band) in out.iter_mut().zip(&self.bands) {
            let covered = spectrum[band.bins.clone()].iter().zip(&band.weights);
            *sum = covered.map(|(x, w)| x * w).sum();
        }
    }
}

/// YAMNet's ear: 16 kHz samples in [-1, 1] -> mel frames [F, 64] -> patches [N, 96, 64], a new one every 48 frames.
///
/// Frames are of 400 samples every 160 (10 ms), 512-point magnitudes, 64 bands of 125 to 7500 Hz. They are linear, so
/// that they can be worked on; the logarithm comes with [`YamnetFrontEnd::patches`]. No frame depends on another.
pub struct YamnetFrontEnd {
    stft: Stft,
    bank: MelBank,
    magnitudes: Vec<f32>,
}

impl YamnetFrontEnd {
    /// The rate of its samples, in Hz.
    pub const RATE: u32 = 16_000;
    /// Frames of a patch.
    pub const FRAMES: usize = 96;
    /// Mel bands of a frame.
    pub const MELS: usize = 64;
    /// Numbers of a patch.
    pub const PATCH: usize = Self::FRAMES * Self::MELS;
    /// Frames from a patch to the next.
    pub const PATCH_HOP: usize = 48;
    /// Samples from a frame to the next.
    pub const FRAME_HOP: usize = 160;
    /// Seconds from a patch to the next.
    pub const HOP_SECONDS: f64 = 0.48;
    /// Seconds that a patch covers.
    pub const PATCH_SECONDS: f64 = 0.96;

    const FRAME: usize = 400;
    const N_FFT: usize = 512;
    const OFFSET: f32 = 0.001;

    /// Plans its transform.
    #[allow(clippy::new_without_default)] // It plans a transform; that should be seen where it happens.
    pub fn new() -> Self {
        let stft = Stft::new(hann(Self::FRAME), Self::N_FFT);
        Self {
            magnitudes: vec![0.0; stft.bins()],
            stft,
            bank: MelBank::htk(Self::RATE, Self::N_FFT, Self::MELS, 125.0, 7500.0),
        }
    }

    /// How many samples `patches` patches cover.
    pub const fn samples(patches: usize) -> usize {
        let frames = Self::FRAMES + (patches - 1) * Self::PATCH_HOP;
        Self::FRAME + (frames - 1) * Self::FRAME_HOP
    }

    /// How many patches cover `samples` samples; at least one.
    pub const fn covering(samples: usize) -> usize {
        let more = samples.saturating_sub(Self::samples(1));
        1 + more.div_ceil(Self::PATCH_HOP * Self::FRAME_HOP)
    }

    /// The linear mel magnitudes [F, 64] of `samples`, padded with silence so that every one of them is in a patch and
    /// there is at least one.
    pub fn mel(&mut self, samples: &[f32]) -> Vec<f32> {
        let covered = Self::samples(Self::covering(samples.len()));
        let mut samples = samples.to_vec();
        samples.resize(covered, 0.0);
        let count = 1 + (samples.len() - Self::FRAME) / Self::FRAME_HOP;
        let mut mel = vec![0.0; count * Self::MELS];
        let frames = samples.windows(Self::FRAME).step_by(Self::FRAME_HOP);
        for (frame, bands) in frames.zip(mel.chunks_exact_mut(Self::MELS)) {
            self.stft.magnitudes(frame, &mut self.magnitudes);
            self.bank.apply(&self.magnitudes, bands);
        }
        mel
    }

    /// Linear `mel` [F, 64] -> patches [N, 96, 64] of `ln(mel + 0.001)`, what the network takes.
    pub fn patches(mel: &[f32]) -> Vec<f32> {
        let log: Vec<f32> = mel.iter().map(|x| (x + Self::OFFSET).ln()).collect();
        let patches = log.windows(Self::PATCH);
        let patches = patches.step_by(Self::PATCH_HOP * Self::MELS);
        patches.flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::golden::{assert_close, json, numbers, shared};
    use crate::tensors::Tensors;

    fn patches(samples: &[f32]) -> Vec<f32> {
        YamnetFrontEnd::patches(&YamnetFrontEnd::new().mel(samples))
    }

    #[test]
    fn window_and_bank_equal_the_published_front_end() {
        let Some(path) = shared("models/yamnet/yamnet_frontend.safetensors") else {
            return;
        };
        let bytes = std::fs::read(&path).unwrap();
        let file = Tensors::parse(&path, &bytes).unwrap();
        let window = file.get("hann_periodic_400", &[400]).unwrap();
        let ours: Vec<f32> = hann(400).iter().map(|&w| w as f32).collect();
        assert_close("window", &ours, &window, 1e-6);
        let bank = MelBank::htk(16_000, 512, 64, 125.0, 7500.0);
        let golden = file.get("mel_tf_257x64", &[257, 64]).unwrap();
        let mut row = [0.0; 64];
        for (bin, golden) in golden.chunks_exact(64).enumerate() {
            let mut unit = [0.0; 257];
            unit[bin] = 1.0;
            bank.apply(&unit, &mut row);
            assert_close("bank", &row, golden, 1e-6);
        }
    }

    #[test]
    fn log_mel_equals_the_golden_frames() {
        let Some(golden) = json("golden/yamnet/synthetic.json") else {
            return;
        };
        let patches = patches(&crate::golden::yamnet_signal());
        assert_eq!(patches.len() / YamnetFrontEnd::PATCH, 6);
        let frame = |name: &str| numbers(&golden[name]);
        assert_close("frame 0", &patches[..64], &frame("log_mel_frame0"), 1e-4);
        let last = &patches[95 * 64..96 * 64];
        assert_close("frame 95", last, &frame("log_mel_frame95"), 1e-4);
    }

    #[test]
    fn the_end_is_padded_to_whole_hops() {
        for (samples, windows) in [
            (0, 1),
            (16, 1),
            (15_600, 1),
            (15_601, 2),
            (23_280, 2),
            (23_281, 3),
            (80_016, 10),
        ] {
            let x: Vec<f32> = (0..samples).map(|n| (n as f32 * 0.3).sin()).collect();
            let whole = patches(&x);
            assert_eq!(whole.len(), windows * YamnetFrontEnd::PATCH, "{samples}");
        }
    }

    #[test]
    fn later_patches_are_those_of_the_later_samples() {
        let x: Vec<f32> = (0..80_000).map(|n| (n as f32 * 0.3).sin()).collect();
        let hop = YamnetFrontEnd::PATCH_HOP * YamnetFrontEnd::FRAME_HOP;
        let later = patches(&x[3 * hop..]);
        assert!(patches(&x)[3 * YamnetFrontEnd::PATCH..] == later);
    }
}
