//! Matrix products: `out[m, n] (+)= a[m, k] b[k, n]`, the linear layer and its gradients.
//!
//! This is the seam under which kernels are replaced: models call only [`matmul`] and [`linear`].

use rayon::prelude::*;

use crate::rows::BLOCK;

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
pub fn matmul(out: &mut [f32], a: Mat, b: Mat, store: Store) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert_eq!(k, b.rows, "inner sizes of a product");
    assert_eq!(out.len(), m * n, "a {m} x {n} product");
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if store == Store::Set {
            out.fill(0.0);
        }
        return;
    }
    // SAFETY: every pointer comes from a slice whose length was checked against its shape: `out` above,
    // `a` and `b` when their views were made; the output is borrowed mutably, so it overlaps neither input.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            store == Store::Add,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::Rayon(rayon::current_num_threads()),
        );
    }
}

/// `out[n, o] = x[n, i] w[i, o] + bias[o]`. A weight stored [out, in], as PyTorch's `Linear`, is given as `Mat::t`.
///
/// # Panics
/// Where the shapes do not fit.
pub fn linear(out: &mut [f32], x: Mat, w: Mat, bias: Option<&[f32]>) {
    match bias {
        None => matmul(out, x, w, Store::Set),
        Some(bias) => {
            assert_eq!(bias.len(), w.cols(), "one bias an output");
            out.chunks_exact_mut(bias.len())
                .for_each(|row| row.copy_from_slice(bias));
            matmul(out, x, w, Store::Add);
        }
    }
}

/// Gradients of [`linear`] for the weight and bias: `dw[i, o] += x^T dy`, `db[o] += sum over rows of dy`.
pub fn linear_backward(dw: &mut [f32], db: Option<&mut [f32]>, x: Mat, dy: Mat) {
    matmul(dw, x.t(), dy, Store::Add);
    if let Some(db) = db {
        add_rows(db, dy.data);
    }
}

/// `sum[o] += ` the sum of the rows of `x` [n, o], in an order that the number of threads does not change.
pub fn add_rows(sum: &mut [f32], x: &[f32]) {
    let width = sum.len();
    let partial: Vec<Vec<f32>> = x
        .par_chunks(BLOCK * width)
        .map(|block| {
            let mut part = vec![0.0; width];
            for row in block.chunks_exact(width) {
                part.iter_mut().zip(row).for_each(|(p, x)| *p += x);
            }
            part
        })
        .collect();
    for part in partial {
        sum.iter_mut().zip(part).for_each(|(s, p)| *s += p);
    }
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
