//! Points of the shared audio-text space: `Embedding` [d] and `Embeddings` [N, d], unit L2 norm by construction.

pub use wsac_nn::attention::dot;
pub use wsac_nn::norm::normalize;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// One point on the unit sphere of the shared space: `d` numbers, L2 norm 1.
///
/// Written and read as a list of its numbers; one whose length is off 1 by more than 1e-3 is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f32>", into = "Vec<f32>")]
pub struct Embedding(Vec<f32>);

impl TryFrom<Vec<f32>> for Embedding {
    type Error = Error;

    fn try_from(values: Vec<f32>) -> Result<Self> {
        let rows = Embeddings::from_unit_rows(values.len(), values)?;
        Ok(Self(rows.into_vec()))
    }
}

impl From<Embedding> for Vec<f32> {
    fn from(embedding: Embedding) -> Self {
        embedding.0
    }
}

impl Embedding {
    /// Scales `values` to unit length. `None` where they have no direction (all zero, or not finite).
    pub fn new(mut values: Vec<f32>) -> Option<Self> {
        normalize(&mut values).then_some(Self(values))
    }

    /// The `d` numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The `d` numbers, owned.
    pub fn into_vec(self) -> Vec<f32> {
        self.0
    }

    /// The cosine of the angle to `other`, in [-1, 1].
    pub fn cosine(&self, other: &Embedding) -> f32 {
        dot(&self.0, &other.0)
    }
}

/// `N` embeddings as rows of one matrix [N, d]; every row has unit L2 norm.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Embeddings {
    dim: usize,
    data: Vec<f32>,
}

impl Embeddings {
    /// Scales each row of `data` [N, dim] to unit length.
    ///
    /// # Errors
    /// Where a row has no direction (all zero, or not finite), or `data` is no multiple of `dim`.
    pub fn new(dim: usize, mut data: Vec<f32>) -> Result<Self> {
        if dim == 0 || !data.len().is_multiple_of(dim) {
            return Err(Error::Config(format!(
                "{} numbers are no rows of {dim}",
                data.len()
            )));
        }
        for (i, row) in data.chunks_exact_mut(dim).enumerate() {
            if !normalize(row) {
                return Err(Error::Config(format!(
                    "embedding {i} is zero or not finite, so it has no direction"
                )));
            }
        }
        Ok(Self { dim, data })
    }

    /// Takes rows that were unit when they were written, bit for bit as they are.
    ///
    /// # Errors
    /// Where a row's length is off 1 by more than 1e-3, or `data` is no multiple of `dim`.
    pub fn from_unit_rows(dim: usize, data: Vec<f32>) -> Result<Self> {
        let unit = |row: &[f32]| (dot(row, row).sqrt() - 1.0).abs() < 1e-3;
        if dim == 0 || !data.len().is_multiple_of(dim) || !data.chunks_exact(dim).all(unit) {
            return Err(Error::Config(format!(
                "these are no unit rows of {dim} numbers"
            )));
        }
        Ok(Self { dim, data })
    }

    /// No rows yet, each to have `dim` numbers.
    pub fn empty(dim: usize) -> Self {
        Self {
            dim,
            data: Vec::new(),
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.data.len().checked_div(self.dim).unwrap_or(0)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The width `d` of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Row `i`, `d` numbers.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.dim..(i + 1) * self.dim]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.data.chunks_exact(self.dim.max(1))
    }

    /// The whole matrix [N, d], row-major.
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }

    /// The whole matrix [N, d], owned.
    pub fn into_vec(self) -> Vec<f32> {
        self.data
    }

    /// The rows of `range` alone.
    ///
    /// # Panics
    /// Where `range` leaves the matrix.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        let (dim, range) = (self.dim, range.start * self.dim..range.end * self.dim);
        let data = self.data[range].to_vec();
        Self { dim, data }
    }

    /// Row `i` as an [`Embedding`].
    pub fn get(&self, i: usize) -> Embedding {
        Embedding(self.row(i).to_vec())
    }

    /// Adds a row at the end.
    ///
    /// # Panics
    /// Where the widths differ: one space has one width.
    pub fn push(&mut self, embedding: &Embedding) {
        assert_eq!(
            embedding.0.len(),
            self.dim,
            "embeddings of one space have one width"
        );
        self.data.extend_from_slice(&embedding.0);
    }

    /// The mean of the rows, not normalised; zeros where there are none.
    pub fn mean(&self) -> Vec<f32> {
        let mut sum = vec![0f64; self.dim];
        for row in self.rows() {
            sum.iter_mut()
                .zip(row)
                .for_each(|(s, &x)| *s += f64::from(x));
        }
        let n = self.len().max(1) as f64;
        sum.iter().map(|s| (s / n) as f32).collect()
    }
}

/// The cosine of two vectors; 0 where one has no direction.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let norms = (product(a, a) * product(b, b)).sqrt();
    if norms > 0.0 {
        product(a, b) / norms
    } else {
        0.0
    }
}
