//! AAC without frame headers, as it is packed into WAV: a byte stream -> the packets of its frames.
//!
//! Nothing says where a frame ends. But a decoder reads no further than a frame goes, and fails where that is missing: the
//! length of a frame is the least with which it can be decoded.

use std::io::{Read, Result};

use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as Fault;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::guard::guarded;
use crate::samples::Stream;

/// The most bytes of a frame, for each channel.
const MOST: usize = 768;

/// Samples of each channel in a frame.
const FRAMES: u64 = 1_024;

/// The frames of a stream.
pub(super) struct RawAac {
    stream: Stream,
    parameters: AudioCodecParameters,
    /// Decodes only to see whether that is possible.
    trial: Box<dyn AudioDecoder>,
    most: usize,
    waiting: Vec<u8>,
    given: u64,
}

impl RawAac {
    /// The frames of `stream`, which `config` (an AudioSpecificConfig) describes.
    pub(super) fn new(
        stream: Stream,
        config: &[u8],
        channels: u16,
    ) -> std::result::Result<Self, Fault> {
        let mut parameters = AudioCodecParameters::new();
        parameters
            .for_codec(CODEC_ID_AAC)
            .with_extra_data(config.into());
        let make = || {
            symphonia::default::get_codecs().make_audio_decoder(&parameters, &Default::default())
        };
        let trial = guarded(make)?;
        Ok(Self {
            stream,
            trial,
            parameters,
            most: MOST * usize::from(channels) + 1,
            waiting: Vec::new(),
            given: 0,
        })
    }

    /// What a decoder of the packets needs to know.
    pub(super) fn parameters(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    /// The next frame; `None` at the end, or where no frame can be found.
    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>> {
        let room = (self.most - self.waiting.len().min(self.most)) as u64;
        self.stream
            .by_ref()
            .take(room)
            .read_to_end(&mut self.waiting)?;
        let Some(length) = self.frame() else {
            return Ok(None);
        };
        let data: Vec<u8> = self.waiting.drain(..length).collect();
        let start = Timestamp::new((self.given * FRAMES).try_into().unwrap_or(i64::MAX));
        self.given += 1;
        Ok(Some(Packet::new(0, start, Duration::new(FRAMES), data)))
    }

    /// The length of the first frame of what waits.
    fn frame(&mut self) -> Option<usize> {
        let most = self.waiting.len();
        // Of nothing nothing is missing.
        if most == 0 || !self.is_enough(most) {
            return None;
        }
        let (mut least, mut enough) = (1, most);
        while least < enough {
            let middle = (least + enough) / 2;
            match self.is_enough(middle) {
                true => enough = middle,
                false => least = middle + 1,
            }
        }
        // The mark of the end may reach into one more byte, without which nothing is missed.
        let spills = enough < most && !self.ends_a_frame(enough) && self.ends_a_frame(enough + 1);
        Some(enough + usize::from(spills))
    }

    /// Whether the first `length` bytes have all of a frame.
    fn is_enough(&mut self, length: usize) -> bool {
        let packet = Packet::new(
            0,
            Timestamp::ZERO,
            Duration::new(FRAMES),
            &self.waiting[..length],
        );
        guarded(|| self.trial.decode(&packet).map(drop)).is_ok()
    }

    /// Whether the first `length` bytes end with the mark of an end, three ones, and at most seven zeros.
    fn ends_a_frame(&self, length: usize) -> bool {
        let Some(&[a, b]) = self
            .waiting
            .get(..length)
            .and_then(|bytes| bytes.last_chunk())
        else {
            return false;
        };
        let bits = u16::from_be_bytes([a, b]);
        bits.trailing_zeros() < 8 && bits >> bits.trailing_zeros() & 7 == 7
    }
}
