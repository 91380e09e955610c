//! Mel spectrograms: samples [n] -> mel frames [F, mels] -> log-mel frames or patches.
//!
//! The pieces every front end is made of are [`Stft`] (frame -> spectrum) and [`MelBank`] (spectrum -> mel bands);
//! a front end puts them together as its network was trained: [`YamnetFrontEnd`] as YAMNet (AudioSet, Google),
//! [`LogMel`] as all families of CLAP.

mod bank;
mod log_mel;
mod stft;
mod yamnet;

pub use bank::MelBank;
pub use log_mel::LogMel;
pub use stft::{Stft, hann};
pub use yamnet::YamnetFrontEnd;
