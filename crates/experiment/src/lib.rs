//! The paper's experiments: a grid of data x training strategy x inference strategy x seed -> captions, scores, a table.
//!
//! ```text
//! Config -data-> Data{captions to learn from, Items to judge} -hearing-> Heard per item
//!        -training-> a run folder a strategy and seed -telling-> captions per inference strategy
//!        -judging-> scores per item -table-> rows of means, spreads, intervals and differences
//! ```
//!
//! Every stage lies in the experiment's folder under a name made of all that shaped it ([`stage`]), so that a second run
//! goes on where the first one was stopped, and a changed setting makes anew only what hangs on it.

pub mod config;
pub mod data;
mod further;
mod grid;
pub mod hearing;
pub mod judging;
mod mixture;
pub mod probe;
pub mod report;
pub mod stage;
pub mod table;
mod telling;
mod training;

pub use config::Config;
pub use grid::{Cell, Event, Outcome, Setup, run};
pub use judging::{Judge, Measure};
pub use wsac::{Error, Result};
