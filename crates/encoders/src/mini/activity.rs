//! Activity: samples as they come -> whether they contain anything that YAMNet can recognise.
//!
//! Its bands begin at 125 Hz. Of a constant offset, the dither of a 16-bit converter or a mains hum it sees numerical
//! residue, yet labels it (speech, music). Frames of 20 ms hold sound where the band above 125 Hz exceeds dither and
//! is not just the filter residue of something lower. The first and the last frame do not count: a constant offset
//! begins and ends with a step.

/// Samples of a frame at 16 kHz.
const FRAME: usize = 320;

/// The power of one step of 16 bits, -90.3 dB of full scale; dither of ±1 step at random has two thirds of it.
const DITHER: f32 = 1.0 / (32_768.0 * 32_768.0);

/// The least share of a frame's power above 125 Hz. Of 60 Hz the filter leaves 0.3 %; of the ESC-10 clips the
/// lowest-pitched has 2 %.
const SHARE: f32 = 0.005;

/// Quality of the two sections of a Butterworth filter of the fourth order.
const SECTIONS: [f64; 2] = [0.541_196_1, 1.306_563];
const CUTOFF: f64 = 125.0 / 16_000.0;

/// Follows a recording at 16 kHz.
#[derive(Debug, Clone)]
pub struct Activity {
    high_pass: [Section; 2],
    /// The first sample, which a constant offset equals.
    offset: Option<f32>,
    /// Samples of the frame that is not full yet, and its power before and after the filter.
    filled: usize,
    power: [f32; 2],
    frames: usize,
    /// Whether the latest whole frame holds sound, and whether one before it does that counts.
    latest: bool,
    any: bool,
}

/// A filter of the second order, in the transposed direct form II.
#[derive(Debug, Clone)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    state: [f64; 2],
}

impl Activity {
    /// Before the first sample.
    pub fn new() -> Self {
        Self {
            high_pass: SECTIONS.map(Section::high_pass),
            offset: None,
            filled: 0,
            power: [0.0; 2],
            frames: 0,
            latest: false,
            any: false,
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, block: &[f32]) {
        for &sample in block {
            let offset = *self.offset.get_or_insert(sample);
            let centred = f64::from(sample - offset);
            let filtered = (self.high_pass.iter_mut()).fold(centred, |x, s| s.apply(x)) as f32;
            self.power[0] += (centred * centred) as f32;
            self.power[1] += filtered * filtered;
            self.filled += 1;
            if self.filled == FRAME {
                self.end_frame();
            }
        }
    }

    fn end_frame(&mut self) {
        let [all, high] = self.power.map(|power| power / FRAME as f32);
        self.any |= self.latest;
        self.latest = self.frames > 0 && high > DITHER && high > SHARE * all;
        self.frames += 1;
        (self.filled, self.power) = (0, [0.0; 2]);
    }

    /// Whether the samples so far contain sound, if they end here.
    pub fn any(&self) -> bool {
        self.any || (self.latest && self.filled > 0)
    }
}

impl Section {
    /// At 125 Hz, of this quality.
    fn high_pass(quality: f64) -> Self {
        let (sin, cos) = (2.0 * std::f64::consts::PI * CUTOFF).sin_cos();
        let alpha = sin / (2.0 * quality);
        let [b, a] = [
            [(1.0 + cos) / 2.0, -1.0 - cos, (1.0 + cos) / 2.0],
            [1.0 + alpha, -2.0 * cos, 1.0 - alpha],
        ];
        Self {
            b: b.map(|x| x / a[0]),
            a: [a[1] / a[0], a[2] / a[0]],
            state: [0.0; 2],
        }
    }

    fn apply(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.state[0];
        self.state = [
            self.b[1] * x - self.a[0] * y + self.state[1],
            self.b[2] * x - self.a[1] * y,
        ];
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wsac_nn::rng::Stream;

    fn active(seconds: f64, sample: impl Fn(usize) -> f32) -> bool {
        let samples: Vec<f32> = (0..(16_000.0 * seconds) as usize).map(sample).collect();
        let (mut whole, mut cut) = (Activity::new(), Activity::new());
        whole.push(&samples);
        samples.chunks(777).for_each(|block| cut.push(block));
        assert_eq!(whole.any(), cut.any());
        whole.any()
    }

    #[test]
    fn offsets_dither_and_mains_hum_are_no_sound() {
        let tone = |hertz: f32, level: f32| {
            move |i: usize| level * (std::f32::consts::TAU * hertz * i as f32 / 16_000.0).sin()
        };
        let random = Stream::new("activity");
        let dither = |i: usize| (random.uniform(i as u64) * 3.0).floor() as f32 - 1.0;
        for seconds in [0.5, 5.0] {
            assert!(!active(seconds, |_| 0.0));
            assert!(!active(seconds, |_| 0.9));
            assert!(!active(seconds, |i| dither(i) / 32_768.0));
            assert!(!active(seconds, |i| 0.3 + dither(i) / 32_768.0));
            assert!(!active(seconds, tone(50.0, 0.5)) && !active(seconds, tone(60.0, 0.9)));
            // Quiet sound, and low sound that has anything above.
            assert!(active(seconds, tone(1000.0, 1e-4)));
            assert!(active(seconds, tone(150.0, 1e-3)));
            assert!(active(seconds, |i| 4.0 * dither(i) / 32_768.0));
            let both = |i| tone(50.0, 0.5)(i) + tone(400.0, 0.1)(i);
            assert!(active(seconds, both));
            // A knock in an hour of silence is as good as one in a second.
            assert!(active(seconds, |i| if i / 320 == 12 {
                dither(i)
            } else {
                0.0
            }));
        }
        // A single sample is never recognised as anything.
        assert!(!active(1.0 / 16_000.0, |_| 0.5));
        assert!(!active(0.03, |i| dither(i) * 0.5));
    }
}
