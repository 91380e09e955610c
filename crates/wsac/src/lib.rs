//! Audio captioning from text-only training (WSAC, arXiv 2309.12242): audio to caption, captions to decoder.

pub mod bridge;
pub mod captioner;
pub mod clauses;
pub mod dataset;
pub mod decoder;
pub mod error;
pub mod generate;
pub mod memory;
pub mod model;
pub mod params;
pub mod paraphrase;
pub mod prompt;
pub mod texts;
pub mod timeline;
pub mod train;

pub use error::{Error, Result};
pub use wsac_audio as audio;
pub use wsac_encoders as encoders;
pub use wsac_nn::rng;
pub use wsac_tensors as tensors;
