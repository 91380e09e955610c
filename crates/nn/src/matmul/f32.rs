//! f32 operands laid out as the product kernels read them.
//!
//! ```text
//! left  [m, k]: where rows are not neighbours in memory already, rows of an odd number of cache lines: [m][k] f32
//! right [k, n]: panels of 32 columns:                                                       [n / 32][k][32] f32
//! ```
//!
//! What is beyond k or n is zero.

use rayon::prelude::*;

use super::bf16::{LINE, Line, PANEL};
use super::mat::Mat;
use crate::simd::vectorise;

/// Panels that are laid out together, so that each row of a matrix is read some lines long.
const GROUP: usize = 4;

/// Words from one row to the next of a left operand that was laid out.
pub(super) fn row_words(k: usize) -> usize {
    (k.div_ceil(LINE) | 1) * LINE
}

/// The bits of numbers.
pub(super) fn words_of(numbers: &[f32]) -> &[u32] {
    // SAFETY: both types are 32 bits with the same alignment, and every f32 is some u32.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

/// Whether tiles read `a` quickly as it lies. Rows a multiple of 2 KB apart all fall on the same few places of the cache.
pub(super) fn lies_well(a: Mat) -> bool {
    a.col_stride == 1 && (!a.row_stride.is_multiple_of(512) || a.rows < 8)
}

/// Lays `a` [m, k] out in rows of [`row_words`].
pub(super) fn lay_left(to: &mut Vec<Line>, a: Mat) {
    let (m, k, lines) = (a.rows, a.cols, row_words(a.cols) / LINE);
    to.resize(m * lines, Line::ZERO);
    if a.col_stride == 1 {
        let rows = to.par_chunks_exact_mut(lines).enumerate();
        return rows.with_min_len(8).for_each(|(i, to)| {
            let row = a.data[i * a.row_stride..][..k].chunks(LINE);
            vectorise(|| {
                to.iter_mut()
                    .zip(row)
                    .for_each(|(to, from)| lay_line(to, from))
            });
        });
    }
    let blocks = to.par_chunks_mut((LINE * lines).max(1)).enumerate();
    blocks.for_each(|(block, to)| {
        let rows = block * LINE..(block * LINE + LINE).min(m);
        vectorise(|| {
            for at in 0..lines {
                let columns = (at * LINE).min(k)..(at * LINE + LINE).min(k);
                let square = square(a.t(), columns, rows.clone());
                for (r, row) in to.chunks_exact_mut(lines).enumerate() {
                    row[at].0 = std::array::from_fn(|c| square[c].0[r]);
                }
            }
        });
    });
}

/// Lays `b` [k, n] out as a right operand in `to`, [n / 32][2 k] lines.
pub(super) fn lay_right(to: &mut Vec<Line>, b: Mat) {
    let (k, n) = (b.rows, b.cols);
    let panel = 2 * k;
    to.resize(n.div_ceil(PANEL) * panel, Line::ZERO);
    let groups = to.par_chunks_mut((GROUP * panel).max(1)).enumerate();
    groups.for_each(|(group, to)| {
        let panels = to.chunks_exact_mut(panel).enumerate();
        let halves = panels.map(|(j, to)| (to, (group * GROUP + j) * PANEL));
        if b.col_stride == 1 {
            let mut halves: Vec<_> = halves.collect();
            vectorise(|| {
                for p in 0..k {
                    for (to, first) in &mut halves {
                        let row = &b.data[p * b.row_stride..];
                        for (half, to) in to[2 * p..][..2].iter_mut().enumerate() {
                            let first = *first + half * LINE;
                            lay_line(to, &row[first.min(n)..(first + LINE).min(n)]);
                        }
                    }
                }
            });
        } else {
            vectorise(|| {
                for (to, first) in halves {
                    for (half, first) in [first, first + LINE].into_iter().enumerate() {
                        let columns = first.min(n)..(first + LINE).min(n);
                        for p in (0..k).step_by(LINE) {
                            let rows = p..(p + LINE).min(k);
                            let square = square(b.t(), columns.clone(), rows.clone());
                            let lines = to[2 * p + half..].iter_mut().step_by(2);
                            for (r, to) in lines.take(rows.len()).enumerate() {
                                to.0 = std::array::from_fn(|c| square[c].0[r]);
                            }
                        }
                    }
                }
            });
        }
    });
}

/// At most 16 numbers, and zeros behind them.
#[inline(always)]
fn lay_line(to: &mut Line, from: &[f32]) {
    match from.first_chunk::<LINE>() {
        Some(from) => to.0 = from.map(f32::to_bits),
        None => {
            let zeros = std::iter::repeat(0);
            let all = from.iter().map(|x| x.to_bits()).chain(zeros);
            to.0.iter_mut().zip(all).for_each(|(to, x)| *to = x);
        }
    }
}

/// At most 16 `rows` of a row-major matrix, of each at most 16 `columns`; zeros elsewhere.
#[inline(always)]
fn square(of: Mat, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> [Line; LINE] {
    let mut square = [Line::ZERO; LINE];
    for (line, row) in square.iter_mut().zip(rows) {
        lay_line(line, &of.data[row * of.row_stride..][columns.clone()]);
    }
    square
}

#[cfg(test)]
mod tests {
    use super::super::bf16::pairs_of;
    use super::*;
    use crate::testing::numbers;

    /// Both layouts hold each number in its place, and zeros elsewhere, whichever way the matrix lies.
    #[test]
    fn layouts_hold_every_number() {
        for (rows, cols) in [
            (1, 1),
            (5, 3),
            (16, 32),
            (33, 70),
            (40, 31),
            (12, 65),
            (17, 200),
        ] {
            let data = numbers(rows * cols, 5);
            let turned: Vec<f32> = (0..rows * cols)
                .map(|i| data[i % rows * cols + i / rows])
                .collect();
            let value = |i: usize, j: usize| {
                let inside = i < rows && j < cols;
                if inside { data[i * cols + j] } else { 0.0 }.to_bits()
            };
            let (lying, standing) = (
                Mat::new(&data, rows, cols),
                Mat::new(&turned, cols, rows).t(),
            );
            let mut left = vec![Line([7; LINE]); 1];
            lay_left(&mut left, standing);
            let stride = row_words(cols);
            for (at, word) in pairs_of(&left).iter().enumerate() {
                let (i, k) = (at / stride, at % stride);
                assert_eq!(*word, value(i, k), "left {i} {k}");
            }
            for mat in [lying, standing] {
                let mut right = vec![Line([7; LINE]); 1];
                lay_right(&mut right, mat);
                let panel = rows * PANEL;
                for (at, word) in pairs_of(&right).iter().enumerate() {
                    let (k, j) = (at % panel / PANEL, at / panel * PANEL + at % PANEL);
                    assert_eq!(*word, value(k, j), "right {k} {j}");
                }
            }
        }
    }
}
