//! Matrix products: `out[m, n] (+)= a[m, k] b[k, n]`, the linear layer and its gradients.
//!
//! This is the seam under which kernels are replaced: models call only [`matmul`] and [`linear`], with a right operand
//! that is a matrix of f32 ([`Mat`]: the `gemm` crate, at 95 % of the processor's peak where both sides are large) or one
//! laid out before in f32, bf16 or int8 ([`Packed`]: ours, at that speed with few rows too).

mod bf16;
mod blocks;
mod f32;
mod kernel;
mod packed;

use gemm_common::Parallelism;
use rayon::prelude::*;

use kernel::Kernel;
pub use packed::{Packed, Precision, Right};

use crate::rows::BLOCK;
use crate::scratch;

/// A read-only matrix: a slice seen as `rows` x `cols`, row-major or transposed.
#[derive(Debug, Clone, Copy)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Mat<'a> {
    /// `data` as a row-major [rows, cols] matrix.
    ///
    /// # Panics
    /// Where `data` does not have `rows * cols` numbers.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix");
        Self {
            data,
            rows,
            cols,
            row_stride: cols,
            col_stride: 1,
        }
    }

    /// An overlapping view: row `i` of [rows, cols] begins at number `i * step` of `data`. With `step < cols` rows
    /// share numbers, as the windows of a convolution do.
    ///
    /// # Panics
    /// Where the last row ends beyond `data`.
    pub fn overlapping(data: &'a [f32], rows: usize, cols: usize, step: usize) -> Self {
        let end = rows.checked_sub(1).map_or(0, |last| last * step + cols);
        assert!(
            end <= data.len(),
            "{rows} rows of {cols} numbers every {step}"
        );
        Self {
            data,
            rows,
            cols,
            row_stride: step,
            col_stride: 1,
        }
    }

    /// The transposed view, [cols, rows], of the same numbers.
    pub fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }
}

thread_local! {
    /// Right operands of single products, kept so that a product allocates nothing.
    static RIGHT: std::cell::Cell<Packed> = std::cell::Cell::default();
}

/// What happens to the numbers already in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// They are replaced.
    Set,
    /// The product is added to them (gradients that gather over uses).
    Add,
}

/// `out[m, n] = a[m, k] b[k, n]`, or `+=` with [`Store::Add`]; `out` is row-major.
///
/// # Panics
/// Where the shapes do not fit.
pub fn matmul<'a>(out: &mut [f32], a: Mat, b: impl Into<Right<'a>>, store: Store) {
    matmul_then(out, a, b, store, |_, _| {});
}

/// [`matmul`] of f32 numbers on the calling thread alone, for work that is parallel around it.
///
/// # Panics
/// Where the shapes do not fit.
pub fn matmul_alone(out: &mut [f32], a: Mat, b: Mat, store: Store) {
    plain(out, a, b, store, Parallelism::None);
}

/// [`matmul`], and then `after(place, numbers)` of pieces of rows of the output as soon as they are done: what follows a
/// product number by number (a bias, a residual) is then no pass of its own. `place` is that of the first number in `out`.
///
/// # Panics
/// Where the shapes do not fit.
pub fn matmul_then<'a>(
    out: &mut [f32],
    a: Mat,
    b: impl Into<Right<'a>>,
    store: Store,
    after: impl Fn(usize, &mut [f32]) + Sync,
) {
    let b = b.into();
    let (m, [k, n]) = (a.rows, b.shape());
    assert_eq!(a.cols, k, "inner sizes of a product");
    assert_eq!(out.len(), m * n, "a {m} x {n} product");
    if m == 0 || n == 0 {
        return;
    }
    let rows = |out: &mut [f32]| {
        let rows = out.par_chunks_mut(n).enumerate();
        rows.with_min_len(BLOCK)
            .for_each(|(row, numbers)| after(row * n, numbers));
    };
    match b {
        _ if k == 0 => {
            if store == Store::Set {
                out.fill(0.0);
            }
            rows(out);
        }
        Right::Plain(b) => {
            let threads = Parallelism::Rayon(rayon::current_num_threads());
            plain(out, a, b, store, threads);
            rows(out);
        }
        Right::Rounded(b) => {
            let mut packed = RIGHT.take();
            packed.repack(b, Precision::Bf16);
            blocks::product(Kernel::best(), out, a, &packed, store, after);
            RIGHT.set(packed);
        }
        Right::Packed(b) => match b.plain() {
            Some(b) => matmul_then(out, a, b, store, after),
            None => blocks::product(Kernel::best(), out, a, b, store, after),
        },
    }
}

/// Numbers in bf16 whose overlapping windows are the left operands of products, as those of a convolution.
#[derive(Debug, Default)]
pub struct Windows {
    lines: Vec<bf16::Line>,
}

