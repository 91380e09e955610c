//! The kinds of sound that WAV files hold: format tag -> [`Coding`].

use symphonia::core::codecs::audio::well_known as codecs;

use crate::layout::{Coding, floats, integers};

/// How sound of the format `tag` is written: `block` bytes for each block, `bits` for a sample.
pub(super) fn coding(tag: u16, channels: u16, block: u16, bits: u16, big_endian: bool) -> Coding {
    let (block, many) = (usize::from(block), usize::from(channels.max(1)));
    // A sample of 12 bits stands in the upper bits of two bytes.
    let least = usize::from(bits).div_ceil(8);
    let bytes = match block % many == 0 && (least..=least + 1).contains(&(block / many)) {
        true => block / many,
        false => least,
    };
    let blocks = |codec, header: usize, first: usize| {
        // Each block begins with a header of each channel; then each sample takes 4 bits.
        let frames = block.saturating_sub(header * many) * 2 / many + first;
        match bits == 4 && block > header * many && channels <= 2 {
            true => Coding::Blocks {
                codec,
                bytes: block,
                frames,
            },
            false => Coding::Unknown("ADPCM with an odd block size".to_owned()),
        }
    };
    let codec = match tag {
        1 if bytes == 1 => Some(codecs::CODEC_ID_PCM_U8),
        1 => integers(bytes, big_endian),
        3 => floats(bytes, big_endian),
        6 => Some(codecs::CODEC_ID_PCM_ALAW),
        7 => Some(codecs::CODEC_ID_PCM_MULAW),
        2 => return blocks(codecs::CODEC_ID_ADPCM_MS, 7, 2),
        0x11 => return blocks(codecs::CODEC_ID_ADPCM_IMA_WAV, 4, 1),
        0x55 | 0x1600 | 0x1610 => return Coding::Stream,
        _ => None,
    };
    match codec {
        Some(codec) => Coding::samples(
            codec,
            if tag == 6 || tag == 7 { 1 } else { bytes },
            channels,
        ),
        None => Coding::Unknown(format!("{} in WAV", tag_name(tag, bits))),
    }
}

/// What the kind of sound is called.
fn tag_name(tag: u16, bits: u16) -> String {
    let name = match tag {
        1 | 3 => return format!("samples of {bits} bits"),
        0x22 => "TrueSpeech",
        0x31 => "GSM 6.10",
        0x42 => "G.723",
        0x45 | 0x64 => "G.726",
        0x50 => "MP2",
        0x92 | 0x2000 => "AC-3",
        0x2001 => "DTS",
        0xff | 0x1602 | 0x706d => "AAC",
        0x160..=0x163 => "Windows Media Audio",
        0x270 => "ATRAC3",
        0x674f..=0x6771 => "Vorbis",
        0xf1ac => "FLAC",
        _ => return format!("sound of the unknown kind {tag:#06x}"),
    };
    name.to_owned()
}
