//! Recordings to samples: any recording -> mono blocks at a wanted rate, with bounded memory; samples -> log-mel frames.

mod aac;
mod advice;
mod cancel;
mod codec;
mod container;
mod decode;
pub mod error;
pub mod ffmpeg;
mod frames;
mod guard;
mod header;
mod hearing;
mod input;
mod kind;
mod layout;
mod length;
pub mod mel;
mod mended;
mod mixdown;
mod opening;
mod opus;
mod ours;
mod pcm;
mod prefix;
mod recording;
mod resample;
mod samples;
mod source;
mod stream;

pub use cancel::CancelToken;
pub use error::{Error, Result};
pub use hearing::Hearing;
pub use mixdown::ChannelChoice;
pub use pcm::{Encoding, PcmFormat};
pub use source::Source;
pub use stream::{AudioStream, Waveform};
