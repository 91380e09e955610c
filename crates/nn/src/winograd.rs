//! 3x3 convolutions with half the multiplications: Winograd's F(4, 3) along the rows of a image (Lavin and Gray,
//! arXiv 1509.09308, section 4.2).
//!
//! Four neighbouring outputs of a row need six pixels `d` of each of the three rows under the window, and
//!
//! ```text
//! out[4] = A^T  sum over ky and input channels of  (G g[ky]) * (B^T d[ky])          6 products in place of 12
//! [h, w, c] -B^T-> six planes [h + 2, tiles, c] -3 matrix products each-> six planes [h, tiles, co] -A^T-> [h, w, co]
//! ```
//!
//! Rows are taken in strips whose planes stay in the processor's last cache.

use rayon::prelude::*;

use crate::matmul::{Mat, Packed, ProductDtype, Store, matmul};
use crate::simd::vectorise_with;

/// Outputs of a tile, and the pixels it needs.
const TILE: usize = 4;
const PIXELS: usize = 6;
/// Numbers in the planes of a strip: 8 MB.
const STRIP: usize = 1 << 21;

/// What the window's columns become: `G` [6, 3].
const G: [[f64; 3]; PIXELS] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// The transformed weights of a 3x3 convolution.
#[derive(Debug, Clone)]
pub(crate) struct Winograd {
    /// For each plane and each row of the window [c, co].
    weights: [[Packed; 3]; PIXELS],
}

impl Winograd {
    /// `weights` [3 rows, 3 columns, c, co].
    ///
    /// # Panics
    /// Where there are not 9 c co weights.
    pub fn new(weights: &[f32], c: usize, co: usize) -> Self {
        assert_eq!(weights.len(), 9 * c * co, "weights [3, 3, c, co]");
        let plane = |g: [f64; 3], ky: usize| {
            let columns: [&[f32]; 3] =
                std::array::from_fn(|kx| &weights[(ky * 3 + kx) * c * co..][..c * co]);
            let sum = |i: usize| {
                let products = columns.iter().zip(g).map(|(w, g)| f64::from(w[i]) * g);
                products.sum::<f64>() as f32
            };
            let made: Vec<f32> = (0..c * co).into_par_iter().map(sum).collect();
            Packed::new(Mat::new(&made, c, co), ProductDtype::F32)
        };
        Self {
            weights: G.map(|g| std::array::from_fn(|ky| plane(g, ky))),
        }
    }

    /// The convolution of `h` rows of `w` pixels: row `y` of `x` begins, with the zero before it, at pixel `y (w + 1)`,
    /// that of `out` without one. Nothing is written behind a row's pixels.
    ///
    /// # Panics
    /// Where `x` or `out` is shorter than `h` rows.
    pub fn sums(&self, out: &mut [f32], x: &[f32], [h, w]: [usize; 2]) {
        let [c, co] = self.weights[0][0].shape();
        let (stride, tiles) = (w + 1, w.div_ceil(TILE));
        let rows = (STRIP / (PIXELS * tiles * c.max(co)).max(1)).clamp(1, h.max(1));
        let mut planes: [Vec<f32>; PIXELS] = Default::default();
        let mut products: [Vec<f32>; PIXELS] = Default::default();
        for (strip, out) in out.chunks_mut(rows * stride * co).enumerate() {
            let first = strip * rows;
            let count = rows.min(h.saturating_sub(first));
            planes
                .iter_mut()
                .for_each(|plane| plane.resize((count + 2) * tiles * c, 0.0));
            products
                .iter_mut()
                .for_each(|plane| plane.resize(count * tiles * co, 0.0));
            let into = across(&mut planes, tiles * c).into_par_iter().enumerate();
            into.for_each(|(row, to)| {
                // Row 0 of the planes is the one above the strip.
                match (first + row).checked_sub(1).filter(|&y| y < h) {
                    Some(y) => {
                        vectorise_with((to, &x[y * stride * c..][..(w + 2) * c], c), take_apart)
                    }
                    None => to.into_iter().for_each(|row| row.fill(0.0)),
                }
            });
            for ((to, from), weights) in products.iter_mut().zip(&planes).zip(&self.weights) {
                for (ky, weights) in weights.iter().enumerate() {
                    let from = &from[ky * tiles * c..][..count * tiles * c];
                    let store = if ky == 0 { Store::Set } else { Store::Add };
                    matmul(to, Mat::new(from, count * tiles, c), weights, store);
                }
            }
            let rows = out
                .par_chunks_mut(stride * co)
                .zip(across(&mut products, tiles * co));
            rows.for_each(|(row, from)| {
                vectorise_with((&mut row[..w * co], from, co), put_together)
            });
        }
    }
}

