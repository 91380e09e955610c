//! What the header of a file of samples says: [`Layout`], and the words that the readers of headers share.
//!
//! A header may be wrong: who writes while recording cannot know the length, and a recorder that dies leaves what stood
//! there at first. So its size of the sound is a claim; the reader of the samples judges it.

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known as codecs;

/// What a header says of the sound behind it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub coding: Coding,
    /// Samples a second.
    pub rate: u32,
    /// The number of channels, interleaved; at least 1.
    pub channels: u16,
    /// Where the sound begins, in bytes.
    pub start: usize,
    /// How many bytes of sound there are, as far as the header claims to know.
    pub claimed: Option<u64>,
    /// How many samples of each channel, as far as the header claims to know it beside that.
    pub frames: Option<u64>,
}

/// How sound is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Coding {
    /// Blocks of equal size, each decoded by itself.
    Blocks {
        codec: AudioCodecId,
        /// Bytes of a block; at least 1.
        bytes: usize,
        /// Samples of each channel in a block; at least 1.
        frames: usize,
    },
    /// A stream of its own that is only packed in here (MP3, AAC with frame headers).
    Stream,
    /// AAC without frame headers, and its configuration.
    Aac(Vec<u8>),
    /// A kind that is not decoded here, in words.
    Unknown(String),
}

impl Coding {
    /// Samples of `bytes` bytes each.
    pub(super) fn samples(codec: AudioCodecId, bytes: usize, channels: u16) -> Self {
        let bytes = bytes * usize::from(channels);
        let frames = 1;
        Self::Blocks {
            codec,
            bytes,
            frames,
        }
    }
}

/// The families of such files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// RIFF, RIFX, RF64, BW64.
    Riff,
    /// Sony's Wave64.
    Wave64,
    /// AIFF and AIFF-C.
    Aiff,
    /// Sun's and NeXT's AU.
    Au,
}

/// Whether four bytes can be the name of a chunk.
pub(super) fn is_name(name: [u8; 4]) -> bool {
    let letters = name.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    let others = name.iter().filter(|b| b" _-.".contains(b)).count();
    letters >= 1 && letters + others == 4
}

/// What is said where a file ends too early for a header.
pub(super) fn ends() -> String {
    "ends within its header".to_owned()
}

/// The codec of whole numbers of 1 to 4 bytes.
pub(super) fn integers(bytes: usize, big_endian: bool) -> Option<AudioCodecId> {
    Some(match (bytes, big_endian) {
        (2, false) => codecs::CODEC_ID_PCM_S16LE,
        (3, false) => codecs::CODEC_ID_PCM_S24LE,
        (4, false) => codecs::CODEC_ID_PCM_S32LE,
        (2, true) => codecs::CODEC_ID_PCM_S16BE,
        (3, true) => codecs::CODEC_ID_PCM_S24BE,
        (4, true) => codecs::CODEC_ID_PCM_S32BE,
        _ => return None,
    })
}

/// The codec of floating-point numbers of 4 or 8 bytes.
pub(super) fn floats(bytes: usize, big_endian: bool) -> Option<AudioCodecId> {
    Some(match (bytes, big_endian) {
        (4, false) => codecs::CODEC_ID_PCM_F32LE,
        (8, false) => codecs::CODEC_ID_PCM_F64LE,
        (4, true) => codecs::CODEC_ID_PCM_F32BE,
        (8, true) => codecs::CODEC_ID_PCM_F64BE,
        _ => return None,
    })
}
