//! The inner loops of a search: inner products of one vector with many rows, weights of a softmax, weighted sums.

use crate::activation::exp;
use crate::simd::{vectorise, vectorise_with};

/// Lanes of a running sum: as many as the widest registers have.
const LANES: usize = 16;

/// `out[i] = rows[i] x` for `rows` [n, d] and `x` [d], each product summed in one fixed order.
///
/// # Panics
/// Where the shapes do not fit.
pub fn dots(out: &mut [f32], rows: &[f32], x: &[f32]) {
    assert_eq!(
        rows.len(),
        out.len() * x.len(),
        "rows of the vector's width"
    );
    vectorise_with((out, rows, x), all_dots);
}

#[inline(always)]
fn all_dots((out, rows, x): (&mut [f32], &[f32], &[f32])) {
    for (out, row) in out.iter_mut().zip(rows.chunks_exact(x.len())) {
        let mut lanes = [[0f32; LANES]; 2];
        let (row, row_rest) = row.as_chunks::<{ 2 * LANES }>();
        let (x, x_rest) = x.as_chunks::<{ 2 * LANES }>();
        for (row, x) in row.iter().zip(x) {
            for (half, lanes) in lanes.iter_mut().enumerate() {
                for (l, lane) in lanes.iter_mut().enumerate() {
                    *lane += row[half * LANES + l] * x[half * LANES + l];
                }
            }
        }
        let rest: f32 = row_rest.iter().zip(x_rest).map(|(a, b)| a * b).sum();
        let [low, high] = lanes;
        *out = low.iter().zip(high).map(|(a, b)| a + b).sum::<f32>() + rest;
    }
}

/// `x = exp((x - max) factor)` in place; returns the sum.
pub fn weigh(x: &mut [f32], max: f32, factor: f32) -> f64 {
    vectorise(|| x.iter_mut().for_each(|x| *x = exp((*x - max) * factor)));
    x.iter().map(|&x| f64::from(x)).sum()
}

/// `sum += factor x`.
///
/// # Panics
/// Where the lengths differ.
pub fn add_scaled(sum: &mut [f32], factor: f32, x: &[f32]) {
    assert_eq!(sum.len(), x.len(), "vectors of one width");
    vectorise(|| {
        sum.iter_mut()
            .zip(x)
            .for_each(|(sum, x)| *sum += factor * x)
    });
}

/// `out = scale x` for whole numbers `x`.
///
/// # Panics
/// Where the lengths differ.
pub fn widen(out: &mut [f32], scale: f32, x: &[i8]) {
    assert_eq!(out.len(), x.len(), "vectors of one width");
    vectorise(|| {
        out.iter_mut()
            .zip(x)
            .for_each(|(out, x)| *out = f32::from(*x) * scale)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    #[test]
    fn loops_equal_their_definitions() {
        for (n, d) in [(1, 1), (3, 31), (5, 32), (7, 100), (2, 384)] {
            let (rows, x) = (numbers(n * d, 1), numbers(d, 2));
            let mut out = vec![f32::NAN; n];
            dots(&mut out, &rows, &x);
            for (row, out) in rows.chunks_exact(d).zip(&out) {
                let products = row
                    .iter()
                    .zip(&x)
                    .map(|(a, b)| f64::from(*a) * f64::from(*b));
                assert!((products.sum::<f64>() - f64::from(*out)).abs() < 1e-5);
            }
            let mut sum = x.clone();
            add_scaled(&mut sum, -0.5, &rows[..d]);
            assert!(
                sum.iter()
                    .zip(&x)
                    .zip(&rows)
                    .all(|((s, x), r)| *s == x - 0.5 * r)
            );
            let whole: Vec<i8> = x.iter().map(|x| (x * 127.0) as i8).collect();
            widen(&mut sum, 0.25, &whole);
            assert!(
                sum.iter()
                    .zip(&whole)
                    .all(|(s, q)| *s == f32::from(*q) * 0.25)
            );
            let mut weights = x.clone();
            let total = weigh(&mut weights, 1.0, 20.0);
            let wanted = |x: &f32| ((f64::from(*x) - 1.0) * 20.0).exp();
            assert!((total - x.iter().map(wanted).sum::<f64>()).abs() < 1e-5);
            for (weight, x) in weights.iter().zip(&x) {
                assert!((f64::from(*weight) - wanted(x)).abs() < 1e-6);
            }
        }
    }
}