impl Windows {
    /// Whether the processor has arithmetic for such products.
    pub fn usable() -> bool {
        Kernel::best() != Kernel::Portable
    }

    /// `x`, an even count of numbers, between `before` and as many `after` zeros (both even).
    ///
    /// # Panics
    /// Where a count is odd.
    pub fn new(before: usize, x: &[f32], after: usize) -> Self {
        let count = before | x.len() | after;
        assert!(count.is_multiple_of(2), "numbers in pairs");
        Self {
            lines: bf16::lay_between(before, x, after),
        }
    }

    /// `out[i, n] = sum over s of x[i * step + starts[s] ..] b[s]`, each window as long as `b[s]` [k, n] has rows.
    ///
    /// # Panics
    /// Where a window ends beyond the numbers, `step` or a start is odd, a `k` is no multiple of 32, or shapes differ.
    pub fn products(&self, out: &mut [f32], step: usize, starts: &[usize], b: &[Packed]) {
        let even = starts.iter().all(|start| start % 2 == 0) && step.is_multiple_of(2);
        let whole = b.iter().all(|b| b.shape()[0].is_multiple_of(32));
        assert!(even && whole, "windows in pairs, of whole lines");
        let starts: Vec<usize> = starts.iter().map(|start| start / 2).collect();
        blocks::windows(out, bf16::pairs_of(&self.lines), step / 2, &starts, b);
    }
}

/// A product of f32 numbers.
fn plain(out: &mut [f32], a: Mat, b: Mat, store: Store, threads: Parallelism) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert!(b.rows == k && out.len() == m * n, "shapes of a product");
    let out = (out.as_mut_ptr(), 1, n as isize);
    let strided = |m: Mat| {
        (
            m.data.as_ptr(),
            m.col_stride as isize,
            m.row_stride as isize,
        )
    };
    // The kernel wants the numbers of an output's column side by side: out^T = b^T a^T.
    let transposed = |(data, column, row)| (data, row, column);
    let (m, n, out, a, b) = if n > 1 {
        let (data, column, row) = out;
        let (a, b) = (transposed(strided(b)), transposed(strided(a)));
        (n, m, (data, row, column), a, b)
    } else {
        (m, n, out, strided(a), strided(b))
    };
    // SAFETY: every pointer comes from a slice whose length was checked against its shape: `out` above,
    // `a` and `b` when their views were made; the output is borrowed mutably, so it overlaps neither input.
    unsafe {
        gemm_f32::gemm::f32::get_gemm_fn()(
            m,
            n,
            k,
            out.0,
            out.1,
            out.2,
            store == Store::Add,
            a.0,
            a.1,
            a.2,
            b.0,
            b.1,
            b.2,
            1.0,
            1.0,
            false,
            false,
            false,
            threads,
        );
    }
}

/// `out[n, o] = x[n, i] w[i, o] + bias[o]`. A weight stored [out, in], as PyTorch's `Linear`, is given as `Mat::t`.
///
/// With a [`Packed`] weight a row's output does not depend, by a single bit, on the rows beside it.
///
/// # Panics
/// Where the shapes do not fit.
pub fn linear<'a>(out: &mut [f32], x: Mat, w: impl Into<Right<'a>>, bias: Option<&[f32]>) {
    let w = match w.into() {
        Right::Packed(packed) => packed.plain().map_or(packed.into(), Right::Plain),
        w => w,
    };
    if let (1, Right::Plain(w)) = (x.rows, w) {
        // A product of one row by `gemm` adds up in another order than all others, so there are two.
        let row: Vec<f32> = (0..x.cols).map(|i| x.data[i * x.col_stride]).collect();
        let (both, mut twice) = (row.repeat(2), vec![0.0; 2 * out.len()]);
        linear(&mut twice, Mat::new(&both, 2, x.cols), w, bias);
        return out.copy_from_slice(&twice[..out.len()]);
    }
    let Some(bias) = bias else {
        return matmul(out, x, w, Store::Set);
    };
    assert_eq!(bias.len(), w.shape()[1], "one bias an output");
    if let Right::Plain(w) = w {
        out.chunks_exact_mut(bias.len())
            .for_each(|row| row.copy_from_slice(bias));
        return matmul(out, x, w, Store::Add);
    }
    matmul_then(out, x, w, Store::Set, |place, out| {
        let bias = &bias[place % bias.len()..];
        out.iter_mut().zip(bias).for_each(|(o, b)| *o += b);
    });
}

/// Gradients of [`linear`] for the weight and the bias: `dw[i, o] = x^T dy` is replaced, `db[o] += sum over rows of dy`.
pub fn linear_backward(dw: &mut [f32], db: &mut [f32], x: Mat, dy: Mat, precision: Precision) {
    matmul(dw, x.t(), precision.of(dy), Store::Set);
    add_rows(db, dy.data);
}

