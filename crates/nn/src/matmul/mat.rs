//! A matrix as a product reads it, and what a product does with its output.

/// A read-only matrix: a slice seen as `rows` x `cols`, row-major or transposed.
#[derive(Debug, Clone, Copy)]
pub struct Mat<'a> {
    pub(super) data: &'a [f32],
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) row_stride: usize,
    pub(super) col_stride: usize,
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
