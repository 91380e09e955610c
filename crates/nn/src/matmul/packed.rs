//! Right operands [k, n] laid out once and multiplied many times: a weight within a step, or of a frozen network.

use super::bf16::{LINE, Line, PANEL, lay_right, lines_for, pairs_of};
use super::f32;
use super::kernel::{Kernel, Panel};
use super::mat::Mat;

/// In which numbers products are computed; sums are f32 always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProductDtype {
    /// f32: exact to about 1e-6 of a sum.
    #[default]
    F32,
    /// Both operands rounded to bf16, 8 bits: each product is exact to about 0.4 %, a sum of many to much less.
    Bf16,
}

impl ProductDtype {
    /// The fastest that this processor has arithmetic for.
    pub fn fastest() -> Self {
        match Kernel::best() {
            Kernel::Portable => Self::F32,
            _ => Self::Bf16,
        }
    }

    /// Whether products with operands laid out before ([`Packed`]) are faster here than those of [`Mat`]s.
    pub fn packs(self) -> bool {
        self == Self::Bf16 || Kernel::best() != Kernel::Portable
    }

    /// `b` as the right operand of one product in this precision.
    pub fn of(self, b: Mat<'_>) -> Right<'_> {
        match self {
            Self::F32 => Right::Plain(b),
            Self::Bf16 => Right::Rounded(b),
        }
    }
}

/// The right operand of a product.
#[derive(Debug, Clone, Copy)]
pub enum Right<'a> {
    /// As it is: the product is one of f32 numbers.
    Plain(Mat<'a>),
    /// Rounded to bf16 for this product alone.
    Rounded(Mat<'a>),
    /// Laid out before.
    Packed(&'a Packed),
}

impl<'a> From<Mat<'a>> for Right<'a> {
    fn from(mat: Mat<'a>) -> Self {
        Self::Plain(mat)
    }
}

impl<'a> From<&'a Packed> for Right<'a> {
    fn from(packed: &'a Packed) -> Self {
        Self::Packed(packed)
    }
}

impl Right<'_> {
    /// Its rows (k) and columns (n).
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Self::Plain(mat) | Self::Rounded(mat) => [mat.rows, mat.cols],
            Self::Packed(packed) => [packed.k, packed.n],
        }
    }
}

/// A matrix [k, n] in panels of 32 columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Packed {
    k: usize,
    n: usize,
    panels: Panels,
}

#[derive(Debug, Clone, PartialEq)]
enum Panels {
    /// As in [`super::f32`].
    F32(Vec<Line>),
    /// Where no kernel reads panels: [k, n] as it is.
    Rows(Vec<f32>),
    /// As in [`super::bf16`].
    Bf16(Vec<Line>),
    /// [n / 32][pairs][2 halves][even k of 16 columns, odd k of 16 columns], and a scale for each column.
    Int8 { numbers: Vec<i8>, scales: Vec<f32> },
}

impl Default for Panels {
    fn default() -> Self {
        Self::Bf16(Vec::new())
    }
}

impl Packed {
    /// `b` [k, n] in `precision`.
    pub fn new(b: Mat, precision: ProductDtype) -> Self {
        let mut packed = Self::default();
        packed.repack(b, precision);
        packed
    }

    /// `b` [k, n] in bf16: half the memory.
    pub fn bf16(b: Mat) -> Self {
        Self::new(b, ProductDtype::Bf16)
    }

    /// `b` [k, n] in f32.
    pub fn f32(b: Mat) -> Self {
        Self::new(b, ProductDtype::F32)
    }

    /// Replaces the numbers by those of `b`, in `precision`; the memory is used again.
    pub fn repack(&mut self, b: Mat, precision: ProductDtype) {
        (self.k, self.n) = (b.rows, b.cols);
        let mut lines = match std::mem::take(&mut self.panels) {
            Panels::F32(lines) | Panels::Bf16(lines) => lines,
            Panels::Rows(_) | Panels::Int8 { .. } => Vec::new(),
        };
        self.panels = match precision {
            ProductDtype::F32 if Kernel::best() == Kernel::Portable => {
                let at = |i: usize| b.data[i / self.n * b.row_stride + i % self.n * b.col_stride];
                Panels::Rows((0..self.k * self.n).map(at).collect())
            }
            ProductDtype::F32 => {
                f32::lay_right(&mut lines, b);
                Panels::F32(lines)
            }
            ProductDtype::Bf16 => {
                lay_right(&mut lines, b);
                Panels::Bf16(lines)
            }
        };
    }

