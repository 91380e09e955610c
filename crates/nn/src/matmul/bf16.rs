//! bf16: the upper half of an f32. Single numbers, and matrices laid out as the product kernels read them.
//!
//! ```text
//! left  [m, k]: rows of pairs of neighbouring k, each row an odd number of cache lines: [m][pairs] u32
//! right [k, n]: panels of 32 columns, k in pairs:                                       [n / 32][pairs][32] u32
//! ```
//!
//! A pair holds k even in its lower and k odd in its upper half, as `vdpbf16ps` and AMX's `tdpbf16ps` want it. What is
//! beyond k or n is zero.

use rayon::prelude::*;

use super::kernel::{self, Kernel};
use super::mat::Mat;
use crate::simd::vectorise;

/// Columns of a panel.
pub(super) const PANEL: usize = 32;
/// Pairs in a cache line; all panels and rows hold whole lines of pairs.
pub(super) const LINE: usize = 16;

/// Panels that are laid out together.
const GROUP: usize = 4;

/// 64 bytes on an address that is a multiple of 64, so that no register is loaded across two cache lines.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Line(pub [u32; LINE]);

impl Line {
    pub const ZERO: Self = Self([0; LINE]);
}

/// The pairs of lines that lie one after the other.
pub(super) fn pairs_of(lines: &[Line]) -> &[u32] {
    // SAFETY: a `Line` is 16 u32 without padding, so `lines` is that many u32 in a row.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * LINE) }
}

/// [`pairs_of`], to write.
pub(super) fn pairs_of_mut(lines: &mut [Line]) -> &mut [u32] {
    // SAFETY: as in `pairs_of`; the borrow is unique.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * LINE) }
}

/// The bf16 nearest to `x`, of two equally near the even one; a NaN stays one.
#[inline(always)]
pub(super) fn round(x: f32) -> u32 {
    let bits = x.to_bits();
    // Of a NaN this may run over; its own answer follows.
    let nearest = bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16;
    if bits & 0x7FFF_FFFF > 0x7F80_0000 {
        bits >> 16 | 0x40
    } else {
        nearest
    }
}

/// `x` rounded to bf16, as an f32.
#[inline(always)]
pub(super) fn rounded(x: f32) -> f32 {
    f32::from_bits(round(x) << 16)
}

/// Two neighbours in k as one pair.
#[inline(always)]
fn pair(even: f32, odd: f32) -> u32 {
    round(even) | round(odd) << 16
}

/// Lines that hold `k` numbers in pairs.
pub(super) fn lines_for(k: usize) -> usize {
    k.div_ceil(2 * LINE)
}

/// Lines from one row of a left operand to the next: odd, so that the rows of a tile do not all fall on the same places
/// of the cache.
pub(super) fn row_lines(k: usize) -> usize {
    lines_for(k) | 1
}

/// Lays `a` [m, k] out as a left operand in `to`, [m][row_lines(k)] lines.
pub(super) fn lay_left(to: &mut Vec<Line>, a: Mat) {
    let (m, k, lines) = (a.rows, a.cols, row_lines(a.cols));
    to.resize(m * lines, Line::ZERO);
    let fast = Kernel::best() != Kernel::Portable;
    if a.col_stride == 1 {
        let rows = to.par_chunks_exact_mut(lines).enumerate();
        rows.with_min_len(8).for_each(|(i, row)| {
            let from = &a.data[i * a.row_stride..][..k];
            vectorise(|| lay_row(pairs_of_mut(row), from, fast));
        });
    } else {
        // Sixteen rows at a time: `a` is read along its columns, which are rows of its transpose.
        let blocks = to.par_chunks_mut(LINE * lines).enumerate();
        blocks.for_each(|(block, rows)| {
            let first = block * LINE;
            let columns = first..(first + LINE).min(m);
            vectorise(|| {
                let mut square = [Line::ZERO; LINE];
                for at in 0..lines {
                    for (p, line) in square.iter_mut().enumerate() {
                        lay_pairs(line, a.t(), 2 * (LINE * at + p), columns.clone(), fast);
                    }
                    for (r, row) in rows.chunks_exact_mut(lines).enumerate() {
                        for (to, line) in row[at].0.iter_mut().zip(&square) {
                            *to = line.0[r];
                        }
                    }
                }
            });
        });
    }
}

