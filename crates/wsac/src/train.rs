//! Training from text alone: captions and their embeddings -> a decoder that reconstructs each caption from its embedding.
//!
//! One step: sample a batch, augment its embeddings (section 3.1), cross-entropy of the captions, one Adam update.
//! Everything random comes from streams named by seed, epoch and position, so a run can stop after any step and resume
//! bit for bit as if it had not stopped.
//!
//! ```text
//! job -> plan (training and held-out data) -> prepare (embeddings, examples) -> trainer (steps) -> run folder
//! ```

mod auxiliary;
mod batches;
mod card;
mod check;
mod checkpoint;
mod config;
mod embedding_cache;
mod examples;
mod folder;
mod hash;
mod identity;
mod job;
mod lists;
mod log;
mod plan;
mod prepare;
mod related;
mod request;
mod run;
mod schedule;
mod settings;
mod trainer;

pub use config::{Noise, Optimizer, Related, Replace, TrainConfig};
pub use embedding_cache::embed_cached;
pub use examples::{Examples, Prompts};
pub use job::{Altered, Event, Job, Outcome};
pub use lists::RaggedLists;
pub use prepare::Prepared;
pub use request::{Inputs, Preset, Request};
pub use run::run;
pub use schedule::Schedule;
pub use trainer::{Step, Trainer};

#[cfg(test)]
mod tests;
