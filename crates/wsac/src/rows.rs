//! A matrix [N, width] read row by row, kept in memory as f32 or as int8 with one scale a row (a quarter of the size).

use std::ops::Range;

use crate::embedding::normalize;
use crate::error::{Error, Result};
use crate::tensors::{TensorFile, Tensors, quantise_rows};

/// `N` rows of `width` numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    width: usize,
    numbers: Numbers,
}

#[derive(Debug, Clone, PartialEq)]
enum Numbers {
    F32(Vec<f32>),
    Int8 { values: Vec<i8>, scales: Vec<f32> },
}

impl Rows {
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
        let numbers = Numbers::F32(data);
        Ok(Self { width, numbers })
    }

    /// Tensor `name` [N, width], whatever N and width: int8 stays int8, any other kind becomes f32.
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
        if tensors.shape(&scale).is_none() {
            return Self::new(width, tensors.get(name, &shape)?);
        }
        let values = tensors.get_i8(name, &shape)?;
        let scales = tensors.get(&scale, &[rows])?;
        let numbers = Numbers::Int8 { values, scales };
        Ok(Self { width, numbers })
    }

    /// Adds the matrix to `file` as tensor `name`, as it is kept here.
    pub fn write(&self, file: &mut TensorFile, name: &str) {
        let shape = [self.len(), self.width];
        match &self.numbers {
            Numbers::F32(data) => file.f32(name, &shape, data),
            Numbers::Int8 { values, scales } => {
                file.i8(name, &shape, values);
                file.f32(&format!("{name}.scale"), &[self.len()], scales);
            }
        }
    }

    /// The same rows as int8: an entry is off by at most 1/254 of the largest one of its row.
    pub fn quantise(&self) -> Self {
        let numbers = match &self.numbers {
            Numbers::F32(data) => {
                let (values, scales) = quantise_rows(self.len(), data);
                Numbers::Int8 { values, scales }
            }
            int8 => int8.clone(),
        };
        Self {
            width: self.width,
            numbers,
        }
    }

    /// Scales every row to unit L2 norm (of an int8 row only the scale changes).
    ///
    /// # Errors
    /// Where a row has no direction (all zero, or not finite); the message has its index.
    pub fn normalise(&mut self) -> Result<()> {
        let width = self.width;
        let lost = match &mut self.numbers {
            Numbers::F32(data) => data.chunks_exact_mut(width).position(|row| !normalize(row)),
            Numbers::Int8 { values, scales } => {
                let rows = values.chunks_exact(width).zip(scales);
                rows.map(|(row, scale)| {
                    let square: i32 = row.iter().map(|&q| i32::from(q) * i32::from(q)).sum();
                    let has_direction = square > 0 && *scale > 0.0 && scale.is_finite();
                    *scale = 1.0 / (square as f32).sqrt();
                    has_direction
                })
                .position(|has_direction| !has_direction)
            }
        };
        lost.map_or(Ok(()), |i| {
            Err(Error::Config(format!(
                "row {i} is zero or not finite, so it has no direction"
            )))
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        let numbers = match &self.numbers {
            Numbers::F32(data) => data.len(),
            Numbers::Int8 { values, .. } => values.len(),
        };
        numbers.checked_div(self.width).unwrap_or(0)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows of `range` where they are kept as f32, [range, width].
    pub fn as_f32(&self, range: Range<usize>) -> Option<&[f32]> {
        match &self.numbers {
            Numbers::F32(data) => Some(&data[range.start * self.width..range.end * self.width]),
            Numbers::Int8 { .. } => None,
        }
    }

    /// Writes the rows of `range` to `out` [range, width] as f32.
    ///
    /// # Panics
    /// Where `range` leaves the matrix or `out` has another size.
    pub fn copy_to(&self, range: Range<usize>, out: &mut [f32]) {
        let all = range.start * self.width..range.end * self.width;
        match &self.numbers {
            Numbers::F32(data) => out.copy_from_slice(&data[all]),
            Numbers::Int8 { values, scales } => {
                let rows = values[all].chunks_exact(self.width);
                let out = out.chunks_exact_mut(self.width);
                for ((out, row), scale) in out.zip(rows).zip(&scales[range]) {
                    wsac_nn::search::widen(out, *scale, row);
                }
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
        let rows = Rows::new(2, vec![1.0, -0.5, 0.25, 0.125, 0.0, 0.0]).unwrap();
        for rows in [rows.quantise(), rows] {
            let mut file = TensorFile::new();
            rows.write(&mut file, "m");
            let bytes = file.to_bytes().unwrap();
            let tensors = Tensors::parse("m.safetensors", &bytes).unwrap();
            assert_eq!(Rows::read(&tensors, "m").unwrap(), rows);
            let mut out = [0.0; 4];
            rows.copy_to(0..2, &mut out);
            crate::golden::assert_close("rows", &out, &[1.0, -0.5, 0.25, 0.125], 0.004);
            let missing = Rows::read(&tensors, "n").unwrap_err().to_string();
            assert!(missing.starts_with("m.safetensors: tensor n is missing or no"));
        }
        assert!(Rows::new(4, vec![0.0; 6]).is_err());
    }

    #[test]
    fn rows_of_both_kinds_are_brought_to_unit_length() {
        let rows = Rows::new(3, vec![1.0, -2.0, 0.5, 3.0, 3.0, 0.1]).unwrap();
        for mut rows in [rows.quantise(), rows] {
            rows.normalise().unwrap();
            let mut out = [0.0; 3];
            rows.copy_to(1..2, &mut out);
            let norm: f32 = out.iter().map(|x| x * x).sum();
            assert!((norm - 1.0).abs() < 1e-6, "{norm}");
        }
        let rows = Rows::new(2, vec![1.0, 0.0, 0.0, 0.0]).unwrap();
        for mut rows in [rows.quantise(), rows] {
            let error = rows.normalise().unwrap_err().to_string();
            assert!(error.starts_with("row 1 is zero"), "{error}");
        }
    }
}
