//! Dropout whose mask is a function of a seed and the position, so that the backward pass makes it again
//! instead of storing it, and threads cannot change it.

use rayon::prelude::*;

use crate::simd::vectorise;

const CHUNK: usize = 1 << 14;

/// Where one layer's dropout stands: the probability of dropping, and the seed of this layer in this step.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    /// The probability of dropping a number, in [0, 1).
    pub p: f32,
    /// The seed; each layer of each step has its own.
    pub seed: u64,
}

impl Dropout {
    /// No dropout: what evaluation uses.
    pub const NONE: Self = Self { p: 0.0, seed: 0 };

    /// The same rate for another layer of the same step.
    pub fn layer(self, index: u64) -> Self {
        Self {
            seed: (self.seed ^ (index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
                .wrapping_mul(0xBF58_476D_1CE4_E5B9),
            ..self
        }
    }

    /// The factor at `position`: 0 where dropped, 1 / (1 - p) where kept.
    #[inline(always)]
    pub fn factor(self, position: u32) -> f32 {
        let threshold = (self.p * (1u32 << 24) as f32) as u32;
        if hash(position ^ self.seed as u32, (self.seed >> 32) as u32) >> 8 < threshold {
            0.0
        } else {
            1.0 / (1.0 - self.p)
        }
    }

    /// Multiplies `x` by the mask, in place: the forward pass, and the backward pass on the gradient.
    pub fn apply(self, x: &mut [f32]) {
        let chunks = x.par_chunks_mut(CHUNK).enumerate();
        chunks.for_each(|(c, x)| self.apply_from(c * CHUNK, x));
    }

    /// [`Dropout::apply`] to a piece that begins at `position` of the whole.
    pub fn apply_from(self, position: usize, x: &mut [f32]) {
        if self.p > 0.0 {
            let start = position as u32;
            vectorise(|| (start..).zip(x).for_each(|(i, x)| *x *= self.factor(i)));
        }
    }
}

/// 32 well-mixed bits (the multiply-xorshift finaliser of MurmurHash3, keyed).
#[inline(always)]
fn hash(x: u32, key: u32) -> u32 {
    let x = (x ^ x >> 16).wrapping_mul(0x85EB_CA6B) ^ key;
    let x = (x ^ x >> 13).wrapping_mul(0xC2B2_AE35);
    x ^ x >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_the_stated_share_and_keeps_the_mean() {
        let dropout = Dropout { p: 0.1, seed: 7 };
        let mut x = vec![1.0; 200_000];
        dropout.apply(&mut x);
        let dropped = x.iter().filter(|&&v| v == 0.0).count() as f64 / x.len() as f64;
        let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / x.len() as f64;
        assert!((dropped - 0.1).abs() < 0.004, "{dropped}");
        assert!((mean - 1.0).abs() < 0.005, "{mean}");
        let mut other = vec![1.0; 200_000];
        dropout.layer(1).apply(&mut other);
        let both = x
            .iter()
            .zip(&other)
            .filter(|(a, b)| **a == 0.0 && **b == 0.0)
            .count() as f64
            / x.len() as f64;
        assert!(
            (both - 0.01).abs() < 0.002,
            "layers are independent: {both}"
        );
    }
}