/// The pairs of `from`, in order; zeros behind them.
#[inline(always)]
fn lay_row(to: &mut [u32], from: &[f32], fast: bool) {
    let (blocks, _) = from.as_chunks::<{ 2 * LINE }>();
    let whole = if fast { blocks.len() } else { 0 };
    for (to, from) in to
        .as_chunks_mut::<LINE>()
        .0
        .iter_mut()
        .zip(&blocks[..whole])
    {
        kernel::neighbours(to, from);
    }
    let (to, from) = (&mut to[whole * LINE..], &from[whole * 2 * LINE..]);
    let (pairs, rest) = from.as_chunks::<2>();
    let pairs = pairs.iter().map(|&[even, odd]| pair(even, odd));
    let all = pairs.chain(rest.first().map(|&last| pair(last, 0.0)));
    let zeros = std::iter::repeat(0);
    to.iter_mut()
        .zip(all.chain(zeros))
        .for_each(|(to, pair)| *to = pair);
}

/// The pairs of `x` between zeros: `before` and `after` count numbers, all even.
pub(super) fn lay_between(before: usize, x: &[f32], after: usize) -> Vec<Line> {
    // A multiple of a line's pairs, so that every line but the last is of whole blocks.
    const CHUNK: usize = 1 << 12;
    let pairs = (before + x.len() + after) / 2;
    let mut lines = vec![Line::ZERO; pairs.div_ceil(LINE)];
    let to = &mut pairs_of_mut(&mut lines)[before / 2..][..x.len() / 2];
    let fast = Kernel::best() != Kernel::Portable;
    (to.par_chunks_mut(CHUNK).zip(x.par_chunks(2 * CHUNK)))
        .for_each(|(to, x)| vectorise(|| lay_row(to, x, fast)));
    lines
}

/// The pairs of rows `k` and `k + 1` of `b` [k, n] in at most 16 `columns`, which are neighbours in memory; zeros beyond.
#[inline(always)]
fn lay_pairs(to: &mut Line, b: Mat, k: usize, columns: std::ops::Range<usize>, fast: bool) {
    let row = |k: usize| &b.data[k * b.row_stride..][columns.clone()];
    let count = columns.len();
    if fast && count == LINE && k + 1 < b.rows {
        let rows = (row(k).first_chunk(), row(k + 1).first_chunk());
        if let (Some(even), Some(odd)) = rows {
            return kernel::interleave(&mut to.0, even, odd);
        }
    }
    *to = Line::ZERO;
    for c in 0..if k < b.rows { count } else { 0 } {
        let odd = if k + 1 < b.rows { row(k + 1)[c] } else { 0.0 };
        to.0[c] = pair(row(k)[c], odd);
    }
}

/// Lays `b` [k, n] out as a right operand in `to`, [n / 32][2 x 16 lines_for(k)] lines.
pub(super) fn lay_right(to: &mut Vec<Line>, b: Mat) {
    let (n, lines) = (b.cols, lines_for(b.rows));
    let panel = 2 * LINE * lines;
    to.resize(n.div_ceil(PANEL) * panel, Line::ZERO);
    let fast = Kernel::best() != Kernel::Portable;
    if b.col_stride == 1 {
        // Some panels at a time, so that each row of `b` is read some lines long.
        let groups = to.par_chunks_mut((GROUP * panel).max(1)).enumerate();
        groups.for_each(|(group, to)| {
            vectorise(|| {
                for block in 0..lines {
                    for (j, to) in to.chunks_exact_mut(panel).enumerate() {
                        let first = (group * GROUP + j) * PANEL;
                        let to = &mut to[block * 2 * LINE..][..2 * LINE];
                        for (p, to) in to.chunks_exact_mut(2).enumerate() {
                            let k = 2 * (LINE * block + p);
                            for (to, first) in to.iter_mut().zip([first, first + LINE]) {
                                let columns = first.min(n)..(first + LINE).min(n);
                                lay_pairs(to, b, k, columns, fast);
                            }
                        }
                    }
                }
            });
        });
        return;
    }
    let panels = to.par_chunks_exact_mut(panel.max(1)).enumerate();
    panels.for_each(|(j, to)| {
        for (half, first) in [(0, j * PANEL), (1, j * PANEL + LINE)] {
            let columns = first.min(n)..(first + LINE).min(n);
            let pairs = to.iter_mut().skip(half).step_by(2);
            vectorise(|| lay_across(pairs, b, columns, fast));
        }
    });
}

