//! Numbers of a tensor: f32, our own or still in a mapped file.

use std::ops::Deref;

/// The f32 numbers of a tensor, row-major.
#[derive(Debug, Clone)]
pub struct Numbers(Vec<f32>);

impl Numbers {
    /// The numbers as a vector of our own, to change or to keep.
    pub fn into_vec(self) -> Vec<f32> {
        self.0
    }
}

impl From<Vec<f32>> for Numbers {
    fn from(numbers: Vec<f32>) -> Self {
        Self(numbers)
    }
}

impl Deref for Numbers {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}
