//! The samples behind a header: a byte stream and its [`Layout`] -> packets of whole blocks, up to the true end.
//!
//! Where the size in the header ends, it is looked whether something else begins there (another chunk, a tag, padding).
//! If nothing does, the sound goes on: the recorder died before it wrote the size, or the size is above 4 GB.

use std::io::{ErrorKind, Read, Result};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::layout::{Family, Layout, is_name};

/// About how many samples of each channel are a packet.
const FRAMES: usize = 4096;

/// A stream of bytes.
pub(super) type Stream = Box<dyn Read + Send + Sync>;

/// The samples of a file.
pub(super) struct Samples {
    stream: Stream,
    family: Family,
    parameters: AudioCodecParameters,
    /// Bytes, and samples of each channel, in a block.
    block: (usize, usize),
    /// How many bytes the header claims, while they are not reached.
    left: Option<u64>,
    /// Whether the header claims that there is nothing.
    claims_nothing: bool,
    waiting: Vec<u8>,
    /// Samples of each channel given so far.
    given: u64,
    ended: bool,
}

impl Samples {
    /// The samples of `stream`, which begins where the layout says; `block` is that of its coding.
    pub(super) fn new(
        stream: Stream,
        family: Family,
        layout: &Layout,
        codec: AudioCodecId,
        block: (usize, usize),
    ) -> Self {
        let mut parameters = AudioCodecParameters::new();
        parameters
            .for_codec(codec)
            .with_sample_rate(layout.rate)
            .with_channels(Channels::Discrete(layout.channels))
            .with_frames_per_block(block.1 as u64)
            .with_max_frames_per_packet(FRAMES.max(block.1) as u64);
        Self {
            stream,
            family,
            parameters,
            block,
            left: layout.claimed,
            claims_nothing: layout.claimed == Some(0),
            waiting: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    /// What a decoder of the packets needs to know.
    pub(super) fn parameters(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    /// How many samples of each channel `bytes` bytes are.
    pub(super) fn frames(&self, bytes: u64) -> u64 {
        bytes / self.block.0 as u64 * self.block.1 as u64
    }

    /// The next whole blocks; `None` at the end.
    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>> {
        let (bytes, frames) = self.block;
        let wanted = (FRAMES / frames).max(1) * bytes;
        while self.waiting.len() < wanted && !self.ended {
            self.fill(wanted)?;
        }
        let blocks = self.waiting.len().min(wanted) / bytes;
        if blocks == 0 {
            return Ok(None);
        }
        let rest = self.waiting.split_off(blocks * bytes);
        let data = std::mem::replace(&mut self.waiting, rest);
        let (start, length) = (self.given, (blocks * frames) as u64);
        self.given += length;
        let start = Timestamp::new(start.try_into().unwrap_or(i64::MAX));
        Ok(Some(Packet::new(0, start, Duration::new(length), data)))
    }

    /// Reads on, at most until `wanted` bytes wait.
    fn fill(&mut self, wanted: usize) -> Result<()> {
        if self.left == Some(0) {
            return self.look_behind();
        }
        let room = (wanted - self.waiting.len()) as u64;
        let most = self.left.map_or(room, |left| left.min(room));
        let had = self.waiting.len();
        self.waiting.resize(had + most as usize, 0);
        let read = read(&mut self.stream, &mut self.waiting[had..]);
        self.waiting.truncate(had + *read.as_ref().unwrap_or(&0));
        let count = read?;
        self.ended = count == 0;
        if let Some(left) = &mut self.left {
            *left -= count as u64;
        }
        Ok(())
    }

    /// Where the claimed size is reached: ends, or goes on if there is more sound.
    fn look_behind(&mut self) -> Result<()> {
        let mut behind = [0; 9];
        let mut count = 0;
        while count < behind.len() {
            match read(&mut self.stream, &mut behind[count..])? {
                0 => break,
                n => count += n,
            }
        }
        self.ended = count < 8 || self.is_other(&behind[..count]);
        if !self.ended {
            self.waiting.extend_from_slice(&behind[..count]);
            self.left = None;
        }
        Ok(())
    }

    /// Whether `behind`, 8 or 9 bytes behind the claimed end, are no sound.
    fn is_other(&self, behind: &[u8]) -> bool {
        let chunk = |at: usize| {
            let Some([a, b, c, d, size @ ..]) = behind.get(at..at + 8) else {
                return false;
            };
            let size = match self.family {
                Family::Riff => size.last(),
                Family::Wave64 => None,
                Family::Aiff | Family::Au => size.first(),
            };
            // No chunk behind the sound is larger than 256 MB.
            is_name([*a, *b, *c, *d]) && size.is_none_or(|&most| most < 16)
        };
        let tags: [&[u8]; 3] = [b"TAG", b"ID3", b"APETAGEX"];
        let padding = !self.claims_nothing && behind.iter().all(|&b| b == 0);
        chunk(0) || chunk(1) || padding || tags.iter().any(|tag| behind.starts_with(tag))
    }
}

/// Reads once, again where a signal came between.
fn read(stream: &mut Stream, to: &mut [u8]) -> Result<usize> {
    loop {
        match stream.read(to) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
