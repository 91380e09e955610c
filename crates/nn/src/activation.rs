//! Point-wise non-linearities and their derivatives, over any shape.

use rayon::prelude::*;

use crate::simd::vectorise;

const CHUNK: usize = 1 << 14;
const SQRT_2_OVER_PI: f32 = 0.797_884_6;

/// GELU in its tanh form (GPT-2's `gelu_new`): `0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`.
pub fn gelu_tanh(out: &mut [f32], x: &[f32]) {
    map(out, x, |x| {
        0.5 * x * (1.0 + tanh1(SQRT_2_OVER_PI * (x + 0.044_715 * x * x * x)))
    });
}

/// Gradient of [`gelu_tanh`]: turns `dy` into `dx` in place, given the input `x`.
pub fn gelu_tanh_backward(dy: &mut [f32], x: &[f32]) {
    update(dy, x, |dy, x| {
        let t = tanh1(SQRT_2_OVER_PI * (x + 0.044_715 * x * x * x));
        let inner = SQRT_2_OVER_PI * (1.0 + 3.0 * 0.044_715 * x * x);
        dy * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner)
    });
}

/// GELU in its exact form (BERT's `gelu`): `x Phi(x)`, in place.
pub fn gelu_erf(x: &mut [f32]) {
    x.par_chunks_mut(CHUNK).for_each(|c| {
        vectorise(|| {
            c.iter_mut()
                .for_each(|x| *x = 0.5 * *x * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2)))
        })
    });
}

/// `x = max(x, 0)`, in place.
pub fn relu(x: &mut [f32]) {
    x.iter_mut().for_each(|x| *x = x.max(0.0));
}

/// Hyperbolic tangent, in place.
pub fn tanh(x: &mut [f32]) {
    x.par_chunks_mut(CHUNK)
        .for_each(|c| c.iter_mut().for_each(|x| *x = x.tanh()));
}

/// Gradient of [`tanh`]: turns `dy` into `dx` in place, given the OUTPUT `y`.
pub fn tanh_backward(dy: &mut [f32], y: &[f32]) {
    update(dy, y, |dy, y| dy * (1.0 - y * y));
}

/// The exponential, to 2 units in the last place, in a form that compilers turn into vector code.
/// Arguments below -87 give about 1e-38, above 88 about 1e38.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // x = n ln 2 + r with |r| <= ln 2 / 2; adding and taking away 1.5 * 2^23 rounds to the nearest whole number, and
    // leaves n in the last bits of the sum.
    const MAGIC: f32 = 12_582_912.0;
    let sum = x * std::f32::consts::LOG2_E + MAGIC;
    let n = sum - MAGIC;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_5e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let e = p * r * r + r + 1.0;
    e * f32::from_bits((sum.to_bits() << 23).wrapping_add(127 << 23))
}

/// tanh through [`exp`]: absolute error under 2e-7.
#[inline(always)]
fn tanh1(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// The error function, absolute error under 3e-7 (Abramowitz & Stegun 7.1.26).
#[inline(always)]
fn erf(x: f32) -> f32 {
    let a = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let poly = t
        * (0.254_829_6
            + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
    (1.0 - poly * exp(-a * a)).copysign(x)
}

#[inline(always)]
fn map(out: &mut [f32], x: &[f32], f: impl Fn(f32) -> f32 + Sync) {
    out.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(out, x)| vectorise(|| out.iter_mut().zip(x).for_each(|(o, &x)| *o = f(x))));
}

#[inline(always)]
fn update(dy: &mut [f32], x: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) {
    dy.par_chunks_mut(CHUNK)
        .zip(x.par_chunks(CHUNK))
        .for_each(|(dy, x)| {
            vectorise(|| dy.iter_mut().zip(x).for_each(|(dy, &x)| *dy = f(*dy, x)))
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_gradient;

    #[test]
    fn exp_is_exact_to_two_ulp() {
        for i in -86_999..88_000 {
            let x = i as f32 * 1e-3;
            let want = f64::from(x).exp();
            assert!((f64::from(exp(x)) / want - 1.0).abs() < 2.5e-7, "exp({x})");
        }
    }

    #[test]
    fn known_values() {
        let mut y = [0.0; 3];
        gelu_tanh(&mut y, &[-1.0, 0.5, 3.0]);
        for (got, want) in y.iter().zip([-0.158_81, 0.345_71, 2.996_36]) {
            assert!((got - want).abs() < 5e-6, "{got} {want}");
        }
        let mut y = [-1.0, 0.5, 3.0, -6.0, 0.0];
        gelu_erf(&mut y);
        for (got, want) in
            y.iter()
                .zip([-0.158_655_25, 0.345_731_23, 2.995_950_3, -5.919_526e-9, 0.0])
        {
            assert!((got - want).abs() < 5e-7, "{got} {want}");
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = [-2.5, -1.0, -0.3, 0.0, 0.2, 0.9, 2.2];
        let mut dx = [1.0; 7];
        gelu_tanh_backward(&mut dx, &x);
        let total = |f: fn(&mut [f32], &[f32]), x: &[f32]| {
            let mut y = vec![0.0; x.len()];
            f(&mut y, x);
            y.iter().map(|&v| f64::from(v)).sum::<f64>()
        };
        check_gradient("gelu", &dx, &x, |x| total(gelu_tanh, x));
        let (mut y, mut dx) = (x, [1.0; 7]);
        tanh(&mut y);
        tanh_backward(&mut dx, &y);
        check_gradient("tanh", &dx, &x, |x| {
            total(
                |y, x| {
                    y.copy_from_slice(x);
                    tanh(y);
                },
                x,
            )
        });
    }
}
