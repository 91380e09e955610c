//! The paper's experiments: a grid of data x training strategy x inference strategy x seed -> captions, scores, a table.
//!
//! ```text
//! Config -data-> Data{training captions, Items to caption} -encoding-> the audio tower's output per item
//!        -training-> a run folder per strategy and seed -captioning-> captions per inference strategy
//!        -scoring-> scores per item -table-> rows of means, spreads, intervals and differences
//! ```
//!
//! The output of a stage is in the experiment's folder, named by everything that determines it ([`artifact_cache`]): a
//! second run resumes where the first one stopped, and a changed setting repeats only what depends on it.

pub mod artifact_cache;
mod captioning;
pub mod config;
pub mod data;
pub mod encoding;
mod extra_corpora;
mod grid;
mod mixture;
pub mod report;
pub mod scoring;
pub mod table;
pub mod text_probe;
mod training;

pub use captioning::Captioned;
pub use config::Config;
pub use grid::{Cell, Event, Outcome, Setup, Used, run};
pub use scoring::{Measure, Scorer};
pub use wsac::{Error, Result};
