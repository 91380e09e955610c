//! Filter banks: a spectrum [bins] -> mel bands [mels].

use std::ops::Range;

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
        Self::of(mels, n_fft / 2 + 1, |m, bin| match bin {
            0 => 0.0,
            bin => weight(m, bin),
        })
    }

    /// Slaney mels (linear below 1 kHz, logarithmic above); triangles that are linear in Hz, each of area 1:
    /// `librosa.filters.mel`, torchlibrosa and Hugging Face's `mel_scale="slaney", norm="slaney"`. Sizes as in
    /// [`MelBank::htk`].
    pub fn slaney(rate: u32, n_fft: usize, mels: usize, low: f64, high: f64) -> Self {
        // 200/3 Hz a mel up to 1 kHz, from there 27 mels to a factor of 6.4.
        const KNEE: f64 = 1000.0;
        const STEP: f64 = 200.0 / 3.0;
        let log_step = 6.4f64.ln() / 27.0;
        let mel = |hz: f64| match hz < KNEE {
            true => hz / STEP,
            false => KNEE / STEP + (hz / KNEE).ln() / log_step,
        };
        let hz = |mel: f64| match mel < KNEE / STEP {
            true => mel * STEP,
            false => KNEE * (log_step * (mel - KNEE / STEP)).exp(),
        };
        let corners = corners(mels, mel(low), mel(high), hz);
        let area = |m: usize| 2.0 / (corners[m + 2] - corners[m]);
        Self::in_hertz(rate, n_fft, &corners, area)
    }

    /// HTK mels, `2595 log10(1 + f / 700)`; triangles that are linear in Hz with a peak of 1: torchaudio and Hugging
    /// Face's `mel_scale="htk", norm=None`. Sizes as in [`MelBank::htk`].
    pub fn htk_in_hertz(rate: u32, n_fft: usize, mels: usize, low: f64, high: f64) -> Self {
        let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
        let hz = |mel: f64| 700.0 * (10f64.powf(mel / 2595.0) - 1.0);
        let corners = corners(mels, mel(low), mel(high), hz);
        Self::in_hertz(rate, n_fft, &corners, |_| 1.0)
    }

    /// The bank that is stored as a `matrix` [bins, mels], row-major.
    pub fn stored(matrix: &[f32], mels: usize) -> Self {
        let weight = |m: usize, bin: usize| matrix[bin * mels + m];
        Self::of(mels, matrix.len() / mels, weight)
    }

    /// Triangles over neighbouring `corners` [mels + 2] in Hz, each `height` high.
    fn in_hertz(rate: u32, n_fft: usize, corners: &[f64], height: impl Fn(usize) -> f64) -> Self {
        Self::of(corners.len() - 2, n_fft / 2 + 1, |m, bin| {
            let hz = bin as f64 * f64::from(rate) / n_fft as f64;
            let rise = (hz - corners[m]) / (corners[m + 1] - corners[m]);
            let fall = (corners[m + 2] - hz) / (corners[m + 2] - corners[m + 1]);
            (height(m) * rise.min(fall).max(0.0)) as f32
        })
    }

    /// A bank by its weights at (band, bin), of which the zeros on either side are left out.
    fn of(mels: usize, bins: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        let band = |m: usize| {
            let covered = |bin: &usize| weight(m, *bin) != 0.0;
            let start = (0..bins).find(covered).unwrap_or(0);
            let end = (0..bins).rev().find(covered).map_or(start, |last| last + 1);
            Band {
                bins: start..end,
                weights: (start..end).map(|bin| weight(m, bin)).collect(),
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

/// The corners in Hz of `mels` overlapping triangles, evenly spread in mels from `low` to `high`: [mels + 2].
fn corners(mels: usize, low: f64, high: f64, hz: impl Fn(f64) -> f64) -> Vec<f64> {
    let step = (high - low) / (mels + 1) as f64;
    (0..mels + 2).map(|i| hz(low + step * i as f64)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use wsac_golden::{assert_close, shared};
    use wsac_tensors::safetensors::Tensors;

    /// Fails where `bank` is not the golden matrix within 1e-6 of its largest weight.
    fn assert_bank(file: &str, name: &str, bank: &MelBank) {
        let Some(path) = shared(&format!("golden/clap/{file}")) else {
            return;
        };
        let bytes = std::fs::read(&path).unwrap();
        let file = Tensors::parse(&path, &bytes).unwrap();
        let golden = file.get(name, &[513, 64]).unwrap();
        let largest = golden.iter().fold(0f32, |m, x| m.max(*x));
        for bank in [bank, &MelBank::stored(&golden, 64)] {
            let mut row = [0.0; 64];
            for (bin, golden) in golden.chunks_exact(64).enumerate() {
                let mut unit = [0.0; 513];
                unit[bin] = 1.0;
                bank.apply(&unit, &mut row);
                assert_close(name, &row, golden, 1e-6 * largest);
            }
        }
    }

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn banks_equal_those_of_librosa_and_torchaudio() {
        let slaney = |rate| MelBank::slaney(rate, 1024, 64, 50.0, 14_000.0);
        let name = "melW_32k_slaney_50_14000";
        assert_bank("frontend_torchlibrosa.safetensors", name, &slaney(32_000));
        let name = "melW_44k1_slaney_50_14000";
        assert_bank("frontend_msclap2022.safetensors", name, &slaney(44_100));
        let name = "mel_slaney_48k_50_14000";
        assert_bank("frontend_hf.safetensors", name, &slaney(48_000));
        let htk = MelBank::htk_in_hertz(48_000, 1024, 64, 50.0, 14_000.0);
        assert_bank("frontend_hf.safetensors", "mel_htk_48k_50_14000", &htk);
    }
}