/// `sum[o] += ` the sum of the rows of `x` [n, o], in an order that the number of threads does not change.
pub fn add_rows(sum: &mut [f32], x: &[f32]) {
    let width = sum.len();
    let blocks = x.len().div_ceil((BLOCK * width).max(1));
    scratch::zeros(blocks * width, |parts| {
        let blocks = parts
            .par_chunks_exact_mut(width)
            .zip(x.par_chunks(BLOCK * width));
        blocks.for_each(|(part, block)| {
            for row in block.chunks_exact(width) {
                part.iter_mut().zip(row).for_each(|(p, x)| *p += x);
            }
        });
        for part in parts.chunks_exact(width) {
            sum.iter_mut().zip(part).for_each(|(s, p)| *s += p);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        (0..n as u64)
            .map(|i| {
                let h = (i + 1 + seed * 7919).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                (h >> 40) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn naive(a: &[f32], b: &[f32], m: usize, k: usize, n: usize) -> Vec<f64> {
        let mut out = vec![0.0; m * n];
        for i in 0..m {
            for j in 0..n {
                out[i * n + j] = (0..k)
                    .map(|p| f64::from(a[i * k + p]) * f64::from(b[p * n + j]))
                    .sum();
            }
        }
        out
    }

    /// Every kernel this processor has, against f64 products of numbers rounded alike: all that is left is the rounding
    /// of sums.
    #[test]
    fn every_kernel_equals_the_naive_product_of_rounded_numbers() {
        let sizes = [1, 2, 3, 11, 12, 13, 31, 32, 33, 65, 97, 130];
        let depths = [1, 2, 31, 32, 33, 64, 100, 769, 2049, 4200];
        let mut draw = numbers(5000, 9)
            .into_iter()
            .map(|x| (x.abs() * 1e6) as usize);
        for _ in 0..40 {
            let mut pick = |of: &[usize]| of[draw.next().expect("a number") % of.len()];
            let (m, n, k) = (pick(&sizes), pick(&sizes), pick(&depths));
            let flags = pick(&[0, 1, 2, 3, 4, 5, 6, 7]);
            let (ta, tb, add) = (flags & 1 > 0, flags & 2 > 0, flags & 4 > 0);
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
            let left = if ta {
                Mat::new(&at, k, m).t()
            } else {
                Mat::new(&a, m, k)
            };
            let right = if tb {
                Mat::new(&bt, n, k).t()
            } else {
                Mat::new(&b, k, n)
            };
            let start = if add { 0.5 } else { 0.0 };
            let store = if add { Store::Add } else { Store::Set };
            let round = |x: &[f32]| x.iter().map(|&x| bf16::rounded(x)).collect::<Vec<_>>();
            for (name, packed, b) in [
                ("f32", Packed::f32(right), b.clone()),
                ("bf16", Packed::bf16(right), round(&b)),
                ("int8", Packed::int8(right), whole(&b, n)),
            ] {
                let a = if packed.is_f32() {
                    a.clone()
                } else {
                    round(&a)
                };
                let wanted = naive(&a, &b, m, k, n);
                let kernels =
                    Kernel::all().filter(|&kernel| kernel != Kernel::Portable || name != "f32");
                for kernel in kernels {
                    let mut out = vec![0.5; m * n];
                    blocks::product(kernel, &mut out, left, &packed, store, |place, out| {
                        (place..).zip(out).for_each(|(i, o)| *o += i as f32);
                    });
                    let tolerance = 1e-6 * (k as f64) + 1e-6 * (m * n) as f64;
                    for (i, (got, want)) in out.iter().zip(&wanted).enumerate() {
                        let error = f64::from(*got) - want - start - i as f64;
                        assert!(
                            error.abs() < tolerance,
                            "{name} {kernel:?} {m} x {k} x {n} {ta} {tb} {add} at {i}: off by {error}"
                        );
                    }
                }
            }
        }
    }

    /// `b` [k, n] as int8 with a scale a column keeps it.
    fn whole(b: &[f32], n: usize) -> Vec<f32> {
        let most = |j: usize| {
            b.iter()
                .skip(j)
                .step_by(n)
                .fold(0f32, |m, x| m.max(x.abs()))
        };
        let scales: Vec<f32> = (0..n).map(|j| most(j) / 127.0).collect();
        let whole = |(i, x): (usize, &f32)| {
            let scale = scales[i % n];
            if scale > 0.0 {
                (x / most(i % n) * 127.0).round() * scale
            } else {
                0.0
            }
        };
        b.iter().enumerate().map(whole).collect()
    }

    /// Sums of products of overlapping windows equal those of the same windows written out.
    #[test]
    fn windows_equal_their_rows_written_out() {
        for (m, step, k, n, before) in [
            (1, 32, 96, 5, 0),
            (40, 64, 192, 70, 64),
            (130, 32, 64, 33, 2),
        ] {
            let x = numbers(m * step + k, 1);
            let starts = [0, 2, before];
            let (weights, after) = (numbers(3 * k * n, 2), 2);
            let packed: Vec<Packed> = (weights.chunks(k * n))
                .map(|w| Packed::bf16(Mat::new(w, k, n)))
                .collect();
            let padded = [vec![0.0; before], x.clone(), vec![0.0; after]].concat();
            let mut wanted = vec![0.0; m * n];
            for (start, b) in starts.iter().zip(&packed) {
                matmul(
                    &mut wanted,
                    Mat::overlapping(&padded[*start..], m, k, step),
                    b,
                    Store::Add,
                );
            }
            if Windows::usable() {
                let mut out = vec![f32::NAN; m * n];
                Windows::new(before, &x, after).products(&mut out, step, &starts, &packed);
                for (o, w) in out.iter().zip(&wanted) {
                    assert!((o - w).abs() < 1e-4, "{o} {w}");
                }
            }
        }
    }

    #[test]
    fn rounded_products_do_not_depend_on_threads_or_on_other_rows() {
        for (m, k, n) in [
            (1, 256, 4000),
            (5, 3072, 768),
            (97, 256, 1024),
            (200, 3100, 65),
        ] {
            let (a, b) = (numbers(m * k, 3), numbers(k * n, 4));
            let packed = Packed::bf16(Mat::new(&b, k, n));
            for kernel in Kernel::all() {
                let run = |threads, rows: std::ops::Range<usize>| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                    let mut out = vec![0.0; rows.len() * n];
                    let a = Mat::new(&a[rows.start * k..rows.end * k], rows.len(), k);
                    pool.expect("a pool").install(|| {
                        blocks::product(kernel, &mut out, a, &packed, Store::Set, |_, _| {});
                    });
                    out
                };
                let one = run(1, 0..m);
                assert!(
                    one == run(2, 0..m) && one == run(5, 0..m),
                    "{kernel:?} {m} x {k} x {n}"
                );
                assert!(one[..n] == run(2, 0..1), "{kernel:?}: the first row alone");
                assert!(
                    one[(m - 1) * n..] == run(2, m - 1..m),
                    "{kernel:?}: the last row alone"
                );
            }
        }
    }

    #[test]
    fn a_linear_layer_adds_its_bias_in_every_precision() {
        let (m, k, n) = (7, 40, 35);
        let (x, w, bias) = (numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3));
        let (x, w) = (Mat::new(&x, m, k), Mat::new(&w, k, n));
        let run = |w: Right| {
            let mut out = vec![f32::NAN; m * n];
            linear(&mut out, x, w, Some(&bias));
            out
        };
        let (exact, packed) = (run(w.into()), Packed::bf16(w));
        assert_eq!(run(Precision::Bf16.of(w)), run((&packed).into()));
        for (e, r) in exact.iter().zip(run((&packed).into())) {
            assert!((e - r).abs() < 0.03, "{e} {r}");
        }
        assert_eq!(Precision::F32.of(w).shape(), packed.shape());
        assert_eq!(packed.bytes(), 64 * 32 * 2 * 2);
    }

    fn transpose(x: &[f32], rows: usize, cols: usize) -> Vec<f32> {
        (0..rows * cols)
            .map(|i| x[(i % rows) * cols + i / rows])
            .collect()
    }

    proptest! {
        #[test]
        fn product_equals_the_naive_one(m in 1usize..40, k in 0usize..70, n in 1usize..50, ta: bool, tb: bool, add: bool) {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let (at, bt) = (transpose(&a, m, k), transpose(&b, k, n));
            let left = if ta { Mat::new(&at, k, m).t() } else { Mat::new(&a, m, k) };
            let right = if tb { Mat::new(&bt, n, k).t() } else { Mat::new(&b, k, n) };
            let mut out = vec![0.5; m * n];
            matmul(&mut out, left, right, if add { Store::Add } else { Store::Set });
            let start = if add { 0.5 } else { 0.0 };
            for (got, want) in out.iter().zip(naive(&a, &b, m, k, n)) {
                prop_assert!((f64::from(*got) - want - start).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        for (m, k, n) in [
            (1, 256, 4000),
            (3, 64, 65),
            (147, 256, 1024),
            (700, 300, 513),
        ] {
            let (a, b) = (numbers(m * k, 3), numbers(k * n, 4));
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .expect("a pool");
                let mut out = vec![0.0; m * n];
                pool.install(|| {
                    matmul(&mut out, Mat::new(&a, m, k), Mat::new(&b, k, n), Store::Set)
                });
                let mut sum = vec![0.0; n];
                pool.install(|| add_rows(&mut sum, &out));
                (out, sum)
            };
            let one = run(1);
            assert!(one == run(2) && one == run(5), "{m} x {k} x {n}");
        }
    }
}
