//! Named random streams: every number follows from a name and an index, so a run can be repeated or resumed anywhere.
//!
//! A stream is SplitMix64 seeded with the FNV-1a hash of its name; number `i` can be had without the ones before it.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of random numbers that is fixed by its name.
#[derive(Debug, Clone, Copy)]
pub struct Stream(u64);

impl Stream {
    /// The stream called `name`, e.g. `seed0/noise/epoch3`.
    pub fn new(name: &str) -> Self {
        Self(name.bytes().fold(0xCBF2_9CE4_8422_2325, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3)
        }))
    }

    /// Output number `i` (from 0) of the stream: 64 random bits.
    pub fn bits(self, i: u64) -> u64 {
        let z = self.0.wrapping_add(i.wrapping_add(1).wrapping_mul(GOLDEN));
        let z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// Number `i`, uniform in [0, 1), with 24 random bits.
    pub fn uniform(self, i: u64) -> f64 {
        (self.bits(i) >> 40) as f64 / (1u64 << 24) as f64
    }

    /// Number `i`, uniform in [-scale, scale).
    pub fn symmetric(self, i: u64, scale: f64) -> f32 {
        (scale * (2.0 * self.uniform(i) - 1.0)) as f32
    }

    /// Number `i` from the standard normal distribution (Box-Muller over outputs `2i` and `2i + 1`).
    pub fn gauss(self, i: u64) -> f32 {
        let unit = (1u64 << 53) as f64;
        let a = ((self.bits(2 * i) >> 11) + 1) as f64 / unit;
        let b = (self.bits(2 * i + 1) >> 11) as f64 / unit;
        ((-2.0 * a.ln()).sqrt() * (2.0 * std::f64::consts::PI * b).cos()) as f32
    }

    /// The numbers `0..n` in random order (Fisher-Yates).
    pub fn shuffle(self, n: usize) -> Vec<usize> {
        let mut p: Vec<usize> = (0..n).collect();
        for (k, i) in (1..n).rev().enumerate() {
            let j = (self.bits(k as u64) >> 11) as usize % (i + 1);
            p.swap(i, j);
        }
        p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Check values of shared golden/wsac/dev/rng.json.
    #[test]
    fn streams_match_the_golden_generator() {
        let s = Stream::new("");
        assert_eq!(s.bits(0), 0xc381_7c01_6ba4_ff30);
        assert_eq!(s.bits(1), 0x100c_daac_c0bc_9316);
        assert_eq!(s.uniform(0), 0.7636945247650146);
        assert_eq!(s.symmetric(0, 0.02 * 3f64.sqrt()).to_bits(), 0x3c95_a97c);
        assert!((f64::from(s.gauss(0)) - 0.6780442906420212).abs() < 1e-7);
        assert_eq!(s.shuffle(10), [2, 4, 5, 9, 6, 7, 8, 3, 0, 1]);
    }
}
