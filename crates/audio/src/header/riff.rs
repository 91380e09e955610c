//! WAV: RIFF, RIFX, RF64, BW64 and Wave64 -> [`Layout`].
//!
//! Only the chunks on the way to the sound are followed. The size of the whole is never used, and where the size of a
//! chunk leads nowhere, the sound is looked for from that chunk on.

use std::io::{Error, Read};

use super::tag::coding;
use crate::layout::{Coding, Layout, ends, is_name};
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
    let (mut format, mut long_size, mut frames) = (None, None, None);
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
                let size = size.clamp(16, 64) as usize;
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
            b"fact" => {
                let count = prefix.word(body).map_err(said)?.map(u32::from_le_bytes);
                frames = count
                    .filter(|count| (1..u32::MAX).contains(count))
                    .map(u64::from);
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
                    frames,
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
        let coding = match (tag, fields.get(18..)) {
            (0xff, Some(extra)) => {
                let size = usize::from(word(16)).min(extra.len());
                Coding::Aac(extra[..size].to_vec())
            }
            _ => coding(tag, channels, block, bits, big_endian),
        };
        Self {
            coding,
            rate: long(4),
            channels,
        }
    }
}
