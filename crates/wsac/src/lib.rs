//! Audio captioning from text-only training (WSAC, arXiv 2309.12242): audio to caption, captions to decoder.

pub mod arithmetic;
pub mod audio;
pub mod bridge;
pub mod bundled;
pub mod captioner;
pub mod checkpoint;
pub mod clap;
pub mod clauses;
pub mod dataset;
pub mod decoder;
pub mod embedding;
pub mod error;
pub mod fluency;
pub mod generate;
#[cfg(test)]
#[allow(dead_code)]
pub(crate) mod golden;
#[cfg(feature = "hub")]
pub mod hub;
pub mod mel;
pub mod memory;
pub mod model;
pub mod params;
pub mod paraphrase;
pub mod prompt;
pub mod rng;
pub mod rows;
pub mod tensors;
pub mod texts;
pub mod timeline;
pub mod tokenizer;
pub mod train;
pub mod weights;

pub use error::{Error, Result};
