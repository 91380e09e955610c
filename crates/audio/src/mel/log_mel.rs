//! CLAP's front end: samples [n] -> log-mel frames [1 + n / hop, 64] in dB.
//!
//! ```text
//! frames of 1024 samples every hop, centred, mirrored at both ends -Hann, FFT-> |.|^2 -mel bank-> 10 log10(max(x, 1e-10))
//! ```
//!
//! As torchlibrosa's `Spectrogram` and `LogmelFilterBank`, and Hugging Face's `ClapFeatureExtractor`.

use rayon::prelude::*;

use super::{MelBank, Stft, hann};

/// Samples of a frame and of its transform.
const FRAME: usize = 1024;
/// Samples before the first and after the last one that a frame sees.
const EDGE: usize = FRAME / 2;
/// Frames computed by one thread at a time.
const BLOCK: usize = 64;
/// Powers below are taken for this: -100 dB.
const FLOOR: f32 = 1e-10;

/// Log-mel frames of any recording. No frame depends on another but for the samples they share.
pub struct LogMel {
    stft: Stft,
    bank: MelBank,
    hop: usize,
}

impl LogMel {
    /// Frames every `hop` samples, seen through `bank`, which is for spectra of 513 bins.
    pub fn new(bank: MelBank, hop: usize) -> Self {
        Self {
            stft: Stft::new(hann(FRAME), FRAME),
            bank,
            hop,
        }
    }

    /// How many bands a frame has.
    pub fn mels(&self) -> usize {
        self.bank.mels()
    }

    /// The frames of `samples` [n] in dB: [1 + n / hop, mels].
    ///
    /// Fewer than 513 samples cannot be mirrored (PyTorch refuses them); silence is added up to that many.
    pub fn frames(&self, samples: &[f32]) -> Vec<f32> {
        let padded = mirrored(samples);
        let mels = self.mels();
        let count = 1 + (padded.len() - FRAME) / self.hop;
        let mut frames = vec![0.0; count * mels];
        let blocks = frames.par_chunks_mut(BLOCK * mels).enumerate();
        blocks.for_each(|(block, frames)| {
            let mut stft = self.stft.clone();
            let mut powers = vec![0.0; stft.bins()];
            for (frame, at) in frames.chunks_exact_mut(mels).zip(block * BLOCK..) {
                stft.powers(&padded[at * self.hop..][..FRAME], &mut powers);
                self.bank.apply(&powers, frame);
                frame.iter_mut().for_each(|x| *x = decibels(*x));
            }
        });
        frames
    }
}

/// `10 log10(max(power, 1e-10))`.
fn decibels(power: f32) -> f32 {
    10.0 * power.max(FLOOR).log10()
}

/// `samples` with [`EDGE`] mirrored ones on either side; the first and the last are not doubled.
fn mirrored(samples: &[f32]) -> Vec<f32> {
    let n = samples.len().max(EDGE + 1);
    let at = |i: usize| samples.get(i).copied().unwrap_or(0.0);
    let before = (1..=EDGE).rev().map(at);
    let after = (1..=EDGE).map(|i| at(n - 1 - i));
    let silence = std::iter::repeat_n(0.0, n - samples.len());
    let middle = samples.iter().copied().chain(silence);
    before.chain(middle).chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wsac_golden::{assert_close, clap_wave, json, numbers};

    /// Compares all golden frames of a model's recordings that are used unchanged; the tolerance is 1e-4 dB.
    fn assert_frames(model: &str, front: &LogMel) {
        let Some(golden) = json(&format!("golden/clap/dev/{model}.json")) else {
            return;
        };
        let rate = golden["sr"].as_u64().expect("a rate") as u32;
        for item in golden["audio"].as_array().expect("a list") {
            let wave = clap_wave(&item["descriptor"], rate);
            let frames = front.frames(&wave);
            let id = &item["descriptor"]["id"];
            assert_eq!(item["frames"], (frames.len() / 64) as u64, "{id}");
            for (at, golden) in item["logmel"]["frames"].as_object().expect("frames") {
                let frame = at.parse::<usize>().expect("a number") * 64;
                let what = format!("{model} {id} frame {at}");
                assert_close(&what, &frames[frame..frame + 64], &numbers(golden), 1e-4);
            }
        }
    }

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn frames_equal_the_golden_ones() {
        let bank = MelBank::slaney(32_000, 1024, 64, 50.0, 14_000.0);
        assert_frames("ase_cnn14_bert", &LogMel::new(bank, 320));
    }

    #[test]
    fn short_clips_have_frames_and_threads_do_not_change_a_bit() {
        let bank = MelBank::slaney(32_000, 1024, 64, 50.0, 14_000.0);
        let front = LogMel::new(bank, 320);
        for n in [0, 1, 100, 512] {
            let frames = front.frames(&vec![0.5; n]);
            assert_eq!(frames.len(), 2 * 64);
            assert!(frames.iter().all(|x| x.is_finite()));
        }
        assert!(front.frames(&[0.0; 5]).iter().all(|&x| x == -100.0));
        assert_eq!(front.frames(&[0.1; 640]).len(), 3 * 64);
        let wave: Vec<f32> = (0..70_000).map(|n| (n as f32 * 0.1).sin()).collect();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a pool").install(|| front.frames(&wave))
        };
        assert!(run(1) == run(3));
    }
}
