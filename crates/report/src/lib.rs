//! Pictures, tables and a page of an audio captioner's experiments: plain numbers in, SVG, PNG, HTML and tables out.
//!
//! This crate knows nothing of models, recordings or flags. Everything it draws follows from its input and a seed, bit
//! for bit, with any number of threads; every PNG uses the font in `fonts/`, so it looks the same everywhere.
//!
//! ```
//! use wsac_report::curves::{Curves, Run};
//! let run = Run { name: "noise".into(), validation: vec![vec![(1.0, 3.2), (2.0, 2.9)]], ..Run::default() };
//! let drawing = Curves { title: "Loss".into(), runs: vec![run], ..Curves::default() }.draw()?;
//! assert!(drawing.svg().starts_with("<svg"));
//! assert!(drawing.png(1.0)?.starts_with(b"\x89PNG"));
//! # Ok::<(), wsac_report::Error>(())
//! ```

pub mod bars;
pub mod clip;
pub mod curves;
mod error;
mod font;
pub mod gap;
pub mod histogram;
pub mod page;
mod png;
mod random;
pub mod sheet;
pub mod svg;
pub mod table;
pub mod tsne;

pub use error::{Error, Result};
pub use svg::Drawing;
