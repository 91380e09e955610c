//! AU (Sun, NeXT) -> [`Layout`].

use std::io::{Error, Read};

use symphonia::core::codecs::audio::well_known as codecs;

use crate::layout::{Coding, Layout, ends, floats, integers};
use crate::prefix::Prefix;

/// Reads the six words of the header.
pub(super) fn read<R: Read>(prefix: &mut Prefix<R>) -> Result<Layout, String> {
    let said = |e: Error| e.to_string();
    let fields: [u8; 24] = prefix.word(0).map_err(said)?.ok_or_else(ends)?;
    let words = fields.as_chunks::<4>().0;
    let word = |at: usize| u32::from_be_bytes(words[at]);
    let (start, size, encoding, rate) = (word(1), word(2), word(3), word(4));
    let channels = u16::try_from(word(5)).unwrap_or(0);
    let (codec, bytes) = match encoding {
        1 => (Some(codecs::CODEC_ID_PCM_MULAW), 1),
        2 => (Some(codecs::CODEC_ID_PCM_S8), 1),
        3 => (integers(2, true), 2),
        4 => (integers(3, true), 3),
        5 => (integers(4, true), 4),
        6 => (floats(4, true), 4),
        7 => (floats(8, true), 8),
        27 => (Some(codecs::CODEC_ID_PCM_ALAW), 1),
        _ => (None, 0),
    };
    let coding = match codec {
        Some(codec) => Coding::samples(codec, bytes, channels),
        None => Coding::Unknown(format!("sound of the unknown kind {encoding} in AU")),
    };
    let claimed = (size != u32::MAX).then_some(u64::from(size));
    let start = start.max(24) as usize;
    Ok(Layout {
        coding,
        rate,
        channels,
        start,
        claimed,
        frames: None,
    })
}
