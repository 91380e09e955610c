//! A product of a left operand with packed panels, block by block: `out[m, n] (+)= a[m, k] b[k, n]`. A word is an f32 or a
//! pair of bf16.
//!
//! ```text
//! k in blocks of at most 1,024 words > 96 rows x some panels = one piece of parallel work > panel > tile
//! ```
//!
//! Each number of the output is summed by one thread, in one order, whatever the number of threads and of rows beside it.

use rayon::prelude::*;

use super::bf16::{LINE, Line, PANEL, lay_left, pairs_of, pairs_of_mut, rounded, row_lines};
use super::f32;
use super::kernel::{Kernel, Panel, Tile};
use super::mat::{Mat, Store};
use super::packed::Packed;
use crate::simd::vectorise_with;

/// Words in a block of k: a panel of them is 128 KB, a piece's rows 400 KB; together they fit a core's second cache.
const WORDS: usize = 1024;
/// Rows of a piece of parallel work: whole tiles of every kernel.
const ROWS: usize = 96;
/// As many pieces as this are wanted, so that threads that are done early find more.
const PIECES: usize = 32;

thread_local! {
    /// Left operands of products, kept so that a product allocates nothing.
    static LEFT: std::cell::Cell<Vec<Line>> = const { std::cell::Cell::new(Vec::new()) };
    /// A panel of int8 numbers as pairs of bf16.
    static WIDE: std::cell::Cell<Vec<Line>> = const { std::cell::Cell::new(Vec::new()) };
}

/// `out` as pieces of it are written by several threads, none twice.
#[derive(Clone, Copy)]
struct Out(*mut f32);
// SAFETY: the pieces do not overlap.
unsafe impl Send for Out {}
// SAFETY: as above.
unsafe impl Sync for Out {}

impl Out {
    /// The number at `place`.
    fn at(self, place: usize) -> *mut f32 {
        self.0.wrapping_add(place)
    }
}

/// A left operand as tiles read it: row `i` begins at word `i * stride`.
#[derive(Clone, Copy)]
struct Left<'a> {
    words: &'a [u32],
    stride: usize,
}

/// `out[m, n] = a b`, or `+=`, and then `after(first number's place, numbers)` of every piece of a row.
///
/// # Panics
/// Where the shapes do not fit.
pub(super) fn product(
    kernel: Kernel,
    out: &mut [f32],
    a: Mat,
    b: &Packed,
    store: Store,
    after: impl Fn(usize, &mut [f32]) + Sync,
) {
    let (m, [k, n]) = (a.rows, b.shape());
    assert!(a.cols == k && out.len() == m * n, "shapes of a product");
    let mut lines = LEFT.take();
    let left = match (kernel, b.is_f32()) {
        (_, true) if f32::lies_well(a) => Left {
            words: f32::words_of(a.data),
            stride: a.row_stride,
        },
        (_, true) => {
            f32::lay_left(&mut lines, a);
            Left {
                words: pairs_of(&lines),
                stride: f32::row_words(k),
            }
        }
        (Kernel::Portable, false) => Left {
            words: &[],
            stride: 0,
        },
        (_, false) => {
            lay_left(&mut lines, a);
            Left {
                words: pairs_of(&lines),
                stride: row_lines(k) * LINE,
            }
        }
    };
    let to = Out(out.as_mut_ptr());
    let run = |piece: &Piece| {
        // SAFETY: `out` is [m, n], borrowed uniquely, and no two pieces have a number of it in common.
        unsafe {
            if kernel == Kernel::Portable {
                piece.portable(to, a, b);
            } else {
                piece.tiles(kernel, to, left, b);
            }
            piece.each_row(to, n, &after);
        }
    };
    pieces(m, n, store, run);
    LEFT.set(lines);
}

/// The sum of several products of windows of the same numbers, `out[i] = sum over s of windows(i, s) b[s]`: the window
/// begins at pair `i * step + starts[s]` of `pairs` and is as long as `b[s]` has rows.
///
/// # Panics
/// Where a window ends beyond the pairs, the shapes do not fit, or the processor has no arithmetic for bf16.
pub(super) fn windows(out: &mut [f32], pairs: &[u32], step: usize, starts: &[usize], b: &[Packed]) {
    let kernel = Kernel::best();
    let n = b[0].shape()[1];
    let m = out.len() / n;
    assert!(
        out.len() == m * n && starts.len() == b.len(),
        "shapes of a product"
    );
    let to = Out(out.as_mut_ptr());
    let run = |piece: &Piece| {
        for (s, (&start, b)) in starts.iter().zip(b).enumerate() {
            assert_eq!(b.shape()[1], n, "columns of a sum");
            let left = Left {
                words: &pairs[start..],
                stride: step,
            };
            let store = if s == 0 { Store::Set } else { Store::Add };
            // SAFETY: as in `product`.
            unsafe {
                Piece {
                    store,
                    ..piece.clone()
                }
                .tiles(kernel, to, left, b)
            };
        }
    };
    pieces(m, n, Store::Set, run);
}

