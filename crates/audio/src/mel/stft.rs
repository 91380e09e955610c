//! Spectra: frames of samples [frame] -> magnitudes or powers [n_fft / 2 + 1].

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// The spectrum of one frame at a time: [frame] samples -> [n_fft / 2 + 1] magnitudes or powers.
///
/// It is computed in f64: the logarithm that follows shows bands 80 dB below the loudest one, where the rounding of
/// an f32 transform is 1e-4.
#[derive(Clone)]
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
        self.transform(frame);
        for (m, z) in magnitudes.iter_mut().zip(&self.spectrum) {
            *m = z.norm_sqr().sqrt() as f32;
        }
    }

    /// Writes |FFT(window * frame)|^2 to `powers` [bins].
    pub fn powers(&mut self, frame: &[f32], powers: &mut [f32]) {
        self.transform(frame);
        for (p, z) in powers.iter_mut().zip(&self.spectrum) {
            *p = z.norm_sqr() as f32;
        }
    }

    fn transform(&mut self, frame: &[f32]) {
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
    }
}

/// The periodic Hann window of `n` samples.
pub fn hann(n: usize) -> Vec<f64> {
    let at = |i: usize| 0.5 - 0.5 * (2.0 * PI * i as f64 / n as f64).cos();
    (0..n).map(at).collect()
}
