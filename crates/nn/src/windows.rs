//! Attention within windows of tokens (Swin): qkv [windows * N, 3 d] -> out [windows * N, d], forward only.
//!
//! ```text
//! out = softmax(q k^T / sqrt(d / heads) + bias[head] + mask[window]) v      each window and head by itself
//! ```

use rayon::prelude::*;

use crate::attention::softmax;
use crate::simd::vectorise;

/// Queries that are answered together, and columns of their answers, so that sums stay in registers.
const ROWS: usize = 4;
const LANES: usize = 8;

/// What an attention within windows needs besides its queries, keys and values.
#[derive(Debug, Clone, Copy)]
pub struct Windows<'a> {
    /// The width `d` of queries, keys and values.
    pub width: usize,
    /// The number of heads; head `h` owns `d / heads` neighbouring columns of each.
    pub heads: usize,
    /// Added to the products of a head: [heads, N, N].
    pub bias: &'a [f32],
    /// Added to the products of a window, where some of its tokens do not belong together: [windows, N, N].
    pub mask: Option<&'a [f32]>,
}

/// Attention within windows of `N` tokens, a multiple of 8. A row of `qkv` is `[q(d) | k(d) | v(d)]`.
///
/// # Panics
/// Where the shapes do not fit.
pub fn window_attention<const N: usize>(out: &mut [f32], qkv: &[f32], at: Windows) {
    let (d, heads) = (at.width, at.heads);
    let hd = d / heads;
    let windows = out.len() / (N * d);
    const {
        assert!(
            N.is_multiple_of(ROWS) && N.is_multiple_of(LANES),
            "whole blocks"
        )
    };
    assert_eq!(out.len(), windows * N * d, "whole windows");
    assert_eq!(qkv.len(), 3 * out.len(), "queries, keys and values");
    assert_eq!(at.bias.len(), heads * N * N, "a bias for each head");
    assert!(
        at.mask.is_none_or(|m| m.len() == windows * N * N),
        "a mask for each window"
    );
    // Head by head first, [windows, heads, N, d / heads], so that each piece of work writes neighbouring numbers.
    let mut by_head = vec![0.0; out.len()];
    let pieces = by_head.par_chunks_mut(N * hd).enumerate();
    pieces.for_each(|(piece, out)| {
        let (window, head) = (piece / heads, piece % heads);
        let rows = &qkv[window * N * 3 * d..][..N * 3 * d];
        vectorise(Head::<N> {
            out,
            rows,
            first: head * hd,
            d,
            bias: &at.bias[head * N * N..][..N * N],
            mask: at.mask.map(|mask| &mask[window * N * N..][..N * N]),
        });
    });
    let rows = out.par_chunks_mut(N * d).zip(by_head.par_chunks(N * d));
    rows.for_each(|(out, by_head)| {
        for (head, columns) in by_head.chunks_exact(N * hd).enumerate() {
            for (row, x) in out.chunks_exact_mut(d).zip(columns.chunks_exact(hd)) {
                row[head * hd..][..hd].copy_from_slice(x);
            }
        }
    });
}

/// One head in one window.
struct Head<'a, const N: usize> {
    /// [N, hd].
    out: &'a mut [f32],
    /// Of the window, [N, 3 d].
    rows: &'a [f32],
    /// The head's first column.
    first: usize,
    d: usize,
    /// [N, N].
    bias: &'a [f32],
    /// [N, N].
    mask: Option<&'a [f32]>,
}

impl<const N: usize> pulp::NullaryFnOnce for Head<'_, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            out,
            rows,
            first,
            d,
            bias,
            mask,
        } = self;
        let hd = out.len() / N;
        let scale = 1.0 / (hd as f32).sqrt();
        let column = |part: usize, row: usize| &rows[row * 3 * d + part * d + first..][..hd];
        let mut keys = vec![[0.0; N]; hd]; // turned, so that the products of a query lie side by side
        for j in 0..N {
            for (turned, &k) in keys.iter_mut().zip(column(1, j)) {
                turned[j] = k;
            }
        }
        for (four, out) in out.chunks_exact_mut(ROWS * hd).enumerate() {
            let queries = std::array::from_fn(|r| column(0, four * ROWS + r));
            let mut p = [[0.0; N]; ROWS];
            for first in (0..N).step_by(LANES) {
                let products = sums(queries, |c| lanes(&keys[c][first..]));
                for (p, products) in p.iter_mut().zip(products) {
                    p[first..first + LANES].copy_from_slice(&products);
                }
            }
            for (p, i) in p.iter_mut().zip(four * ROWS..) {
                for (p, b) in p.iter_mut().zip(&bias[i * N..]) {
                    *p = *p * scale + b;
                }
                if let Some(mask) = mask {
                    for (p, m) in p.iter_mut().zip(&mask[i * N..]) {
                        *p += m;
                    }
                }
                softmax(p);
            }
            let p = p.each_ref().map(|p| p.as_slice());
            let whole = hd / LANES * LANES;
            for first in (0..whole).step_by(LANES) {
                let answers = sums(p, |j| lanes(&column(2, j)[first..]));
                for (out, answer) in out.chunks_exact_mut(hd).zip(answers) {
                    out[first..first + LANES].copy_from_slice(&answer);
                }
            }
            for (out, p) in out.chunks_exact_mut(hd).zip(p) {
                for (c, out) in out.iter_mut().enumerate().skip(whole) {
                    *out = (0..N).map(|j| p[j] * column(2, j)[c]).sum();
                }
            }
        }
    }
}

