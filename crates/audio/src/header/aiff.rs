//! AIFF and AIFF-C -> [`Layout`].

use std::io::{Error, Read};

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known as codecs;

use crate::layout::{Coding, Layout, ends, floats, integers};
use crate::prefix::Prefix;

/// Reads the chunks until both the format and the sound are known; they may stand in any order.
pub(super) fn read<R: Read>(prefix: &mut Prefix<R>) -> Result<Layout, String> {
    let said = |e: Error| e.to_string();
    let kind: [u8; 4] = prefix.word(8).map_err(said)?.ok_or_else(ends)?;
    let (mut format, mut sound) = (None, None);
    let mut place = 12;
    loop {
        if let (Some((coding, rate, channels)), Some((start, claimed))) = (&format, sound) {
            let (coding, rate, channels) = (Coding::clone(coding), *rate, *channels);
            return Ok(Layout {
                coding,
                rate,
                channels,
                start,
                claimed,
                frames: None,
            });
        }
        let name: [u8; 4] = prefix.word(place).map_err(said)?.ok_or_else(ends)?;
        let size: [u8; 4] = prefix.word(place + 4).map_err(said)?.ok_or_else(ends)?;
        let (size, body) = (u32::from_be_bytes(size), place + 8);
        match &name {
            b"COMM" => {
                let fields: [u8; 18] = prefix.word(body).map_err(said)?.ok_or_else(ends)?;
                let compression = match &kind == b"AIFC" {
                    true => prefix.word(body + 18).map_err(said)?.ok_or_else(ends)?,
                    false => *b"NONE",
                };
                format = Some(read_format(&fields, compression));
            }
            b"SSND" => {
                let skip: [u8; 4] = prefix.word(body).map_err(said)?.ok_or_else(ends)?;
                let skip = u32::from_be_bytes(skip);
                let start = body.saturating_add(8).saturating_add(skip as usize);
                // Sizes of writers that could not know the length.
                let known = !(0x7fff_f000..=0x8000_0000).contains(&size) && size < 0xffff_f000;
                let claimed = u64::from(size).saturating_sub(8 + u64::from(skip));
                sound = Some((start, known.then_some(claimed)));
            }
            _ => {}
        }
        place = body.saturating_add((size as usize).saturating_add(1) / 2 * 2);
    }
}

/// The format chunk: how samples are written, their rate and the number of channels.
fn read_format(fields: &[u8; 18], compression: [u8; 4]) -> (Coding, u32, u16) {
    let word = |at: usize| u16::from_be_bytes([fields[at], fields[at + 1]]);
    let (channels, bits) = (word(0), word(6));
    let bytes = usize::from(bits).div_ceil(8);
    let law = |codec: AudioCodecId| (Some(codec), 1);
    let (codec, bytes) = match &compression {
        b"NONE" | b"twos" if bytes == 1 => (Some(codecs::CODEC_ID_PCM_S8), 1),
        b"NONE" | b"twos" => (integers(bytes, true), bytes),
        b"sowt" if bytes == 1 => (Some(codecs::CODEC_ID_PCM_S8), 1),
        b"sowt" => (integers(bytes, false), bytes),
        b"raw " => (Some(codecs::CODEC_ID_PCM_U8), 1),
        b"in24" => (integers(3, true), 3),
        b"in32" => (integers(4, true), 4),
        b"42ni" => (integers(3, false), 3),
        b"23ni" => (integers(4, false), 4),
        b"fl32" | b"FL32" => (floats(4, true), 4),
        b"fl64" | b"FL64" => (floats(8, true), 8),
        b"alaw" | b"ALAW" => law(codecs::CODEC_ID_PCM_ALAW),
        b"ulaw" | b"ULAW" => law(codecs::CODEC_ID_PCM_MULAW),
        _ => (None, 0),
    };
    let coding = match codec {
        Some(codec) => Coding::samples(codec, bytes, channels),
        None => {
            let name = String::from_utf8_lossy(&compression);
            Coding::Unknown(format!("sound of the kind {:?} in AIFF-C", name.trim_end()))
        }
    };
    (coding, extended(&fields[8..18]), channels)
}

/// The whole number nearest to an 80-bit floating-point number; 0 where it is none that a rate can be.
fn extended(bytes: &[u8]) -> u32 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]])) - 16_383;
    let mantissa = bytes[2..10]
        .iter()
        .fold(0u64, |m, &b| m << 8 | u64::from(b));
    match (0..=31).contains(&exponent) {
        true => (mantissa as f64 * 2f64.powi(exponent - 63)).round() as u32,
        false => 0,
    }
}