/// The rows of all planes, side by side.
fn across(planes: &mut [Vec<f32>; PIXELS], row: usize) -> Vec<[&mut [f32]; PIXELS]> {
    let mut rows = planes
        .each_mut()
        .map(|plane| plane.chunks_exact_mut(row.max(1)));
    let count = rows[0].len();
    let next = |_| rows.each_mut().map(|rows| rows.next().unwrap_or_default());
    (0..count).map(next).collect()
}

/// `B^T d` of each tile of a row: `x` [1 + w + 1, c] with its borders -> six rows [tiles, c].
#[inline(always)]
fn take_apart((to, x, c): ([&mut [f32]; PIXELS], &[f32], usize)) {
    let zeros = vec![0.0; c];
    let [p0, p1, p2, p3, p4, p5] = to.map(|row| row.chunks_exact_mut(c));
    let places = p0.zip(p1).zip(p2).zip(p3).zip(p4).zip(p5);
    for (t, (((((v0, v1), v2), v3), v4), v5)) in places.enumerate() {
        let d: [&[f32]; PIXELS] = std::array::from_fn(|i| {
            x.get((TILE * t + i) * c..(TILE * t + i + 1) * c)
                .unwrap_or(&zeros)
        });
        let d = d.map(|d| &d[..c]);
        let (v0, v1, v2) = (&mut v0[..c], &mut v1[..c], &mut v2[..c]);
        let (v3, v4, v5) = (&mut v3[..c], &mut v4[..c], &mut v5[..c]);
        for i in 0..c {
            let [d0, d1, d2, d3, d4, d5] = d.map(|d| d[i]);
            let (even, odd) = (d4 - 4.0 * d2, d3 - 4.0 * d1);
            let (outer, inner) = (d4 - d2, 2.0 * (d3 - d1));
            v0[i] = 4.0 * d0 - 5.0 * d2 + d4;
            v1[i] = even + odd;
            v2[i] = even - odd;
            v3[i] = outer + inner;
            v4[i] = outer - inner;
            v5[i] = 4.0 * d1 - 5.0 * d3 + d5;
        }
    }
}

/// `A^T m` of each tile of a row: six rows [tiles, co] -> `out` [w, co].
#[inline(always)]
fn put_together((out, from, co): (&mut [f32], [&mut [f32]; PIXELS], usize)) {
    let planes = from.map(|row| &*row);
    for (t, tile) in out.chunks_mut(TILE * co).enumerate() {
        let m = planes.map(|row| &row[t * co..][..co]);
        let mut pixels = tile.chunks_exact_mut(co);
        let mut each = |f: fn([f32; PIXELS]) -> f32| {
            if let Some(pixel) = pixels.next() {
                for i in 0..co {
                    pixel[i] = f(m.map(|m| m[i]));
                }
            }
        };
        each(|[m0, m1, m2, m3, m4, _]| m0 + (m1 + m2) + (m3 + m4));
        each(|[_, m1, m2, m3, m4, _]| (m1 - m2) + 2.0 * (m3 - m4));
        each(|[_, m1, m2, m3, m4, _]| (m1 + m2) + 4.0 * (m3 + m4));
        each(|[_, m1, m2, m3, m4, m5]| (m1 - m2) + 8.0 * (m3 - m4) + m5);
    }
}
