//! Matrix products: `out[m, n] (+)= a[m, k] b[k, n]`, the linear layer and its gradients.
//!
//! This is the seam under which kernels are replaced: models call only [`matmul`] and [`linear`], with a right operand
//! that is a matrix of f32 ([`Mat`]: the `gemm` crate, at 95 % of the processor's peak where both sides are large) or one
//! laid out before in f32, bf16 or int8 ([`Packed`]: ours, at that speed with few rows too).

mod bf16;
mod blocks;
mod f32;
mod kernel;
mod mat;
mod packed;

use gemm_common::Parallelism;
use rayon::prelude::*;

use kernel::Kernel;
pub use mat::{Mat, Store};
pub use packed::{Packed, ProductDtype, Right};

use crate::rows::BLOCK;
use crate::scratch;

thread_local! {
    /// Right operands of single products, kept so that a product allocates nothing.
    static RIGHT: std::cell::Cell<Packed> = std::cell::Cell::default();
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
            packed.repack(b, ProductDtype::Bf16);
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
pub fn linear_backward(dw: &mut [f32], db: &mut [f32], x: Mat, dy: Mat, precision: ProductDtype) {
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
mod tests;
