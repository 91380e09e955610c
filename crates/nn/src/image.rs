//! Images [h, w, c] with a border of zeros, and 3x3 convolutions of them as matrix products without copies.
//!
//! Rows lie one after the other with one pixel of zeros between them, so that the three pixels under a row of the
//! window are always 3 c neighbouring numbers, at the edges too. A convolution is then, for each of the window's three
//! rows, ONE product of an overlapping view of the image with that row's weights:
//!
//! ```text
//! out[p, o] = sum over ky of  x[3 pixels around p, one row up or down, ..][3 c]  weights[ky][3 c, o]
//! ```
//!
//! Make the longer axis the row: a border then costs next to nothing. In f32, where channels are many and weights are not
//! all that there is to read, `winograd` halves the multiplications.

use rayon::prelude::*;

use crate::matmul::{Mat, Packed, ProductDtype, Right, Store, Windows, matmul};
use crate::simd::vectorise;
use crate::winograd::Winograd;

/// A image [h, w, c], channels side by side, one pixel of zeros before its first and after each of its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    h: usize,
    w: usize,
    c: usize,
    /// [1 + h (w + 1), c].
    numbers: Vec<f32>,
}

impl Image {
    /// A image of zeros.
    pub fn zeros(h: usize, w: usize, c: usize) -> Self {
        Self {
            h,
            w,
            c,
            numbers: vec![0.0; (1 + h * (w + 1)) * c],
        }
    }

    /// Its rows, columns and channels.
    pub fn shape(&self) -> [usize; 3] {
        [self.h, self.w, self.c]
    }

    /// Its rows from the top, [w, c] each, without the border.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        let (stride, inner) = ((self.w + 1) * self.c, self.w * self.c);
        let rows = self.numbers[self.c..].chunks_exact(stride.max(1));
        rows.map(move |row| &row[..inner])
    }

    /// Its rows from the top, [w, c] each, to be written.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let (stride, inner) = ((self.w + 1) * self.c, self.w * self.c);
        let rows = self.numbers[self.c..].chunks_exact_mut(stride.max(1));
        rows.map(move |row| &mut row[..inner])
    }
}

/// What follows a convolution in the same pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// `max(x + bias, 0)`.
    Relu,
    /// That, then the means of 2x2 pixels; an odd last row or column is left out, as PyTorch's `avg_pool2d` does.
    ReluPool,
}

/// The weights of a convolution, as its products want them.
#[derive(Debug, Clone)]
enum Kernels {
    /// [3, 3 c, co]: window row; window column and input channel; output channel.
    Plain(Vec<f32>),
    /// The three rows' weights [3 c, co], and in what.
    Packed(Vec<Packed>, ProductDtype),
    Winograd(Box<Winograd>),
}

/// Fewer channels are no work, and in f32 more weights are read longer than they are multiplied with.
const CHANNELS: usize = 16;
const WEIGHTS: usize = 1 << 20;

/// A 3x3 convolution that keeps a image's size, with a bias: [h, w, c] -> [h, w, co].
#[derive(Debug, Clone)]
pub struct Conv3x3 {
    weights: Kernels,
    bias: Vec<f32>,
    inputs: usize,
}

