//! YAMNet's front end: samples [n] -> mel frames [F, 64] -> log-mel patches [N, 96, 64].

use super::{MelBank, Stft, hann};

/// YAMNet's front end: 16 kHz samples in [-1, 1] -> mel frames [F, 64] -> patches [N, 96, 64], one every 48 frames.
///
/// Frames are of 400 samples every 160 (10 ms), 512-point magnitudes, 64 bands of 125 to 7500 Hz. They are linear, so
/// that they can be worked on; the logarithm comes with [`YamnetFrontEnd::patches`]. No frame depends on another.
pub struct YamnetFrontEnd {
    stft: Stft,
    bank: MelBank,
    magnitudes: Vec<f32>,
    /// The rate that the samples are taken to have.
    rate: usize,
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
        Self::at_speed(100)
    }

    /// For audio at `percent` of its speed, 80 to 120: its samples are read as sampled at that share
    /// of their rate. Patches begin at the same times as those at full speed, and are longer or shorter accordingly.
    pub fn at_speed(percent: usize) -> Self {
        let rate = Self::RATE as usize * percent / 100;
        let stft = Stft::new(hann(Self::FRAME * percent / 100), Self::N_FFT);
        Self {
            magnitudes: vec![0.0; stft.bins()],
            stft,
            bank: MelBank::htk(rate as u32, Self::N_FFT, Self::MELS, 125.0, 7500.0),
            rate,
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

    /// The frame where patch `t` begins.
    fn begins(&self, t: usize) -> usize {
        let samples = t * Self::PATCH_HOP * Self::RATE as usize;
        (samples + self.rate / 2) / self.rate
    }

    /// The linear mel magnitudes [F, 64] of `samples`, padded with silence so that every one of them is in a patch and
    /// there is at least one.
    pub fn mel(&mut self, samples: &[f32]) -> Vec<f32> {
        let count = self.begins(Self::covering(samples.len()) - 1) + Self::FRAMES;
        let [frame, hop] =
            [Self::FRAME, Self::FRAME_HOP].map(|n| n * self.rate / Self::RATE as usize);
        let mut samples = samples.to_vec();
        samples.resize(frame + (count - 1) * hop, 0.0);
        let mut mel = vec![0.0; count * Self::MELS];
        let frames = samples.windows(frame).step_by(hop);
        for (frame, bands) in frames.zip(mel.chunks_exact_mut(Self::MELS)) {
            self.stft.magnitudes(frame, &mut self.magnitudes);
            self.bank.apply(&self.magnitudes, bands);
        }
        mel
    }

    /// `samples` as the network takes them: [`YamnetFrontEnd::patches`] of [`YamnetFrontEnd::mel`].
    pub fn hear(&mut self, samples: &[f32]) -> Vec<f32> {
        let mel = self.mel(samples);
        self.patches(&mel)
    }

    /// Linear `mel` [F, 64] -> patches [N, 96, 64] of `ln(mel + 0.001)`, what the network takes.
    pub fn patches(&self, mel: &[f32]) -> Vec<f32> {
        let log: Vec<f32> = mel.iter().map(|x| (x + Self::OFFSET).ln()).collect();
        let first = |t| self.begins(t) * Self::MELS;
        let patches = (0..).map_while(|t| log.get(first(t)..first(t) + Self::PATCH));
        patches.flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use wsac_golden::{assert_close, json, numbers, shared};
    use wsac_tensors::safetensors::Tensors;

    fn patches(samples: &[f32]) -> Vec<f32> {
        YamnetFrontEnd::new().hear(samples)
    }

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
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
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn log_mel_equals_the_golden_frames() {
        let Some(golden) = json("golden/yamnet/synthetic.json") else {
            return;
        };
        let patches = patches(&wsac_golden::yamnet_signal());
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
    fn at_another_speed_it_hears_what_that_rate_would_be() {
        // A tone at 95 % of its speed is the tone at 95 % of its pitch, and the patches begin when the others do.
        let tone = |hz: f32| -> Vec<f32> {
            let at = |n: usize| (n as f32 * hz * std::f32::consts::TAU / 16_000.0).sin();
            (0..80_000).map(at).collect()
        };
        let mut slower = YamnetFrontEnd::at_speed(95);
        let mel = slower.mel(&tone(2000.0));
        let usual = YamnetFrontEnd::new().mel(&tone(1900.0));
        for (band, (a, b)) in mel.iter().zip(&usual).take(64).enumerate() {
            assert!((a - b).abs() < 0.03 * b + 0.2, "{band}: {a} {b}");
        }
        for speed in [95, 100, 105] {
            let mut front_end = YamnetFrontEnd::at_speed(speed);
            let mut click = vec![0.0; 80_000];
            click[40_000..40_016].fill(1.0); // 2.5 s: in the patches from 1.92 s and 2.40 s
            let patches = front_end.hear(&click);
            let loud = |patch: &[f32]| patch.iter().any(|&x| x > -1.0);
            let analysis: Vec<usize> = (patches.chunks_exact(YamnetFrontEnd::PATCH).enumerate())
                .filter(|(_, patch)| loud(patch))
                .map(|(t, _)| t)
                .collect();
            assert_eq!(analysis, [4, 5], "{speed}");
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
