//! The weights of a model by name, wherever they lie: name -> shape and f32 [shape].
//!
//! Architectures read through the trait [`Weights`] alone, so the same code loads a safetensors file, a PyTorch
//! checkpoint or, in tests and benchmarks, a [`formula`]. [`WeightLoader`] is how a whole model is read: it gathers
//! everything that is missing, wrong or left over, and reports it in one message.

mod file;
pub mod folder;
mod loader;
mod pickle;
mod shards;
mod single;
pub mod synthetic;
mod torch;

use std::path::Path;

use safetensors::tensor::Dtype;

pub use crate::buffer::Buffer;
use crate::error::Result;
use crate::matrix::EmbeddingMatrix;
use crate::safetensors::Tensors;
pub use file::WeightFile;
pub use loader::{UnusedKeys, WeightLoader};
use wsac_nn::matmul::ProductDtype;

/// Named tensors that can be read as f32.
pub trait Weights: Sync {
    /// The file they come from, for messages.
    fn path(&self) -> &Path;

    /// What the network that is read will multiply in; f32 where nobody says otherwise.
    fn precision(&self) -> ProductDtype {
        ProductDtype::F32
    }

    /// The names of all tensors, in no certain order.
    fn names(&self) -> Vec<&str>;

    /// The shape of tensor `name`, where there is one.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// The numbers of tensor `name`, row-major.
    ///
    /// # Errors
    /// Where there is no such tensor, it has not this `shape`, or its numbers cannot be read as f32.
    fn get(&self, name: &str, shape: &[usize]) -> Result<Buffer>;

    /// Matrix `name` [N, width] to be read row by row: int8 where the file keeps it so.
    ///
    /// # Errors
    /// As [`Weights::get`].
    fn rows(&self, name: &str, [rows, width]: [usize; 2]) -> Result<EmbeddingMatrix> {
        EmbeddingMatrix::new(width, self.get(name, &[rows, width])?.into_vec())
    }
}

impl Weights for Tensors<'_> {
    fn path(&self) -> &Path {
        Tensors::path(self)
    }

    fn names(&self) -> Vec<&str> {
        Tensors::names(self)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Tensors::shape(self, name)
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<Buffer> {
        match self.in_place(name, shape, Dtype::F32) {
            Some(numbers) => Ok(numbers),
            None => Tensors::get(self, name, shape).map(Buffer::from),
        }
    }

    fn rows(&self, name: &str, _: [usize; 2]) -> Result<EmbeddingMatrix> {
        EmbeddingMatrix::read(self, name)
    }
}