    /// The matrix, where no kernel reads panels.
    pub(super) fn plain(&self) -> Option<Mat<'_>> {
        match &self.panels {
            Panels::Rows(rows) => Some(Mat::new(rows, self.k, self.n)),
            _ => None,
        }
    }

    /// Whether the left operand is multiplied as it is.
    pub(super) fn is_f32(&self) -> bool {
        matches!(self.panels, Panels::F32(_))
    }

    /// Words along k: f32 numbers, or pairs with zeros behind them.
    pub(super) fn words(&self) -> usize {
        if self.is_f32() {
            self.k
        } else {
            lines_for(self.k) * LINE
        }
    }

    /// `b` [k, n] as whole numbers from -127 to 127 times a scale for each column: a quarter of the memory. A number is
    /// off by at most 1/254 of the largest of its column; the left operand is rounded to bf16, as in every product here.
    pub fn int8(b: Mat) -> Self {
        let (k, n) = (b.rows, b.cols);
        let (pairs, columns) = (lines_for(k) * LINE, n.div_ceil(PANEL) * PANEL);
        let (mut numbers, mut scales) = (vec![0; pairs * 2 * columns], vec![0.0; columns]);
        let at = |k: usize, j: usize| b.data[k * b.row_stride + j * b.col_stride];
        for (j, scale) in scales.iter_mut().enumerate().take(n) {
            let largest = (0..k).fold(0f32, |most, k| most.max(at(k, j).abs()));
            *scale = largest / 127.0;
            let (panel, half, lane) = (j / PANEL, j % PANEL / LINE, j % LINE);
            for k in 0..k {
                let place = ((panel * pairs + k / 2) * 2 + half) * 2 + k % 2;
                numbers[place * LINE + lane] = if largest > 0.0 {
                    (at(k, j) / largest * 127.0).round() as i8
                } else {
                    0
                };
            }
        }
        let panels = Panels::Int8 { numbers, scales };
        Self { k, n, panels }
    }

    /// Its rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        [self.k, self.n]
    }

    /// The bytes it takes.
    pub fn bytes(&self) -> usize {
        match &self.panels {
            Panels::F32(lines) | Panels::Bf16(lines) => size_of_val(lines.as_slice()),
            Panels::Rows(rows) => size_of_val(rows.as_slice()),
            Panels::Int8 { numbers, scales } => numbers.len() + size_of_val(scales.as_slice()),
        }
    }

    /// Panel `j` from word `first` on.
    pub(super) fn panel(&self, j: usize, first: usize) -> Panel {
        let word = j * self.words() + first;
        match &self.panels {
            Panels::F32(lines) => Panel::F32(pairs_of(lines)[word * PANEL..].as_ptr()),
            Panels::Rows(_) => unreachable!("a matrix without panels"),
            Panels::Bf16(lines) => Panel::Bf16(pairs_of(lines)[word * PANEL..].as_ptr()),
            Panels::Int8 { numbers, scales } => Panel::Int8(
                numbers[word * 2 * PANEL..].as_ptr(),
                scales[j * PANEL..][..PANEL].as_ptr(),
            ),
        }
    }

    /// Writes panel `j` to `out` [k, 32] as f32.
    pub(super) fn widen(&self, j: usize, out: &mut [f32]) {
        let pairs = lines_for(self.k) * LINE;
        for (k, row) in out.chunks_exact_mut(PANEL).enumerate() {
            let pair = j * pairs + k / 2;
            match &self.panels {
                Panels::F32(_) | Panels::Rows(_) => unreachable!("f32 numbers are wide already"),
                Panels::Bf16(lines) => {
                    let both = &pairs_of(lines)[pair * PANEL..][..PANEL];
                    let shift = if k % 2 == 0 { 16 } else { 0 };
                    (row.iter_mut().zip(both)).for_each(|(o, pair)| {
                        *o = f32::from_bits(pair << shift & 0xFFFF_0000);
                    });
                }
                Panels::Int8 { numbers, scales } => {
                    for (c, o) in row.iter_mut().enumerate() {
                        let place = ((pair * 2 + c / LINE) * 2 + k % 2) * LINE + c % LINE;
                        *o = f32::from(numbers[place]) * scales[j * PANEL + c];
                    }
                }
            }
        }
    }
}
