//! Embeddings as arrays [n, d], f32, and back.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use wsac::encoders::embedding::Embeddings;

use crate::errors::OrRaise;

/// A row whose squared length is off 1 by less is a unit row.
const UNIT: f32 = 1e-5;

/// Rows as an array, without a copy.
pub fn matrix(py: Python<'_>, rows: Embeddings) -> PyResult<Bound<'_, PyArray2<f32>>> {
    let shape = [rows.len(), rows.dim()];
    PyArray1::from_vec(py, rows.into_vec()).reshape(shape)
}

/// The rows of an array, scaled to unit length; unit rows stay bit for bit as they are.
///
/// # Errors
/// If a row has no direction, or the array is not contiguous.
pub fn rows_of(py: Python<'_>, array: &PyReadonlyArray2<'_, f32>) -> PyResult<Embeddings> {
    let (dim, rows) = (array.shape()[1], array.as_slice()?);
    let unit = |row: &[f32]| (row.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < UNIT;
    let made = match dim > 0 && rows.chunks_exact(dim).all(unit) {
        true => Embeddings::from_unit_rows(dim, rows.to_vec()),
        false => Embeddings::new(dim, rows.to_vec()),
    };
    made.or_raise(py)
}
