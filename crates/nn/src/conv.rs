//! 3x3 convolutions of images in NHWC order: x [n, h, w, c] -> out [n, oh, ow, co], forward only.
//!
//! [`conv3x3`] joins few channels into many (a network's first layer); [`depthwise3x3`] filters each channel by
//! itself. A 1x1 convolution is a matrix product over pixels: `matmul::linear`, then [`bias_relu`].
//! Every output number is summed in one fixed order, so neither threads nor vector width change a bit.

use rayon::prelude::*;

/// Channels that are summed side by side, in registers.
const LANES: usize = 16;

/// `wide!(twin = f(name: type, ..))` makes `twin`, which is `f` compiled for 256-bit registers and called where the
/// machine has them. Products and sums stay apart (no FMA), so that every machine finds the same numbers.
macro_rules! wide {
    ($twin:ident = $f:ident($($name:ident: $kind:ty),*)) => {
        fn $twin($($name: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2($($name: $kind),*) {
                    $f($($name),*);
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the machine has AVX2, as was just asked.
                    return unsafe { avx2($($name),*) };
                }
            }
            $f($($name),*);
        }
    };
}

/// The extent of a batch of images [n, h, w, c].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Images.
    pub n: usize,
    /// Rows of a image.
    pub h: usize,
    /// Pixels of a row.
    pub w: usize,
    /// Numbers of a pixel.
    pub c: usize,
}

impl Extent {
    /// How many pixels there are in all.
    pub fn pixels(&self) -> usize {
        self.n * self.h * self.w
    }

    /// How many numbers there are in all.
    pub fn numbers(&self) -> usize {
        self.pixels() * self.c
    }
}

/// How a 3x3 window moves over a image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Pixels from one place to the next, in both directions.
    pub stride: usize,
    /// Zeros before the first row and column.
    pub before: usize,
    /// Zeros after the last row and column.
    pub after: usize,
}

impl Window {
    /// Stride 1, a border of one zero: the image keeps its size.
    pub const SAME: Self = Self {
        stride: 1,
        before: 1,
        after: 1,
    };
    /// Stride 2, zeros at the bottom and right only: an even size is halved (TensorFlow's `SAME`).
    pub const HALVE: Self = Self {
        stride: 2,
        before: 0,
        after: 1,
    };

    /// The extent of what comes out, with `c` channels.
    ///
    /// # Panics
    /// Where the padded image is smaller than the window.
    pub fn output(&self, x: Extent, c: usize) -> Extent {
        let places = |size: usize| (size + self.before + self.after - 3) / self.stride + 1;
        Extent {
            n: x.n,
            h: places(x.h),
            w: places(x.w),
            c,
        }
    }

    /// The taps `k` of the window at output row `y` and column `x` that are not in the zeros, and where the pixel
    /// under each begins in its image.
    fn taps(self, from: Extent, y: usize, x: usize) -> impl Iterator<Item = (usize, usize)> {
        let inside = move |place: usize, tap: usize, size: usize| {
            let at = (place * self.stride + tap).checked_sub(self.before)?;
            (at < size).then_some(at)
        };
        (0..9).filter_map(move |k| {
            let row = inside(y, k / 3, from.h)?;
            let column = inside(x, k % 3, from.w)?;
            Some((k, (row * from.w + column) * from.c))
        })
    }
}

/// `out[p, o] = relu(sum over the taps k and channels i of x[p + k, i] weights[k, i, o] + bias[o])`.
///
/// `weights` [9, c, co] and `bias` [co]; `out` is [`Window::output`] of `from`. Meant for few input channels.
///
/// # Panics
/// Where the shapes do not fit.
pub fn conv3x3(
    out: &mut [f32],
    x: &[f32],
    from: Extent,
    window: Window,
    weights: &[f32],
    bias: &[f32],
) {
    let to = window.output(from, bias.len());
    assert_eq!(weights.len(), 9 * from.c * to.c, "weights [9, c, co]");
    over_rows(out, x, from, to, |row, image, y| {
        let mut taps = Vec::with_capacity(9 * from.c);
        for (place, pixel) in row.chunks_exact_mut(to.c).enumerate() {
            taps.clear();
            for (k, at) in window.taps(from, y, place) {
                let factors = image[at..at + from.c].iter().enumerate();
                taps.extend(factors.map(|(i, &x)| (x, (k * from.c + i) * to.c)));
            }
            conv_pixel_wide(pixel, &taps, weights, bias);
        }
    });
}

wide!(
    conv_pixel_wide = conv_pixel(
        pixel: &mut [f32],
        taps: &[(f32, usize)],
        weights: &[f32],
        bias: &[f32]
    )
);