/// Runs `each` piece of an output [m, n], in parallel.
fn pieces(m: usize, n: usize, store: Store, each: impl Fn(&Piece) + Sync) {
    let panels = n.div_ceil(PANEL);
    let row_blocks = m.div_ceil(ROWS);
    let group = (panels * row_blocks / PIECES).clamp(1, panels.max(1));
    let groups = panels.div_ceil(group);
    (0..row_blocks * groups).into_par_iter().for_each(|piece| {
        // Neighbouring pieces share their panels, which are larger than rows.
        let (row, panel) = (piece % row_blocks * ROWS, piece / row_blocks * group);
        each(&Piece {
            rows: row..(row + ROWS).min(m),
            panels: panel..(panel + group).min(panels),
            store,
        });
    });
}

/// Rows and panels of a product that one thread computes.
#[derive(Clone)]
struct Piece {
    rows: std::ops::Range<usize>,
    panels: std::ops::Range<usize>,
    store: Store,
}

impl Piece {
    /// Gives the piece's part of each row to `after`.
    ///
    /// # Safety
    /// `out` has rows of `n` numbers; nobody else uses this piece of them.
    unsafe fn each_row(&self, out: Out, n: usize, after: &impl Fn(usize, &mut [f32])) {
        let first = self.panels.start * PANEL;
        let width = (self.panels.end * PANEL).min(n) - first;
        for row in self.rows.clone() {
            let place = row * n + first;
            // SAFETY: the caller's word.
            after(place, unsafe {
                std::slice::from_raw_parts_mut(out.at(place), width)
            });
        }
    }

    /// With the processor's own arithmetic.
    ///
    /// # Safety
    /// As for [`Piece::each_row`]; `kernel` is one that the processor has.
    unsafe fn tiles(&self, kernel: Kernel, out: Out, left: Left, b: &Packed) {
        let ([_, n], all) = (b.shape(), b.words());
        let end = self.rows.end.saturating_sub(1) * left.stride + all;
        assert!(left.words.len() >= end, "rows of the left operand");
        // Blocks of equal length, of whole lines.
        let block = all
            .div_ceil(all.div_ceil(WORDS).max(1))
            .next_multiple_of(LINE);
        let mut wide = WIDE.take();
        // SAFETY: tiles lie within the rows and panels of the piece.
        let run = |tile: &mut dyn FnMut(Tile)| {
            for first in (0..all).step_by(block.max(1)) {
                let words = block.min(all - first);
                for j in self.panels.clone() {
                    let right = match b.panel(j, first) {
                        // What many rows meet is widened once.
                        Panel::Int8(from, scales) if self.rows.len() > kernel.rows() => {
                            wide.resize(words * PANEL / LINE, Line::ZERO);
                            // SAFETY: the panel has these words.
                            unsafe { kernel.widen(pairs_of_mut(&mut wide), from) };
                            Panel::Scaled(pairs_of(&wide).as_ptr(), scales)
                        }
                        panel => panel,
                    };
                    for row in self.rows.clone().step_by(kernel.rows()) {
                        tile(Tile {
                            left: left.words[row * left.stride + first..].as_ptr(),
                            left_stride: left.stride,
                            rows: kernel.rows().min(self.rows.end - row),
                            right,
                            words,
                            out: out.at(row * n + j * PANEL),
                            out_stride: n,
                            cols: PANEL.min(n - j * PANEL),
                            add: first > 0 || self.store == Store::Add,
                        });
                    }
                }
            }
        };
        // SAFETY: the caller's word, and the bounds above.
        unsafe { kernel.run(run) }
        WIDE.set(wide);
    }

    /// With f32 products of rounded numbers, row by row, so that no row's sums hang on the others.
    ///
    /// # Safety
    /// As for [`Piece::each_row`].
    unsafe fn portable(&self, out: Out, a: Mat, b: &Packed) {
        let [k, n] = b.shape();
        let m = self.rows.len();
        let at = |i: usize| a.data[(self.rows.start + i / k) * a.row_stride + i % k * a.col_stride];
        let left: Vec<f32> = (0..m * k).map(|i| rounded(at(i))).collect();
        let mut right = vec![0.0; k * PANEL];
        for j in self.panels.clone() {
            b.widen(j, &mut right);
            for row in 0..m {
                let sums = vectorise_with((&left[row * k..][..k], &right[..]), row_sums);
                let place = (self.rows.start + row) * n + j * PANEL;
                let cols = PANEL.min(n - j * PANEL);
                // SAFETY: the caller's word.
                let out = unsafe { std::slice::from_raw_parts_mut(out.at(place), cols) };
                match self.store {
                    Store::Set => out.copy_from_slice(&sums[..cols]),
                    Store::Add => out.iter_mut().zip(sums).for_each(|(o, s)| *o += s),
                }
            }
        }
    }
}

/// One row of a product: `left` [k] times a panel [k, 32].
#[inline(always)]
fn row_sums((left, right): (&[f32], &[f32])) -> [f32; PANEL] {
    let mut sums = [0.0; PANEL];
    for (x, row) in left.iter().zip(right.as_chunks::<PANEL>().0) {
        sums.iter_mut().zip(row).for_each(|(s, r)| *s += x * r);
    }
    sums
}
