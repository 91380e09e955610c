//! WAV: RIFF, RIFX, RF64, BW64 and Wave64 -> [`Layout`].
//!
//! Only the chunks on the way to the sound are followed. The size of the whole is never used, and where the size of a
//! chunk leads nowhere, the sound is looked for from that chunk on.

use std::io::{Error, Read};

use symphonia::core::codecs::audio::well_known as codecs;

use crate::layout::{Coding, Layout, ends, floats, integers, is_name};
use crate::prefix::Prefix;

/// What follows the four letters of a chunk's name in Wave64.
const GUID: [u8; 12] = [
    0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0x00, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a,
];

/// What follows the format tag in the long form of the format chunk.
const SUBTYPE: [u8; 14] = [
    0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71,
];

/// The same for Ambisonic B-format.
const SUBTYPE_AMBISONIC: [u8; 14] = [
    0x00, 0x00, 0x21, 0x07, 0xd3, 0x11, 0x86, 0x44, 0xc8, 0xc1, 0xca, 0x00, 0x00, 0x00,
];

/// Reads the header up to the sound.
pub(super) fn read<R: Read>(prefix: &mut Prefix<R>, wave64: bool) -> Result<Layout, String> {
    let said = |e: Error| e.to_string();
    let magic: [u8; 4] = prefix.word(0).map_err(said)?.ok_or_else(ends)?;
    let big_endian = &magic == b"RIFX";
    let framing = Framing { big_endian, wave64 };
    let (mut format, mut long_size) = (None, None);
    let mut chunk = framing.chunk(prefix, if wave64 { 40 } else { 12 })?;
    // Where the sound is looked for if the chunks lead nowhere.
    let mut from = 12;
    loop {
        let Some(Chunk { name, size, body }) = chunk else {
            chunk = Some(framing.sought(prefix, from, format.is_some())?);
            continue;
        };
        match &name {
            b"fmt " => {
                let size = size.clamp(16, 40) as usize;
                // Some files claim more than they have; the first 16 bytes are what matters.
                let fields = match prefix.at(body, size).map_err(said)? {
                    Some(fields) => fields.to_vec(),
                    None => prefix
                        .at(body, 16)
                        .map_err(said)?
                        .ok_or_else(ends)?
                        .to_vec(),
                };
                format = Some(Format::read(&fields, big_endian));
            }
            b"ds64" => {
                let size: Option<[u8; 8]> = prefix.word(body + 8).map_err(said)?;
                long_size = size.map(u64::from_le_bytes);
            }
            b"data" => {
                let Format {
                    coding,
                    rate,
                    channels,
                } = format.ok_or(
                    "has a header that does not say what its sound is (WAV without a format)",
                )?;
                let claimed = match long_size {
                    Some(long) if size >= 0xffff_ffff || size == 0 => Some(long),
                    _ => Some(size),
                };
                return Ok(Layout {
                    coding,
                    rate,
                    channels,
                    start: body,
                    claimed: claimed.filter(|&size| !unknown(size, wave64)),
                });
            }
            _ => {}
        }
        from = body;
        chunk = framing.behind(prefix, body, size)?;
    }
}

/// Whether this size of the sound means that the writer did not know: `0xFFFFFFFF` (ffmpeg), `0x7FFFF000` (sox, espeak)
/// and `0x80000000` (arecord), each also less a header.
fn unknown(size: u64, wave64: bool) -> bool {
    match wave64 {
        true => size > u64::MAX >> 1,
        false => {
            (0x7fff_f000..=0x8000_0000).contains(&size)
                || (0xffff_f000..=0xffff_ffff).contains(&size)
                || size > u64::MAX >> 1
        }
    }
}

/// How chunks are written.
#[derive(Clone, Copy)]
struct Framing {
    big_endian: bool,
    wave64: bool,
}

struct Chunk {
    name: [u8; 4],
    /// Bytes of its body, as it claims.
    size: u64,
    /// Where its body begins.
    body: usize,
}