impl Conv3x3 {
    /// `weight(o, i, y, x)` is the factor of input channel `i` at row `y` and column `x` of the window; `bias` [co].
    pub fn new(
        inputs: usize,
        bias: Vec<f32>,
        weight: impl Fn(usize, usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let outputs = bias.len();
        let mut weights = vec![0.0; 9 * inputs * outputs];
        let taps = weights.par_chunks_mut(outputs.max(1)).enumerate();
        taps.for_each(|(tap, row)| {
            let (place, i) = (tap / inputs, tap % inputs);
            for (o, w) in row.iter_mut().enumerate() {
                *w = weight(o, i, place / 3, place % 3);
            }
        });
        Self {
            weights: Kernels::Plain(weights),
            bias,
            inputs,
        }
    }

    /// The same convolution with its weights laid out for `precision`. One of few input channels stays as it is.
    pub fn in_precision(mut self, precision: ProductDtype) -> Self {
        let (c, co) = (self.inputs, self.outputs());
        let Kernels::Plain(weights) = &self.weights else {
            return self;
        };
        let whole = precision == ProductDtype::F32 || (3 * c).is_multiple_of(32);
        if c >= CHANNELS && whole {
            self.weights = if precision == ProductDtype::F32 && c * co <= WEIGHTS {
                Kernels::Winograd(Box::new(Winograd::new(weights, c, co)))
            } else {
                let row = |ky| Packed::new(row(weights, ky, 3 * c, co), precision);
                Kernels::Packed((0..3).map(row).collect(), precision)
            };
        }
        self
    }

    /// The channels of what comes out.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// `x` [h, w, c] -> [h, w, co], or [h / 2, w / 2, co] after pooling.
    ///
    /// # Panics
    /// Where `x` has another number of channels.
    pub fn forward(&self, x: &Image, after: After) -> Image {
        assert_eq!(x.c, self.inputs, "channels of a convolution");
        let mut out = Image::zeros(x.h, x.w, self.outputs());
        if out.numbers.len() > out.c {
            self.products(&mut out, x);
        }
        match after {
            After::Relu => {
                out.relu(&self.bias);
                out
            }
            After::ReluPool => out.relu_pool(&self.bias),
        }
    }

    /// The sums of products; the border of `out` receives numbers of no meaning.
    fn products(&self, out: &mut Image, x: &Image) {
        let (c, co, stride) = (x.c, out.c, x.w + 1);
        let rows_of = |ky: usize| -> Right {
            match &self.weights {
                Kernels::Packed(rows, _) => (&rows[ky]).into(),
                Kernels::Plain(weights) => row(weights, ky, 3 * c, co).into(),
                Kernels::Winograd(_) => unreachable!("it has no rows"),
            }
        };
        match &self.weights {
            Kernels::Winograd(kernels) => {
                return kernels.sums(&mut out.numbers[co..], &x.numbers, [x.h, x.w]);
            }
            Kernels::Packed(rows, ProductDtype::Bf16) if Windows::usable() => {
                // A row of zeros above and below, so that every pixel has three rows under its window.
                let numbers = Windows::new(stride * c, &x.numbers, stride * c);
                let pixels = (x.h * stride).saturating_sub(1);
                let out = &mut out.numbers[co..][..pixels * co];
                let starts = [0, stride * c, 2 * stride * c];
                return numbers.products(out, c, &starts, rows);
            }
            _ => {}
        }
        // The last zero has no right neighbour; it is no pixel, so its sum is not needed.
        let windows = |rows: std::ops::Range<usize>| {
            let pixels = (rows.len() * stride).saturating_sub(1);
            let from = &x.numbers[rows.start * stride * c..];
            Mat::overlapping(from, pixels, 3 * c, c)
        };
        let h = x.h;
        // Window row 1 lies on the pixel's own row; 0 on the row above (row 0 has none), 2 on the row below.
        let own = windows(0..h);
        let (all, pixels) = (&mut out.numbers[co..], own.rows());
        matmul(&mut all[..pixels * co], own, rows_of(1), Store::Set);
        if h > 1 {
            let (above, below) = (windows(0..h - 1), windows(1..h));
            let n = above.rows() * co;
            matmul(&mut all[stride * co..][..n], above, rows_of(0), Store::Add);
            matmul(&mut all[..n], below, rows_of(2), Store::Add);
        }
    }
}

/// The weights of window row `ky`, [3 c, co].
fn row(weights: &[f32], ky: usize, k: usize, co: usize) -> Mat<'_> {
    Mat::new(&weights[ky * k * co..][..k * co], k, co)
}

impl Image {
    /// `x = max(x + bias, 0)` for its pixels, zeros on its border.
    fn relu(&mut self, bias: &[f32]) {
        let (w, c) = (self.w, self.c);
        let rows = self.numbers[c..].par_chunks_exact_mut((w + 1) * c);
        rows.for_each(|row| {
            let (pixels, border) = row.split_at_mut(w * c);
            border.fill(0.0);
            vectorise(|| {
                for pixel in pixels.chunks_exact_mut(c) {
                    let numbers = pixel.iter_mut().zip(bias);
                    numbers.for_each(|(x, b)| *x = (*x + b).max(0.0));
                }
            });
        });
    }

    /// The means of `max(x + bias, 0)` over 2x2 pixels.
    fn relu_pool(&self, bias: &[f32]) -> Self {
        let (w, c) = (self.w / 2, self.c);
        let mut out = Self::zeros(self.h / 2, w, c);
        let stride = (self.w + 1) * c;
        let pairs = self.numbers[c..].par_chunks_exact(2 * stride);
        let rows = out.numbers[c..].par_chunks_exact_mut((w + 1) * c);
        rows.zip(pairs).for_each(|(row, pair)| {
            let (upper, lower) = pair.split_at(stride);
            vectorise(|| {
                let quads = upper.chunks_exact(2 * c).zip(lower.chunks_exact(2 * c));
                for (pixel, (upper, lower)) in row[..w * c].chunks_exact_mut(c).zip(quads) {
                    let (a, b) = upper.split_at(c);
                    let (d, e) = lower.split_at(c);
                    for i in 0..c {
                        let relu = |x: f32| (x + bias[i]).max(0.0);
                        pixel[i] = 0.25 * (relu(a[i]) + relu(b[i]) + relu(d[i]) + relu(e[i]));
                    }
                }
            });
        });
        out
    }
}

#[cfg(test)]
mod tests;
