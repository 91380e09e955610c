//! A matrix [N, width] read row by row, kept as f32, f16 or int8 (a half and a quarter of the size; of the last two a row has
//! one scale), in memory or in a mapped file.

use std::ops::Range;

use half::f16;
use rayon::prelude::*;
use safetensors::tensor::Dtype;
use wsac_nn::search::{Number, add_weighted, dots, widen};

use crate::buffer::Buffer;
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::safetensors::{TensorFile, Tensors, quantise_rows};
use wsac_nn::norm::normalize;

/// An f32 row whose squared length is off 1 by less is a unit row, and left as it is.
const UNIT: f64 = 1e-6;

/// `N` rows of `width` numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddingMatrix {
    width: usize,
    kept: Kept,
}

#[derive(Debug, Clone, PartialEq)]
enum Kept {
    F32(Buffer),
    F16(Scaled<f16>),
    Int8(Scaled<i8>),
}

/// Rows, and by what the numbers of each are to be multiplied, [N].
#[derive(Debug, Clone, PartialEq)]
struct Scaled<T: bytemuck::Pod + PartialEq> {
    values: Buffer<T>,
    scales: Vec<f32>,
}

/// Some rows as they are kept.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// Rows, row-major.
    F32(&'a [f32]),
    /// Rows, and the scale of each.
    F16(&'a [f16], &'a [f32]),
    /// Rows, and the scale of each.
    Int8(&'a [i8], &'a [f32]),
}

impl EmbeddingMatrix {
    /// The f32 matrix `data` [N, width], row-major.
    ///
    /// # Errors
    /// Where `data` is no multiple of `width`.
    pub fn new(width: usize, data: Vec<f32>) -> Result<Self> {
        if width == 0 || !data.len().is_multiple_of(width) {
            return Err(Error::Config(format!(
                "{} numbers are no rows of {width}",
                data.len()
            )));
        }
        let kept = Kept::F32(data.into());
        Ok(Self { width, kept })
    }

    /// No rows yet, each to have `width` numbers kept as `kind`.
    pub fn empty(width: usize, kind: StorageDtype) -> Self {
        fn none<T: bytemuck::Pod + PartialEq>() -> Scaled<T> {
            Scaled {
                values: Vec::new().into(),
                scales: Vec::new(),
            }
        }
        let kept = match kind {
            StorageDtype::F32 => Kept::F32(Vec::new().into()),
            StorageDtype::F16 => Kept::F16(none()),
            StorageDtype::Int8 => Kept::Int8(none()),
        };
        Self { width, kept }
    }

    /// Adds `rows` [n, width] at the end, so that a large matrix never has to be whole as f32.
    ///
    /// # Panics
    /// Where `rows` are no multiple of the width.
    pub fn append(&mut self, rows: &[f32]) {
        assert!(rows.len().is_multiple_of(self.width), "whole rows");
        let n = rows.len() / self.width;
        match &mut self.kept {
            Kept::F32(data) => data.to_mut().extend_from_slice(rows),
            Kept::F16(Scaled { values, scales }) => {
                values
                    .to_mut()
                    .extend(rows.iter().map(|&x| f16::from_f32(x)));
                scales.resize(scales.len() + n, 1.0);
            }
            Kept::Int8(Scaled { values, scales }) => {
                let (more, their) = quantise_rows(n, rows);
                values.to_mut().extend(more);
                scales.extend(their);
            }
        }
    }

    /// Tensor `name` [N, width], whatever N and width: f32, f16 and int8 stay as they are, and where they are if the file is
    /// mapped; any other kind becomes f32.
    ///
    /// # Errors
    /// Where there is no such matrix, or its scales do not fit.
    pub fn read(tensors: &Tensors, name: &str) -> Result<Self> {
        let shape = tensors.shape(name).unwrap_or_default();
        let (rows, width) = match shape.as_slice() {
            &[rows, width] if width > 0 => (rows, width),
            _ => return Err(tensors.wrong(name, "is missing or no matrix [N, width]".into())),
        };
        let scale = format!("{name}.scale");
        let kept = if tensors.shape(&scale).is_some() {
            let values = match tensors.in_place(name, &shape, Dtype::I8) {
                Some(values) => values,
                None => tensors.get_i8(name, &shape)?.into(),
            };
            let scales = tensors.get(&scale, &[rows])?;
            Kept::Int8(Scaled { values, scales })
        } else if tensors.kind(name) == Some(Dtype::F16) {
            let values = match tensors.in_place(name, &shape, Dtype::F16) {
                Some(values) => values,
                None => tensors.get_f16(name, &shape)?.into(),
            };
            let scales = vec![1.0; rows];
            Kept::F16(Scaled { values, scales })
        } else {
            Kept::F32(match tensors.in_place(name, &shape, Dtype::F32) {
                Some(values) => values,
                None => tensors.get(name, &shape)?.into(),
            })
        };
        Ok(Self { width, kept })
    }