impl Framing {
    /// The chunk at `place`, if there can be one.
    fn chunk<R: Read>(self, prefix: &mut Prefix<R>, place: usize) -> Result<Option<Chunk>, String> {
        let said = |e: Error| e.to_string();
        let Some(name) = prefix
            .word(place)
            .map_err(said)?
            .filter(|&name| is_name(name))
        else {
            return Ok(None);
        };
        let (size, body) = if self.wave64 {
            let guid: Option<[u8; 12]> = prefix.word(place + 4).map_err(said)?;
            let size = prefix.word(place + 16).map_err(said)?;
            let known = guid.is_some_and(|guid| guid == GUID);
            match size.filter(|_| known) {
                // The size counts the chunk's own header.
                Some(size) => (u64::from_le_bytes(size).saturating_sub(24), place + 24),
                None => return Ok(None),
            }
        } else {
            match prefix.word(place + 4).map_err(said)? {
                Some(size) if self.big_endian => (u32::from_be_bytes(size).into(), place + 8),
                Some(size) => (u32::from_le_bytes(size).into(), place + 8),
                None => return Ok(None),
            }
        };
        Ok(Some(Chunk { name, size, body }))
    }

    /// The chunk behind one whose body of `size` bytes begins at `body`.
    fn behind<R: Read>(
        self,
        prefix: &mut Prefix<R>,
        body: usize,
        size: u64,
    ) -> Result<Option<Chunk>, String> {
        let Some(end) = usize::try_from(size)
            .ok()
            .and_then(|size| body.checked_add(size))
        else {
            return Ok(None);
        };
        if self.wave64 {
            return self.chunk(prefix, end.saturating_add(7) / 8 * 8);
        }
        // A chunk of odd size is followed by a byte that counts for nothing; some writers forget it.
        match self.chunk(prefix, end)? {
            None if end % 2 == 1 => self.chunk(prefix, end + 1),
            chunk => Ok(chunk),
        }
    }

    /// The next chunk of a name that we know at or behind `from`.
    fn sought<R: Read>(
        self,
        prefix: &mut Prefix<R>,
        from: usize,
        has_format: bool,
    ) -> Result<Chunk, String> {
        let name = if has_format { b"data" } else { b"fmt " };
        let mut from = from;
        loop {
            let found = prefix.find(name, from).map_err(|e| e.to_string())?;
            let place = found.ok_or(match has_format {
                true => "holds no sound: its header is not followed by samples (WAV without data)",
                false => {
                    "is damaged: its header does not say what its sound is (WAV without a format)"
                }
            })?;
            if let Some(chunk) = self.chunk(prefix, place)? {
                return Ok(chunk);
            }
            from = place + 1;
        }
    }
}

/// The format chunk.
struct Format {
    coding: Coding,
    rate: u32,
    channels: u16,
}

impl Format {
    /// `fields` has at least 16 bytes.
    fn read(fields: &[u8], big_endian: bool) -> Self {
        let word = |at: usize| {
            let bytes = [fields[at], fields[at + 1]];
            if big_endian {
                u16::from_be_bytes(bytes)
            } else {
                u16::from_le_bytes(bytes)
            }
        };
        let long = |at: usize| {
            let (first, second) = (u32::from(word(at)), u32::from(word(at + 2)));
            if big_endian {
                first << 16 | second
            } else {
                second << 16 | first
            }
        };
        let (mut tag, channels, block, bits) = (word(0), word(2), word(12), word(14));
        if tag == 0xfffe && fields.len() >= 40 {
            tag = match fields[26..40] == SUBTYPE || fields[26..40] == SUBTYPE_AMBISONIC {
                true => word(24),
                false => 0xfffe,
            };
        }
        let coding = coding(tag, channels, block, bits, big_endian);
        Self {
            coding,
            rate: long(4),
            channels,
        }
    }
}

/// How sound of the format `tag` is written: `block` bytes for each block, `bits` for a sample.
fn coding(tag: u16, channels: u16, block: u16, bits: u16, big_endian: bool) -> Coding {
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
        0x50 | 0x55 | 0x1600 | 0x1610 => return Coding::Stream,
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
