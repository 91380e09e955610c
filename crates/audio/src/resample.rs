//! Mono blocks at one rate -> mono blocks at another: rubato's FFT resampler, its delay trimmed and its tail flushed.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _};

/// About how many samples at the source's rate go through one Fourier transform. The filter is as long, so that its
/// edge is sharp: at 16 kHz from 44.1 kHz the band is whole up to 7.9 kHz.
const CHUNK: usize = 4096;

/// How many samples at rate `from` go through one transform: an even number of the smallest blocks that are whole at
/// both rates, because the delay is half a transform and must be a whole number of samples, too.
fn chunk(from: u32, to: u32) -> usize {
    let smallest = (from / gcd(from, to)) as usize;
    CHUNK.div_ceil(2 * smallest) * 2 * smallest
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The sample rates of recordings, in Hz; outside of it a header is taken for damaged.
pub const RATES: std::ops::RangeInclusive<u32> = 100..=1_000_000;

/// A stream of samples changing its rate. `n` samples in give `round(n * to / from)` samples out, whatever the blocks.
pub struct Resampler {
    /// The rate of what goes in, in Hz.
    pub(super) from: u32,
    /// The rate of what comes out, in Hz.
    pub(super) to: u32,
    /// `None` where the rates are equal: samples pass untouched.
    fft: Option<Fft<f32>>,
    waiting: Vec<f32>,
    to_trim: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A stream from rate `from` to rate `to`, in Hz.
    ///
    /// # Errors
    /// If one of them is not in [`RATES`].
    pub fn new(from: u32, to: u32) -> Result<Self, String> {
        for rate in [from, to] {
            if !RATES.contains(&rate) {
                let (low, high) = (RATES.start(), RATES.end());
                return Err(format!(
                    "has a sample rate of {rate} Hz; {low} to {high} Hz are possible"
                ));
            }
        }
        let fft = match from == to {
            true => None,
            false => Some(
                Fft::new_custom(
                    from as usize,
                    to as usize,
                    chunk(from, to),
                    1,
                    1,
                    rubato::WindowFunction::BlackmanHarris2,
                    FixedSync::Both,
                )
                .map_err(|e| format!("cannot be resampled from {from} to {to} Hz ({e})"))?,
            ),
        };
        Ok(Self {
            from,
            to,
            to_trim: fft.as_ref().map_or(0, |f| f.output_delay()),
            fft,
            waiting: Vec::new(),
            taken: 0,
            given: 0,
        })
    }

    /// How many samples went in so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes a block, gives what is ready.
    ///
    /// # Errors
    /// Never for a stream that was made here: what the resampler says of itself.
    pub fn push(&mut self, block: Vec<f32>) -> Result<Vec<f32>, String> {
        self.taken += block.len() as u64;
        let Some(fft) = &mut self.fft else {
            return Ok(block);
        };
        self.waiting.extend_from_slice(&block);
        let step = fft.input_frames_next();
        let whole = self.waiting.len() / step * step;
        let rest = self.waiting.split_off(whole);
        let ready = std::mem::replace(&mut self.waiting, rest);
        let mut out = Vec::new();
        for chunk in ready.chunks_exact(step) {
            self.process(chunk, &mut out)?;
        }
        self.given += out.len() as u64;
        Ok(out)
    }

    /// Gives the rest: what is still inside, pushed out by silence, cut to the exact length.
    ///
    /// # Errors
    /// As [`Resampler::push`].
    pub fn finish(&mut self) -> Result<Vec<f32>, String> {
        let mut out = Vec::new();
        if self.fft.is_none() {
            return Ok(out);
        }
        let (from, to) = (u128::from(self.from), u128::from(self.to));
        let total = (u128::from(self.taken) * to + from / 2) / from;
        let left = (total as u64).saturating_sub(self.given) as usize;
        let last = std::mem::take(&mut self.waiting);
        self.process(&last, &mut out)?;
        while out.len() < left {
            self.process(&[], &mut out)?;
        }
        out.truncate(left);
        self.given += left as u64;
        Ok(out)
    }

    /// One chunk, shorter ones filled up with silence, through the filter and appended to `out`.
    fn process(&mut self, chunk: &[f32], out: &mut Vec<f32>) -> Result<(), String> {
        let Some(fft) = &mut self.fft else {
            return Ok(());
        };
        let said = |e: &dyn std::fmt::Display| format!("cannot be resampled ({e})");
        let mut analysis = vec![0f32; fft.output_frames_next()];
        let frames = analysis.len();
        let input = SequentialSlice::new(chunk, 1, chunk.len()).map_err(|e| said(&e))?;
        let mut output =
            SequentialSlice::new_mut(&mut analysis, 1, frames).map_err(|e| said(&e))?;
        let indexing = Indexing::new().partial_len(chunk.len());
        let (_, frames) = fft
            .process_into_buffer(&input, &mut output, Some(&indexing))
            .map_err(|e| said(&e))?;
        let trim = self.to_trim.min(frames);
        self.to_trim -= trim;
        out.extend_from_slice(&analysis[trim..frames]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `seconds` of a sine of `hz` at `rate`.
    fn sine(hz: f64, rate: u32, samples: usize) -> Vec<f32> {
        let angle = |n: usize| 2.0 * std::f64::consts::PI * hz * n as f64 / f64::from(rate);
        (0..samples)
            .map(|n| (0.5 * angle(n).sin()) as f32)
            .collect()
    }

    fn resample(x: &[f32], from: u32, to: u32, block: usize) -> Vec<f32> {
        let mut r = Resampler::new(from, to).unwrap();
        let mut y = Vec::new();
        for b in x.chunks(block) {
            y.extend(r.push(b.to_vec()).unwrap());
        }
        y.extend(r.finish().unwrap());
        y
    }

    #[test]
    fn a_sine_stays_the_same_sine_to_80_db() {
        for (from, to, hz) in [
            (44_100, 16_000, 440.0),
            (44_100, 16_000, 7_500.0),
            (48_000, 16_000, 1_000.0),
            (8_000, 16_000, 3_700.0),
            (96_000, 16_000, 6_000.0),
            (44_100, 32_000, 14_000.0),
            (22_050, 48_000, 5_000.0),
            (11_025, 16_000, 5_000.0),
            (44_099, 16_000, 1_000.0),
            (192_000, 44_100, 18_000.0),
        ] {
            let n = 2 * from as usize + 17;
            let y = resample(&sine(hz, from, n), from, to, 1152);
            let length = (n as f64 * f64::from(to) / f64::from(from)).round() as usize;
            assert_eq!(y.len(), length, "{from} -> {to}");
            let exact = sine(hz, to, length);
            let inside = to as usize / 2..length - to as usize / 2;
            let power = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>();
            let signal = power(&mut exact[inside.clone()].iter().map(|&x| f64::from(x)));
            let noise = power(&mut inside.map(|i| f64::from(y[i]) - f64::from(exact[i])));
            let snr = 10.0 * (signal / noise).log10();
            assert!(snr > 80.0, "{from} -> {to}, {hz} Hz: {snr:.1} dB");
        }
    }

    #[test]
    fn what_lies_above_the_new_band_is_gone() {
        let y = resample(&sine(9_000.0, 44_100, 88_200), 44_100, 16_000, 500);
        let loudest = y[4_000..28_000].iter().fold(0f32, |m, x| m.max(x.abs()));
        assert!(loudest < 1e-4, "{loudest}");
    }

    #[test]
    fn the_blocks_do_not_matter_and_equal_rates_pass_untouched() {
        let x = sine(300.0, 44_100, 10_001);
        let whole = resample(&x, 44_100, 16_000, usize::MAX);
        for block in [1, 7, 1152, 4410, 9_999] {
            assert_eq!(resample(&x, 44_100, 16_000, block), whole);
        }
        assert_eq!(resample(&x, 44_100, 44_100, 13), x);
        for n in [0, 1, 2, 3, 44, 4_410] {
            let length = (n as f64 * 160.0 / 441.0).round() as usize;
            assert_eq!(resample(&x[..n], 44_100, 16_000, 5).len(), length);
        }
    }
}