    /// Adds the matrix to `file` as tensor `name`, as it is kept here. Of f16 rows the scales are not written: such a file
    /// says nothing of the lengths of its rows.
    pub fn write(&self, file: &mut TensorFile, name: &str) {
        let shape = [self.len(), self.width];
        match &self.kept {
            Kept::F32(data) => file.f32(name, &shape, data),
            Kept::F16(Scaled { values, .. }) => file.halves(name, &shape, values),
            Kept::Int8(Scaled { values, scales }) => {
                file.i8(name, &shape, values);
                file.f32(&format!("{name}.scale"), &[self.len()], scales);
            }
        }
    }

    /// The same rows kept as `kind`.
    pub fn kept_as(&self, kind: StorageDtype) -> Self {
        if self.kind() == kind {
            return self.clone();
        }
        let mut rows = Self::empty(self.width, kind);
        let mut some = Vec::new();
        for first in (0..self.len()).step_by(1 << 12) {
            let range = first..(first + (1 << 12)).min(self.len());
            some.resize(range.len() * self.width, 0.0);
            self.copy_to(range, &mut some);
            rows.append(&some);
        }
        rows
    }

    /// How the numbers are kept.
    pub fn kind(&self) -> StorageDtype {
        match &self.kept {
            Kept::F32(_) => StorageDtype::F32,
            Kept::F16(_) => StorageDtype::F16,
            Kept::Int8(_) => StorageDtype::Int8,
        }
    }