/// [`lay_pairs`] for all pairs of a panel's half, where the rows of a column are neighbours in memory.
#[inline(always)]
fn lay_across<'a>(
    mut to: impl Iterator<Item = &'a mut Line>,
    b: Mat,
    columns: std::ops::Range<usize>,
    fast: bool,
) {
    let mut square = [Line::ZERO; LINE];
    for first in (0..b.rows).step_by(2 * LINE) {
        let rows = first..(first + 2 * LINE).min(b.rows);
        for (line, column) in square.iter_mut().zip(columns.clone()) {
            let column = &b.data[column * b.col_stride..][rows.clone()];
            lay_row(&mut line.0, column, fast);
        }
        for (p, to) in to.by_ref().take(LINE).enumerate() {
            for (to, line) in to.0.iter_mut().zip(&square) {
                *to = line.0[p];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    #[test]
    fn rounding_is_to_the_nearest_even_and_keeps_what_is_no_number() {
        for (x, bits) in [
            (1.0, 0x3F80),
            (f32::from_bits(0x3F80_8000), 0x3F80),
            (f32::from_bits(0x3F81_8000), 0x3F82),
            (f32::from_bits(0x3F80_8001), 0x3F81),
            (f32::MAX, 0x7F80),
            (f32::NEG_INFINITY, 0xFF80),
            (-0.0, 0x8000),
        ] {
            assert_eq!(round(x), bits, "{x}");
        }
    }

    #[test]
    fn rounding_a_nan_of_any_bits_does_not_overflow() {
        for bits in [
            0x7F80_0001,
            0x7FFF_FFFF,
            0xFF80_0001,
            0xFFFF_8000,
            0xFFFF_FFFF,
        ] {
            assert!(rounded(f32::from_bits(bits)).is_nan(), "{bits:x}");
        }
    }

    /// Both layouts hold each number in its place, and zeros elsewhere, whichever way the matrix lies.
    #[test]
    fn layouts_hold_every_number() {
        for (rows, cols) in [(1, 1), (5, 3), (16, 32), (33, 70), (40, 31), (12, 65)] {
            let data = numbers(rows * cols, 5);
            let turned: Vec<f32> = (0..rows * cols)
                .map(|i| data[i % rows * cols + i / rows])
                .collect();
            let value = |i: usize, j: usize| {
                if i < rows && j < cols {
                    round(data[i * cols + j])
                } else {
                    0
                }
            };
            for mat in [
                Mat::new(&data, rows, cols),
                Mat::new(&turned, cols, rows).t(),
            ] {
                let mut left = vec![Line([7; LINE]); 1];
                lay_left(&mut left, mat);
                let stride = row_lines(cols) * LINE;
                for (at, pair) in pairs_of(&left).iter().enumerate() {
                    let (i, k) = (at / stride, at % stride * 2);
                    assert_eq!(*pair, value(i, k) | value(i, k + 1) << 16, "left {i} {k}");
                }
                let mut right = vec![Line([7; LINE]); 1];
                lay_right(&mut right, mat);
                let panel = lines_for(rows) * LINE * PANEL;
                for (at, pair) in pairs_of(&right).iter().enumerate() {
                    let (k, j) = (at % panel / PANEL * 2, at / panel * PANEL + at % PANEL);
                    assert_eq!(*pair, value(k, j) | value(k + 1, j) << 16, "right {k} {j}");
                }
            }
        }
    }
}