/// The first numbers of `x`.
#[inline(always)]
fn lanes(x: &[f32]) -> &[f32; LANES] {
    x.first_chunk().expect("a whole block of columns")
}

/// `sum over t of a[row][t] b(t)` for four rows, the sums in registers.
#[inline(always)]
fn sums<'a>(a: [&[f32]; ROWS], b: impl Fn(usize) -> &'a [f32; LANES]) -> [[f32; LANES]; ROWS] {
    let add = |sum: [f32; LANES], a: f32, b: &[f32; LANES]| -> [f32; LANES] {
        std::array::from_fn(|i| sum[i] + a * b[i])
    };
    let zero = [0.0; LANES];
    let (mut w, mut x, mut y, mut z) = (zero, zero, zero, zero);
    for (t, (((aw, ax), ay), az)) in (a[0].iter().zip(a[1]).zip(a[2]).zip(a[3])).enumerate() {
        let b = b(t);
        w = add(w, *aw, b);
        x = add(x, *ax, b);
        y = add(y, *ay, b);
        z = add(z, *az, b);
    }
    [w, x, y, z]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    const N: usize = 8;

    fn naive(qkv: &[f32], windows: usize, at: Windows) -> Vec<f64> {
        let (d, hd) = (at.width, at.width / at.heads);
        let number = |row: usize, part: usize, c: usize| f64::from(qkv[row * 3 * d + part * d + c]);
        let mut out = vec![0.0; windows * N * d];
        for (w, h, i) in
            (0..windows * at.heads * N).map(|k| (k / N / at.heads, k / N % at.heads, k % N))
        {
            let mask = |j: usize| at.mask.map_or(0.0, |m| f64::from(m[(w * N + i) * N + j]));
            let score = |j: usize| {
                let product: f64 = (h * hd..(h + 1) * hd)
                    .map(|c| number(w * N + i, 0, c) * number(w * N + j, 1, c))
                    .sum();
                product / (hd as f64).sqrt() + f64::from(at.bias[(h * N + i) * N + j]) + mask(j)
            };
            let p: Vec<f64> = (0..N).map(|j| score(j).exp()).collect();
            let total: f64 = p.iter().sum();
            for c in h * hd..(h + 1) * hd {
                let sum: f64 = (0..N).map(|j| p[j] * number(w * N + j, 2, c)).sum();
                out[(w * N + i) * d + c] = sum / total;
            }
        }
        out
    }

    #[test]
    fn it_equals_its_definition_and_threads_do_not_change_a_bit() {
        for (windows, heads, hd) in [(1, 1, 1), (3, 2, 5), (2, 4, 24), (5, 3, 8)] {
            let (width, tokens) = (heads * hd, windows * N);
            let qkv = numbers(tokens * 3 * width, 1);
            let bias = numbers(heads * N * N, 2);
            let mask: Vec<f32> = (numbers(windows * N * N, 3).iter())
                .map(|x| if *x > 0.5 { -100.0 } else { 0.0 })
                .collect();
            for mask in [None, Some(&mask[..])] {
                let at = Windows {
                    width,
                    heads,
                    bias: &bias,
                    mask,
                };
                let run = |threads| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                    let mut out = vec![0.0; tokens * width];
                    (pool.expect("a pool")).install(|| window_attention::<N>(&mut out, &qkv, at));
                    out
                };
                let out = run(1);
                let wanted = naive(&qkv, windows, at);
                (out.iter().zip(wanted))
                    .for_each(|(a, b)| assert!((f64::from(*a) - b).abs() < 2e-6));
                assert!(out == run(3));
            }
        }
    }
}