    /// Scales every row to unit L2 norm (of an f16 or int8 row only the scale changes; f32 rows that are unit stay where
    /// they are).
    ///
    /// # Errors
    /// Where a row has no direction (all zero, or not finite); the message has its index.
    pub fn normalise(&mut self) -> Result<()> {
        let width = self.width;
        let lost = match &mut self.kept {
            Kept::F32(data) => {
                let squares =
                    |row: &[f32]| -> f64 { row.iter().map(|&x| f64::from(x) * f64::from(x)).sum() };
                let unit = |row: &[f32]| (1.0 - squares(row)).abs() < UNIT;
                match data.par_chunks_exact(width).all(unit) {
                    true => None,
                    false => (data.to_mut().par_chunks_exact_mut(width))
                        .position_first(|row| !normalize(row)),
                }
            }
            Kept::F16(rows) => rows.normalise(width, |row| {
                row.iter().map(|x| x.to_f32()).map(|x| x * x).sum()
            }),
            Kept::Int8(rows) => rows.normalise(width, |row| {
                let squares = row.iter().map(|&q| i32::from(q) * i32::from(q));
                squares.sum::<i32>() as f32
            }),
        };
        lost.map_or(Ok(()), |i| {
            Err(Error::Config(format!(
                "row {i} is zero or not finite, so it has no direction"
            )))
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match &self.kept {
            Kept::F32(data) => data.len() / self.width,
            Kept::F16(rows) => rows.scales.len(),
            Kept::Int8(rows) => rows.scales.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The bytes that the rows take.
    pub fn bytes(&self) -> usize {
        let each = match self.kind() {
            StorageDtype::F32 => 4 * self.width,
            StorageDtype::F16 => 2 * self.width + 4,
            StorageDtype::Int8 => self.width + 4,
        };
        self.len() * each
    }

    /// The rows of `range` as they are kept.
    pub fn view(&self, range: Range<usize>) -> View<'_> {
        let all = range.start * self.width..range.end * self.width;
        match &self.kept {
            Kept::F32(data) => View::F32(&data[all]),
            Kept::F16(rows) => View::F16(&rows.values[all], &rows.scales[range]),
            Kept::Int8(rows) => View::Int8(&rows.values[all], &rows.scales[range]),
        }
    }

    /// Writes the rows of `range` to `out` [range, width] as f32.
    ///
    /// # Panics
    /// Where `range` leaves the matrix or `out` has another size.
    pub fn copy_to(&self, range: Range<usize>, out: &mut [f32]) {
        assert_eq!(out.len(), range.len() * self.width, "room for the rows");
        match self.view(range) {
            View::F32(rows) => out.copy_from_slice(rows),
            View::F16(rows, scales) => widen_rows(out, rows, scales),
            View::Int8(rows, scales) => widen_rows(out, rows, scales),
        }
    }
}

impl<T: bytemuck::Pod + PartialEq + Sync> Scaled<T> {
    /// Sets the scales so that rows have unit length; the first row for which there is none.
    fn normalise(&mut self, width: usize, square: impl Fn(&[T]) -> f32 + Sync) -> Option<usize> {
        let rows = self.values.par_chunks_exact(width);
        let set = |(row, scale): (&[T], &mut f32)| {
            let had = *scale;
            let norm = square(row).sqrt();
            *scale = 1.0 / norm;
            !(had > 0.0 && had.is_finite() && norm > 0.0 && norm.is_finite())
        };
        rows.zip(&mut self.scales).position_first(set)
    }
}

fn widen_rows<T: Number>(out: &mut [f32], rows: &[T], scales: &[f32]) {
    let width = out.len().checked_div(scales.len()).unwrap_or(0).max(1);
    let rows = out.chunks_exact_mut(width).zip(rows.chunks_exact(width));
    rows.zip(scales)
        .for_each(|((out, row), scale)| widen(out, *scale, row));
}

impl<'a> View<'a> {
    /// The rows, where they are f32.
    pub fn as_f32(self) -> Option<&'a [f32]> {
        match self {
            Self::F32(rows) => Some(rows),
            _ => None,
        }
    }

    /// `out[n]` = the product of each row with `x` [width].
    pub fn dots(self, out: &mut [f32], x: &[f32]) {
        let scales = match self {
            Self::F32(rows) => return dots(out, rows, x),
            Self::F16(rows, scales) => {
                dots(out, rows, x);
                scales
            }
            Self::Int8(rows, scales) => {
                dots(out, rows, x);
                scales
            }
        };
        out.iter_mut()
            .zip(scales)
            .for_each(|(o, scale)| *o *= scale);
    }

    /// `sum[width] += weights[n] rows`; rows that weigh at most `nothing` may be left out. Leaves weights times scales behind.
    pub fn add_weighted(self, sum: &mut [f32], weights: &mut [f32], nothing: f32) {
        let mut scale = |scales: &[f32]| {
            weights
                .iter_mut()
                .zip(scales)
                .for_each(|(w, scale)| *w *= scale);
        };
        match self {
            Self::F32(rows) => add_weighted(sum, weights, rows, nothing),
            Self::F16(rows, scales) => {
                scale(scales);
                add_weighted(sum, weights, rows, nothing);
            }
            Self::Int8(rows, scales) => {
                // Whole numbers up to 127 are that much larger than what they stand for.
                scale(scales);
                add_weighted(sum, weights, rows, nothing / 127.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_are_saved_loaded_and_quantised() {
        let rows = EmbeddingMatrix::new(2, vec![1.0, -0.5, 0.25, 0.125, 0.0, 0.0]).unwrap();
        for kind in [StorageDtype::F32, StorageDtype::F16, StorageDtype::Int8] {
            let rows = rows.kept_as(kind);
            assert!(rows.kind() == kind && rows.len() == 3);
            let mut file = TensorFile::new();
            rows.write(&mut file, "m");
            let bytes = file.to_bytes().unwrap();
            let tensors = Tensors::parse("m.safetensors", &bytes).unwrap();
            assert_eq!(EmbeddingMatrix::read(&tensors, "m").unwrap(), rows);
            let mut out = [0.0; 4];
            rows.copy_to(0..2, &mut out);
            wsac_golden::assert_close("rows", &out, &[1.0, -0.5, 0.25, 0.125], 0.004);
            let missing = EmbeddingMatrix::read(&tensors, "n")
                .unwrap_err()
                .to_string();
            assert!(missing.starts_with("m.safetensors: tensor n is missing or no"));
        }
        assert!(EmbeddingMatrix::new(4, vec![0.0; 6]).is_err());
    }

    #[test]
    fn rows_of_both_kinds_are_brought_to_unit_length() {
        let rows = EmbeddingMatrix::new(3, vec![1.0, -2.0, 0.5, 3.0, 3.0, 0.1]).unwrap();
        for kind in [StorageDtype::F32, StorageDtype::F16, StorageDtype::Int8] {
            let mut rows = rows.kept_as(kind);
            rows.normalise().unwrap();
            let mut out = [0.0; 3];
            rows.copy_to(1..2, &mut out);
            let norm: f32 = out.iter().map(|x| x * x).sum();
            assert!((norm - 1.0).abs() < 1e-6, "{norm}");
        }
        let rows = EmbeddingMatrix::new(2, vec![1.0, 0.0, 0.0, 0.0]).unwrap();
        for kind in [StorageDtype::F32, StorageDtype::F16, StorageDtype::Int8] {
            let mut rows = rows.kept_as(kind);
            let error = rows.normalise().unwrap_err().to_string();
            assert!(error.starts_with("row 1 is zero"), "{error}");
        }
    }
}
