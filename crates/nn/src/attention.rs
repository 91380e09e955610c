//! Multi-head scaled dot-product attention over packed sequences, and one step of it over a KV cache.
//!
//! Sequences of different lengths lie one after the other in one [rows, ..] matrix, without padding:
//! sequence `s` owns rows `starts[s]..starts[s + 1]`. A row of `qkv` holds queries, keys and values,
//! `[q(d) | k(d) | v(d)]`, and head `h` owns `d / heads` neighbouring columns of each.

use rayon::prelude::*;

use crate::activation::exp;
use crate::dropout::Dropout;
use crate::simd::{vectorise, vectorise_with};

/// The shape of an attention call.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// Where sequences start, and the end of the last: `sequences + 1` ascending row numbers.
    pub starts: &'a [usize],
    /// The number of heads.
    pub heads: usize,
    /// The width `d` of queries, keys and values.
    pub width: usize,
    /// Whether a row sees only itself and the rows before it.
    pub causal: bool,
}

impl Shape<'_> {
    /// The size of the weights that a forward pass keeps: heads x length^2 for each sequence.
    pub fn weights_len(&self) -> usize {
        self.lengths().map(|n| self.heads * n * n).sum()
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        self.starts.windows(2).map(|w| w[1] - w[0])
    }

    fn scale(&self) -> f32 {
        1.0 / ((self.width / self.heads) as f32).sqrt()
    }

    /// Cuts `data` into one piece a sequence, of `size(length)` numbers each.
    fn split<'d>(
        &self,
        mut data: &'d mut [f32],
        size: impl Fn(usize) -> usize,
    ) -> Vec<&'d mut [f32]> {
        self.lengths()
            .map(|n| {
                let (piece, rest) = std::mem::take(&mut data).split_at_mut(size(n));
                data = rest;
                piece
            })
            .collect()
    }

    /// The position of each sequence's first weight, the counter of its dropout.
    fn weight_offsets(&self) -> Vec<u32> {
        let mut at = 0;
        self.lengths()
            .map(|n| {
                let start = at as u32;
                at += self.heads * n * n;
                start
            })
            .collect()
    }
}

/// `out[rows, d] = softmax(q k^T / sqrt(d / heads)) v`, head by head. `weights` ([`Shape::weights_len`] numbers)
/// receives the softmax for [`attention_backward`]; `dropout` is applied to it on the way to `out`.
pub fn attention(
    out: &mut [f32],
    weights: &mut [f32],
    qkv: &[f32],
    shape: Shape,
    dropout: Dropout,
) {
    let d = shape.width;
    let outs = shape.split(out, |n| n * d);
    let weights = shape.split(weights, |n| shape.heads * n * n);
    let offsets = shape.weight_offsets();
    let each = shape
        .starts
        .par_windows(2)
        .zip(outs)
        .zip(weights)
        .zip(offsets);
    each.for_each(|(((range, out), weights), offset)| {
        let rows = &qkv[range[0] * 3 * d..range[1] * 3 * d];
        let of = Sequence {
            rows,
            shape,
            dropout,
            offset,
        };
        vectorise_with((out, weights, of), forward);
    });
}

/// One sequence of several: its queries, keys and values, and where its weights begin among all.
struct Sequence<'a> {
    /// [n, 3 d].
    rows: &'a [f32],
    shape: Shape<'a>,
    dropout: Dropout,
    offset: u32,
}

impl Sequence<'_> {
    /// What dropout makes of the weight at `place` of this sequence.
    #[inline(always)]
    fn factor(&self, place: usize) -> f32 {
        if self.dropout.p > 0.0 {
            self.dropout.factor(self.offset + place as u32)
        } else {
            1.0
        }
    }
}

/// [`attention`] of one sequence.
#[inline(always)]
fn forward((out, weights, of): (&mut [f32], &mut [f32], Sequence)) {
    let (rows, shape) = (of.rows, of.shape);
    let (d, hd, scale) = (shape.width, shape.width / shape.heads, shape.scale());
    let n = rows.len() / (3 * d);
    out.fill(0.0);
    for h in 0..shape.heads {
        let column = |part: usize, row: usize| &rows[row * 3 * d + part * d + h * hd..][..hd];
        for i in 0..n {
            let seen = if shape.causal { i + 1 } else { n };
            let at = (h * n + i) * n;
            let p = &mut weights[at..at + n];
            for (j, p) in p[..seen].iter_mut().enumerate() {
                *p = scale * dot(column(0, i), column(1, j));
            }
            softmax(&mut p[..seen]);
            p[seen..].fill(0.0);
            let out = &mut out[i * d + h * hd..][..hd];
            for (j, &p) in p[..seen].iter().enumerate() {
                axpy(out, p * of.factor(at + j), column(2, j));
            }
        }
    }
}

