//! Pictures, tables and a page of an audio captioner's experiments: plain numbers in, SVG, PNG, HTML and tables out.
//!
//! This crate knows nothing of models, recordings or flags. Everything it draws follows from its input and a seed, bit
//! for bit, with any number of threads; every PNG uses the font in `fonts/`, so it looks the same everywhere.
//!

mod error;
pub mod gap;
mod png;
mod random;
pub mod svg;
pub mod tsne;

pub use error::{Error, Result};
pub use svg::Drawing;
