//! The inner loops of a search: inner products of one vector with many rows, weights of a softmax, weighted sums. Rows are
//! f32, f16 or int8, and widened in registers.

use half::f16;

use crate::activation::exp;
use crate::simd::vectorise;

/// Lanes of a running sum: as many as the widest registers have.
const LANES: usize = 16;

/// Rows that are added up together, so that the sum is read and written once for all of them.
const TOGETHER: usize = 4;

/// A number as rows are kept.
pub trait Number: Copy {
    /// The same number as f32.
    fn wide(self) -> f32;
}

impl Number for f32 {
    #[inline(always)]
    fn wide(self) -> f32 {
        self
    }
}

impl Number for i8 {
    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from(self)
    }
}

/// For finite numbers: the exponent is moved and scaled by 2^112, the difference of the biases, which is right for
/// subnormal ones too, and is code for vectors, unlike the conversion of the crate `half`.
impl Number for f16 {
    #[inline(always)]
    fn wide(self) -> f32 {
        let bits = u32::from(self.to_bits());
        let size = f32::from_bits((bits & 0x7FFF) << 13) * f32::from_bits(0x7780_0000);
        f32::from_bits(size.to_bits() | (bits & 0x8000) << 16)
    }
}

/// `out[i] = rows[i] x` for `rows` [n, d] and `x` [d], each product summed in one fixed order.
///
/// # Panics
/// Where the shapes do not fit.
pub fn dots<T: Number>(out: &mut [f32], rows: &[T], x: &[f32]) {
    assert_eq!(
        rows.len(),
        out.len() * x.len(),
        "rows of the vector's width"
    );
    vectorise(Dots { out, rows, x });
}

/// A loop for [`vectorise`]. No function given to `vectorise_with`: what the compiler wraps around a generic one stays
/// outside of the versions.
struct Dots<'a, T> {
    out: &'a mut [f32],
    rows: &'a [T],
    x: &'a [f32],
}

impl<T: Number> pulp::NullaryFnOnce for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { out, rows, x } = self;
        for (out, row) in out.iter_mut().zip(rows.chunks_exact(x.len())) {
            let (fours, row_rest) = row.as_chunks::<{ 4 * LANES }>();
            let (x, x_rest) = x.as_chunks::<{ 4 * LANES }>();
            let mut sums = [[0f32; LANES]; 4];
            for (row, x) in fours.iter().zip(x) {
                let (row, x) = (row.as_chunks::<LANES>().0, x.as_chunks::<LANES>().0);
                let [a, b, c, d] = sums;
                sums = [
                    plus_product(a, &row[0], &x[0]),
                    plus_product(b, &row[1], &x[1]),
                    plus_product(c, &row[2], &x[2]),
                    plus_product(d, &row[3], &x[3]),
                ];
            }
            let rest: f32 = row_rest.iter().zip(x_rest).map(|(a, b)| a.wide() * b).sum();
            let [a, b, c, d] = sums;
            let lanes: [f32; LANES] = std::array::from_fn(|l| (a[l] + b[l]) + (c[l] + d[l]));
            *out = lanes.iter().sum::<f32>() + rest;
        }
    }
}

/// `sum + a b`, number by number.
#[inline(always)]
fn plus_product<T: Number>(sum: [f32; LANES], a: &[T; LANES], b: &[f32; LANES]) -> [f32; LANES] {
    let a = a.map(T::wide);
    std::array::from_fn(|l| sum[l] + a[l] * b[l])
}

/// `x = exp((x - max) factor)` in place; returns the sum.
pub fn weigh(x: &mut [f32], max: f32, factor: f32) -> f64 {
    vectorise(|| x.iter_mut().for_each(|x| *x = exp((*x - max) * factor)));
    x.iter().map(|&x| f64::from(x)).sum()
}

/// [`weigh`] of each column of `x` [n, B], with `max` [B] and sums added to `total` [B].
///
/// # Panics
/// Where the shapes do not fit.
pub fn weigh_columns(x: &mut [f32], max: &[f32], factor: f32, total: &mut [f64]) {
    assert!(x.len().is_multiple_of(max.len()) && total.len() == max.len());
    vectorise(|| {
        for x in x.chunks_exact_mut(max.len()) {
            for ((x, max), total) in x.iter_mut().zip(max).zip(total.iter_mut()) {
                *x = exp((*x - max) * factor);
                *total += f64::from(*x);
            }
        }
    });
}

/// The largest number of each column of `x` [n, B], and of `so_far` [B], which it replaces.
///
/// # Panics
/// Where the shapes do not fit.
pub fn largest_of_columns(x: &[f32], so_far: &mut [f32]) {
    assert!(x.len().is_multiple_of(so_far.len()));
    vectorise(|| {
        for x in x.chunks_exact(so_far.len()) {
            for (most, x) in so_far.iter_mut().zip(x) {
                *most = if *x > *most { *x } else { *most };
            }
        }
    });
}

/// Whether a number of `x` is above that of `bars` in its place.
///
/// # Panics
/// Where the lengths differ.
#[inline]
pub fn any_above(x: &[f32], bars: &[f32]) -> bool {
    assert_eq!(x.len(), bars.len());
    let above = |any, (x, bar): (&f32, &f32)| any | (x > bar);
    x.iter().zip(bars).fold(false, above)
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

/// `sum[d] += weights[n] rows[n, d]`. Rows whose weights are at most `nothing` may be left out.
///
/// # Panics
/// Where the shapes do not fit.
pub fn add_weighted<T: Number>(sum: &mut [f32], weights: &[f32], rows: &[T], nothing: f32) {
    assert_eq!(
        rows.len(),
        weights.len() * sum.len(),
        "rows of the sum's width"
    );
    vectorise(Weighted {
        sum,
        weights,
        rows,
        nothing,
    });
}

/// As [`Dots`].
struct Weighted<'a, T> {
    sum: &'a mut [f32],
    weights: &'a [f32],
    rows: &'a [T],
    nothing: f32,
}

impl<T: Number> pulp::NullaryFnOnce for Weighted<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            sum,
            weights,
            rows,
            nothing,
        } = self;
        let d = sum.len();
        let (fours, rest) = weights.as_chunks::<TOGETHER>();
        for (weights, rows) in fours.iter().zip(rows.chunks_exact(TOGETHER * d)) {
            if weights.iter().all(|w| *w <= nothing) {
                continue;
            }
            let [a, b, c, e] = std::array::from_fn(|r| &rows[r * d..][..d]);
            let [wa, wb, wc, we] = *weights;
            for ((((sum, a), b), c), e) in sum.iter_mut().zip(a).zip(b).zip(c).zip(e) {
                *sum += (wa * a.wide() + wb * b.wide()) + (wc * c.wide() + we * e.wide());
            }
        }
        let last = rows[fours.len() * TOGETHER * d..].chunks_exact(d);
        for (weight, row) in rest.iter().zip(last) {
            sum.iter_mut()
                .zip(row)
                .for_each(|(sum, x)| *sum += weight * x.wide());
        }
    }
}

/// `out = scale x`.
///
/// # Panics
/// Where the lengths differ.
pub fn widen<T: Number>(out: &mut [f32], scale: f32, x: &[T]) {
    assert_eq!(out.len(), x.len(), "vectors of one width");
    vectorise(|| {
        out.iter_mut()
            .zip(x)
            .for_each(|(out, x)| *out = x.wide() * scale)
    });
}

#[cfg(test)]
mod tests;
