//! Opus: packets -> interleaved samples at 48 kHz.

use rusty_opus::repacketizer::samples_per_frame;
use rusty_opus::{Error, OpusDecoder};

/// The rate of every Opus stream as it is decoded, in Hz.
pub(super) const RATE: u32 = 48_000;

/// The most samples of each channel in a packet: 120 ms.
const MOST: usize = 5_760;

/// A decoder of one stream.
pub(super) struct Opus {
    decoder: Box<OpusDecoder>,
    channels: usize,
    /// Samples of each channel that the encoder put before the sound and that are still to be left out.
    to_skip: usize,
    /// What the samples are multiplied by.
    gain: f32,
}

impl Opus {
    /// The decoder that the identification header `head` describes (RFC 7845, section 5.1; in MP4 with its numbers the
    /// other way round); without one, a plain one of `channels` channels.
    ///
    /// # Errors
    /// For more than two channels, which are several streams in one.
    pub(super) fn new(head: Option<&[u8]>, channels: usize) -> Result<Self, Error> {
        let head = head.filter(|head| head.starts_with(b"OpusHead") && head.len() >= 19);
        let (mut to_skip, mut gain, mut many) = (0, 0, channels);
        if let Some(head) = head {
            let in_mp4 = head[8] == 0;
            let word = |at: usize| {
                let bytes = [head[at], head[at + 1]];
                if in_mp4 {
                    u16::from_be_bytes(bytes)
                } else {
                    u16::from_le_bytes(bytes)
                }
            };
            (to_skip, gain, many) = (word(10).into(), word(16) as i16, head[9].into());
            if head[18] != 0 {
                return Err(Error::BadArg("several streams in one"));
            }
        }
        Ok(Self {
            decoder: Box::new(OpusDecoder::new(RATE as i32, many)?),
            channels: many,
            to_skip,
            gain: 10f32.powf(f32::from(gain) / 256.0 / 20.0),
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
        let count = self.decoder.decode(packet, frames, samples)?;
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
