//! Opus: packets -> interleaved samples at 48 kHz.

use rusty_opus::multistream::OpusMSDecoder;
use rusty_opus::repacketizer::samples_per_frame;
use rusty_opus::{Error, OpusDecoder};

/// The rate of every Opus stream as it is decoded, in Hz.
pub(super) const RATE: u32 = 48_000;

/// The most samples of each channel in a packet: 120 ms.
const MOST: usize = 5_760;

/// A decoder of one stream.
pub(super) struct Opus {
    streams: Streams,
    channels: usize,
    /// Samples of each channel that the encoder put before the sound and that are still to be left out.
    to_skip: usize,
    /// What the samples are multiplied by.
    gain: f32,
}

enum Streams {
    One(Box<OpusDecoder>),
    Surround(Box<OpusMSDecoder>),
}

impl Opus {
    /// The decoder that the identification header `head` describes (RFC 7845, section 5.1); without one, a plain one of
    /// `channels` channels.
    pub(super) fn new(head: Option<&[u8]>, channels: usize) -> Result<Self, Error> {
        let head = head.filter(|head| head.starts_with(b"OpusHead") && head.len() >= 19);
        let Some(head) = head else {
            let streams = Streams::One(Box::new(OpusDecoder::new(RATE as i32, channels)?));
            return Ok(Self {
                streams,
                channels,
                to_skip: 0,
                gain: 1.0,
            });
        };
        let channels = usize::from(head[9]);
        let to_skip = usize::from(u16::from_le_bytes([head[10], head[11]]));
        let decibels = f32::from(i16::from_le_bytes([head[16], head[17]])) / 256.0;
        let streams = match head[18] {
            0 => Streams::One(Box::new(OpusDecoder::new(RATE as i32, channels)?)),
            family => {
                let surround = OpusMSDecoder::new(RATE as i32, channels, family.into())?;
                Streams::Surround(Box::new(surround))
            }
        };
        Ok(Self {
            streams,
            channels,
            to_skip,
            gain: 10f32.powf(decibels / 20.0),
        })
    }

    /// The number of channels.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// The samples of a packet, interleaved, into `samples`.
    pub(super) fn decode(&mut self, packet: &[u8], samples: &mut Vec<f32>) -> Result<(), Error> {
        let frames = length(packet).ok_or(Error::InvalidPacket("no frames"))?;
        samples.clear();
        samples.resize(frames * self.channels, 0.0);
        let count = match &mut self.streams {
            Streams::One(decoder) => decoder.decode(packet, frames, samples),
            Streams::Surround(decoder) => decoder.decode(packet, frames, samples),
        }?;
        samples.truncate(count * self.channels);
        let skipped = self.to_skip.min(count);
        self.to_skip -= skipped;
        samples.drain(..skipped * self.channels);
        if self.gain != 1.0 {
            samples.iter_mut().for_each(|x| *x *= self.gain);
        }
        Ok(())
    }
}

/// How many samples of each channel `packet` holds (RFC 6716, section 3); `None` where it cannot be one.
fn length(packet: &[u8]) -> Option<usize> {
    let &toc = packet.first()?;
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(packet.get(1)? & 63),
    };
    let length = count * usize::try_from(samples_per_frame(toc, RATE as i32)).ok()?;
    (1..=MOST).contains(&length).then_some(length)
}
