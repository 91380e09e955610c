//! Named tensors on disk: safetensors (mapped), PyTorch's containers and pickles read as data alone, shards, and matrices
//! kept as f32, f16 or int8. Names -> shapes and numbers; nothing here knows a model.

pub mod atomic_file;
pub mod buffer;
pub mod dtype;
pub mod error;
pub mod matrix;
pub mod safetensors;
pub mod weights;

pub use error::{Error, Result};