/// One pixel of [`conv3x3`]: `taps` are the inputs and where the weights of each begin.
#[inline(always)]
fn conv_pixel(pixel: &mut [f32], taps: &[(f32, usize)], weights: &[f32], bias: &[f32]) {
    let (blocks, rest) = pixel.as_chunks_mut::<LANES>();
    let whole = blocks.len() * LANES;
    for (block, first) in blocks.iter_mut().zip((0..).step_by(LANES)) {
        let mut sums = lanes(bias, first);
        for &(x, at) in taps {
            let weights = lanes(weights, at + first);
            sums.iter_mut().zip(weights).for_each(|(s, w)| *s += x * w);
        }
        *block = sums.map(|s| s.max(0.0));
    }
    for (out, c) in rest.iter_mut().zip(whole..) {
        let products = taps.iter().map(|&(x, at)| x * weights[at + c]);
        *out = products.fold(bias[c], |s, p| s + p).max(0.0);
    }
}

/// `out[p, c] = relu(sum over the taps k of x[p + k, c] weights[k, c] + bias[c])`, each channel by itself.
///
/// `weights` [9, c] and `bias` [c]; `out` is [`Window::output`] of `from`.
///
/// # Panics
/// Where the shapes do not fit.
pub fn depthwise3x3(
    out: &mut [f32],
    x: &[f32],
    from: Extent,
    window: Window,
    weights: &[f32],
    bias: &[f32],
) {
    let c = from.c;
    assert_eq!(bias.len(), c, "a bias for each channel");
    assert_eq!(weights.len(), 9 * c, "weights [9, c]");
    over_rows(out, x, from, window.output(from, c), |row, image, y| {
        for (place, pixel) in row.chunks_exact_mut(c).enumerate() {
            let mut taps = [(0, 0); 9];
            let mut inside = 0;
            for (k, at) in window.taps(from, y, place) {
                taps[inside] = (at, k * c);
                inside += 1;
            }
            depthwise_pixel_wide(pixel, &taps[..inside], image, weights, bias);
        }
    });
}

wide!(
    depthwise_pixel_wide = depthwise_pixel(
        pixel: &mut [f32],
        taps: &[(usize, usize)],
        image: &[f32],
        weights: &[f32],
        bias: &[f32]
    )
);

/// One pixel of [`depthwise3x3`]: `taps` are where the inputs begin, and their weights.
#[inline(always)]
fn depthwise_pixel(
    pixel: &mut [f32],
    taps: &[(usize, usize)],
    image: &[f32],
    weights: &[f32],
    bias: &[f32],
) {
    let (blocks, rest) = pixel.as_chunks_mut::<LANES>();
    let whole = blocks.len() * LANES;
    for (block, first) in blocks.iter_mut().zip((0..).step_by(LANES)) {
        let mut sums = lanes(bias, first);
        for &(x, w) in taps {
            let (x, w) = (lanes(image, x + first), lanes(weights, w + first));
            for l in 0..LANES {
                sums[l] += x[l] * w[l];
            }
        }
        *block = sums.map(|s| s.max(0.0));
    }
    for (out, c) in rest.iter_mut().zip(whole..) {
        let products = taps.iter().map(|&(x, w)| image[x + c] * weights[w + c]);
        *out = products.fold(bias[c], |s, p| s + p).max(0.0);
    }
}

/// The block of `x` that begins at `at`.
#[inline(always)]
fn lanes(x: &[f32], at: usize) -> [f32; LANES] {
    let block = &x[at..at + LANES];
    std::array::from_fn(|l| block[l])
}

/// `x[p, c] = relu(x[p, c] + bias[c])` for pixels `x` [_, c]: what follows a 1x1 convolution.
///
/// # Panics
/// Where `x` is no whole number of pixels.
pub fn bias_relu(x: &mut [f32], bias: &[f32]) {
    assert!(x.len().is_multiple_of(bias.len().max(1)), "pixels of c");
    x.par_chunks_mut(bias.len().max(1) * 64).for_each(|pixels| {
        for pixel in pixels.chunks_exact_mut(bias.len()) {
            let sums = pixel.iter_mut().zip(bias);
            sums.for_each(|(x, b)| *x = (*x + b).max(0.0));
        }
    });
}

/// Runs `f(row of the output, its image, the row's place)` for every row of every image, in parallel.
fn over_rows(
    out: &mut [f32],
    x: &[f32],
    from: Extent,
    to: Extent,
    f: impl Fn(&mut [f32], &[f32], usize) + Sync,
) {
    assert_eq!(x.len(), from.numbers(), "x [n, h, w, c]");
    assert_eq!(out.len(), to.numbers(), "out [n, oh, ow, co]");
    let image = from.h * from.w * from.c;
    out.par_chunks_mut(to.w * to.c)
        .enumerate()
        .for_each(|(row, out)| {
            let x = &x[row / to.h * image..][..image];
            f(out, x, row % to.h);
        });
}

#[cfg(test)]
mod tests;
