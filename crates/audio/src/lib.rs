//! Recordings to samples: any recording -> mono blocks at a wanted rate, with bounded memory; samples -> log-mel frames.

mod cancel;
mod decode;
pub mod error;
pub mod mel;
mod pcm;
mod resample;
mod samples;
mod source;
mod stream;

pub use cancel::CancelToken;
pub use error::{Error, Result};
pub use pcm::{Encoding, PcmFormat};
pub use resample::{RATES, Resampler};
pub use samples::{Owner, Samples};
pub use source::Source;
pub use stream::{AudioStream, Waveform};
