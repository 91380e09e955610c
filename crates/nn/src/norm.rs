//! Layer normalisation over the last axis, and rows of unit length: [n, d] -> [n, d].

use rayon::prelude::*;

use crate::rows::BLOCK;
use crate::scratch;
use crate::simd::vectorise_with;

/// What the backward pass needs of a row: its mean and 1 / standard deviation.
pub type RowStats = (f32, f32);

/// `out = (x - mean) / sqrt(var + eps) * weight + bias` for each row of `d = weight.len()` numbers (biased variance).
/// `stats` receives one entry a row for [`layer_norm_backward`]; give an empty slice where no gradient is wanted.
pub fn layer_norm(
    out: &mut [f32],
    stats: &mut [RowStats],
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    eps: f32,
) {
    let d = weight.len();
    let keep = !stats.is_empty();
    assert!(
        !keep || stats.len() * d == x.len(),
        "statistics for each row"
    );
    let mut nothing = vec![(0.0, 0.0); if keep { 0 } else { x.len() / d }];
    let stats = if keep { stats } else { &mut nothing[..] };
    out.par_chunks_mut(BLOCK * d)
        .zip(x.par_chunks(BLOCK * d))
        .zip(stats.par_chunks_mut(BLOCK))
        .for_each(|((out, x), stats)| {
            vectorise_with((out, x, stats, (weight, bias, eps)), rows_forward);
        });
}

/// The weight, the bias and the epsilon of a normalisation.
type Affine<'a> = (&'a [f32], &'a [f32], f32);

/// [`layer_norm`] of a block of rows.
#[inline(always)]
fn rows_forward(
    (out, x, stats, (weight, bias, eps)): (&mut [f32], &[f32], &mut [RowStats], Affine),
) {
    let d = weight.len();
    let bias = &bias[..d];
    for ((out, x), stat) in (out.chunks_exact_mut(d).zip(x.chunks_exact(d))).zip(stats) {
        let mean = sum(d, |i| x[i]) / d as f32;
        let var = sum(d, |i| (x[i] - mean) * (x[i] - mean)) / d as f32;
        let rstd = 1.0 / (var + eps).sqrt();
        *stat = (mean, rstd);
        for i in 0..d {
            out[i] = (x[i] - mean) * rstd * weight[i] + bias[i];
        }
    }
}

/// Gradients of [`layer_norm`]: `dx` is added to, so are `dweight` and `dbias`.
pub fn layer_norm_backward(
    dx: &mut [f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
    dy: &[f32],
    x: &[f32],
    stats: &[RowStats],
    weight: &[f32],
) {
    let d = weight.len();
    let blocks = stats.len().div_ceil(BLOCK);
    scratch::zeros(blocks * 2 * d, |parts| {
        let of = (dy.par_chunks(BLOCK * d)).zip(x.par_chunks(BLOCK * d));
        (dx.par_chunks_mut(BLOCK * d))
            .zip(of.zip(stats.par_chunks(BLOCK)))
            .zip(parts.par_chunks_exact_mut(2 * d))
            .for_each(|((dx, ((dy, x), stats)), part)| {
                let (dw, db) = part.split_at_mut(d);
                let of = Rows {
                    dy,
                    x,
                    stats,
                    weight,
                };
                vectorise_with((dx, dw, db, of), rows_backward);
            });
        for part in parts.chunks_exact(2 * d) {
            let (dw, db) = part.split_at(d);
            dweight.iter_mut().zip(dw).for_each(|(s, p)| *s += p);
            dbias.iter_mut().zip(db).for_each(|(s, p)| *s += p);
        }
    });
}

/// What the gradients of a block of rows follow from.
struct Rows<'a> {
    dy: &'a [f32],
    x: &'a [f32],
    stats: &'a [RowStats],
    weight: &'a [f32],
}

/// [`layer_norm_backward`] of a block of rows: adds to `dx` and to the sums `dw` and `db`.
#[inline(always)]
fn rows_backward((dx, dw, db, of): (&mut [f32], &mut [f32], &mut [f32], Rows)) {
    let Rows {
        dy,
        x,
        stats,
        weight,
    } = of;
    let d = weight.len();
    let (dw, db) = (&mut dw[..d], &mut db[..d]);
    let rows = (dx.chunks_exact_mut(d).zip(dy.chunks_exact(d))).zip(x.chunks_exact(d));
    for (((dx, dy), x), &(mean, rstd)) in rows.zip(stats) {
        let g_mean = sum(d, |i| dy[i] * weight[i]) / d as f32;
        let gx_mean = sum(d, |i| dy[i] * weight[i] * ((x[i] - mean) * rstd)) / d as f32;
        for i in 0..d {
            let hat = (x[i] - mean) * rstd;
            dx[i] += (dy[i] * weight[i] - g_mean - hat * gx_mean) * rstd;
            dw[i] += dy[i] * hat;
            db[i] += dy[i];
        }
    }
}

/// The sum of `f(0)..f(n)` in eight running lanes: fast, more exact than one running sum, always in the same order.
#[inline(always)]
pub(crate) fn sum(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0f32; 8];
    let whole = n / 8 * 8;
    for i in (0..whole).step_by(8) {
        for (j, lane) in lanes.iter_mut().enumerate() {
            *lane += f(i + j);
        }
    }
    lanes.iter().sum::<f32>() + (whole..n).map(f).sum::<f32>()
}

/// Scales `v` to unit L2 norm (summed in f64). False, and `v` unchanged, where it has no direction.
pub fn normalize(v: &mut [f32]) -> bool {
    let norm = v
        .iter()
        .map(|&x| f64::from(x) * f64::from(x))
        .sum::<f64>()
        .sqrt();
    if !(norm.is_finite() && norm > 0.0) {
        return false;
    }
    v.iter_mut()
        .for_each(|x| *x = (f64::from(*x) / norm) as f32);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_gradient, numbers};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let (n, d) = (5, 24);
        let (x, w, b, dy) = (
            numbers(n * d, 1),
            numbers(d, 2),
            numbers(d, 3),
            numbers(n * d, 4),
        );
        let loss = |x: &[f32], w: &[f32], b: &[f32]| {
            let mut out = vec![0.0; n * d];
            layer_norm(&mut out, &mut [], x, w, b, 1e-5);
            out.iter()
                .zip(&dy)
                .map(|(o, g)| f64::from(o * g))
                .sum::<f64>()
        };
        let (mut out, mut stats) = (vec![0.0; n * d], vec![(0.0, 0.0); n]);
        layer_norm(&mut out, &mut stats, &x, &w, &b, 1e-5);
        let (mut dx, mut dw, mut db) = (vec![0.0; n * d], vec![0.0; d], vec![0.0; d]);
        layer_norm_backward(&mut dx, &mut dw, &mut db, &dy, &x, &stats, &w);
        check_gradient("x", &dx, &x, |x| loss(x, &w, &b));
        check_gradient("weight", &dw, &w, |w| loss(&x, w, &b));
        check_gradient("bias", &db, &b, |b| loss(&x, &w, b));
    }
}