/// Gradient of [`attention`]: `dqkv` is replaced; `weights` and `dropout` are those of the forward pass.
pub fn attention_backward(
    dqkv: &mut [f32],
    dout: &[f32],
    qkv: &[f32],
    weights: &[f32],
    shape: Shape,
    dropout: Dropout,
) {
    let d = shape.width;
    let pieces = shape.split(dqkv, |n| n * 3 * d);
    let offsets = shape.weight_offsets();
    shape
        .starts
        .par_windows(2)
        .zip(pieces)
        .zip(offsets)
        .for_each(|((range, dqkv), offset)| {
            let n = range[1] - range[0];
            let rows = &qkv[range[0] * 3 * d..range[1] * 3 * d];
            let dout = &dout[range[0] * d..range[1] * d];
            let weights = &weights[offset as usize..][..shape.heads * n * n];
            let of = Sequence {
                rows,
                shape,
                dropout,
                offset,
            };
            vectorise_with((dqkv, dout, weights, of), backward);
        });
}

/// [`attention_backward`] of one sequence.
#[inline(always)]
fn backward((dqkv, dout, weights, of): (&mut [f32], &[f32], &[f32], Sequence)) {
    let (rows, shape) = (of.rows, of.shape);
    let (d, hd, scale) = (shape.width, shape.width / shape.heads, shape.scale());
    let n = rows.len() / (3 * d);
    dqkv.fill(0.0);
    let mut dp = vec![0.0; n];
    for h in 0..shape.heads {
        let at = |part: usize, row: usize| row * 3 * d + part * d + h * hd;
        for i in 0..n {
            let seen = if shape.causal { i + 1 } else { n };
            let first = (h * n + i) * n;
            let p = &weights[first..first + seen];
            let dout = &dout[i * d + h * hd..][..hd];
            for j in 0..seen {
                let factor = of.factor(first + j);
                dp[j] = factor * dot(dout, &rows[at(2, j)..][..hd]);
                axpy(&mut dqkv[at(2, j)..][..hd], factor * p[j], dout);
            }
            // Softmax: ds_j = p_j (dp_j - sum_k p_k dp_k).
            let mean: f32 = dot(p, &dp[..seen]);
            for j in 0..seen {
                let ds = scale * p[j] * (dp[j] - mean);
                axpy(&mut dqkv[at(0, i)..][..hd], ds, &rows[at(1, j)..][..hd]);
                axpy(&mut dqkv[at(1, j)..][..hd], ds, &rows[at(0, i)..][..hd]);
            }
        }
    }
}

/// One new row's attention over a cache: `out[d]` from `q[d]` and `keys`, `values` [len, d] (its own row included).
pub fn attend_cached(out: &mut [f32], q: &[f32], keys: &[f32], values: &[f32], heads: usize) {
    let (d, hd) = (q.len(), q.len() / heads);
    let scale = 1.0 / (hd as f32).sqrt();
    let mut p = vec![0.0; keys.len() / d];
    vectorise(|| {
        for h in 0..heads {
            let head = h * hd..(h + 1) * hd;
            for (p, key) in p.iter_mut().zip(keys.chunks_exact(d)) {
                *p = scale * dot(&q[head.clone()], &key[head.clone()]);
            }
            softmax(&mut p);
            let out = &mut out[head.clone()];
            out.fill(0.0);
            for (&p, value) in p.iter().zip(values.chunks_exact(d)) {
                axpy(out, p, &value[head.clone()]);
            }
        }
    });
}

/// Softmax in place, the largest entry subtracted first.
#[inline(always)]
pub fn softmax(x: &mut [f32]) {
    let max = largest(x);
    x.iter_mut().for_each(|v| *v = exp(*v - max));
    let total = crate::norm::sum(x.len(), |i| x[i]);
    x.iter_mut().for_each(|v| *v /= total);
}

/// The largest number, found in eight lanes.
#[inline(always)]
pub(crate) fn largest(x: &[f32]) -> f32 {
    let (eights, rest) = x.as_chunks::<8>();
    let mut lanes = [f32::NEG_INFINITY; 8];
    for eight in eights {
        for (lane, x) in lanes.iter_mut().zip(eight) {
            *lane = if *x > *lane { *x } else { *lane };
        }
    }
    let all = lanes.iter().chain(rest);
    all.fold(f32::NEG_INFINITY, |m, &v| m.max(v))
}

/// The inner product of two vectors of the same length, in eight running lanes of fixed order.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8
        .remainder()
        .iter()
        .zip(b8.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a8.zip(b8) {
        for i in 0..8 {
            lanes[i] += x[i] * y[i];
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// `y += a x`.
#[inline(always)]
fn axpy(y: &mut [f32], a: f32, x: &[f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}

#[cfg(test)]
mod tests;
