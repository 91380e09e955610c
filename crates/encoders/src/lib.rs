//! Audio and text to one embedding space, on a CPU, without Python: every CLAP family, and the built-in `mini`.
//!
//! ```text
//! recording -AudioTower-> analysis { embedding [d], sound events, class scores }      text -TextTower-> embeddings [N, d]
//! ```
//!
//! [`Encoder`] opens both towers of one space by name; what they give are unit embeddings, so that a dot product is the
//! cosine.

pub mod analysis;
pub mod assets;
pub mod bert_folder;
pub mod clap;
pub mod compute_dtype;
pub mod embedding;
pub mod encoder;
pub mod error;
pub mod fluency;
pub mod frames;
#[cfg(test)]
mod golden;
#[cfg(feature = "hub")]
pub mod hub;
pub mod mini;
pub mod models;
#[cfg(feature = "hub")]
pub mod named;
pub mod sentence;
pub mod text_only;
pub mod token_states;
pub mod tokenizer;
pub mod towers;

pub use analysis::{AudioAnalysis, Sound, SoundEvent};
pub use clap::audio_tower::ClapAudio;
pub use clap::checkpoint::ClapFiles;
pub use clap::family::Family;
pub use clap::text_tower::{ClapText, TextFiles};
pub use clap::windowing::Windows;
pub use encoder::{EmbeddingSpace, Encoder};
pub use error::{Error, Result};
pub use mini::sound_events::{ActivationTrack, Activations};
pub use sentence::SentenceBert;
pub use text_only::TextOnly;
pub use token_states::TokenStates;
pub use towers::{AudioTower, TextTower};
