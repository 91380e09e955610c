//! One decoder for every kind of packet: symphonia's, and Opus. Packets -> interleaved f32 samples.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::errors::Error as Fault;
use symphonia::core::packet::Packet;

use crate::guard::guarded;
use crate::opus::{self, Opus};

/// A decoder of one track.
pub(super) enum Codec {
    Usual(Box<dyn AudioDecoder>),
    Opus(Box<Opus>),
}

/// How the samples of a packet are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spec {
    /// Samples a second.
    pub rate: u32,
    /// Channels, interleaved.
    pub channels: usize,
}

impl Codec {
    /// The decoder for a track with these `parameters`.
    pub(super) fn new(parameters: &AudioCodecParameters) -> Result<Self, Fault> {
        if parameters.codec == CODEC_ID_OPUS {
            let channels = parameters
                .channels
                .as_ref()
                .map_or(2, |channels| channels.count());
            let head = parameters.extra_data.as_deref();
            let opus = Opus::new(head, channels).map_err(|_| {
                Fault::Unsupported("Opus of more than two channels, or a damaged header")
            })?;
            return Ok(Self::Opus(Box::new(opus)));
        }
        let make =
            || symphonia::default::get_codecs().make_audio_decoder(parameters, &Default::default());
        Ok(Self::Usual(guarded(make)?))
    }

    /// Decodes `packet` into `samples`.
    pub(super) fn decode(
        &mut self,
        packet: &Packet,
        samples: &mut Vec<f32>,
    ) -> Result<Spec, Fault> {
        match self {
            Self::Usual(decoder) => {
                let decoded = guarded(|| decoder.decode(packet))?;
                let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
                samples.clear();
                if decoded.frames() > 0 && channels > 0 {
                    decoded.copy_to_vec_interleaved(samples);
                }
                Ok(Spec { rate, channels })
            }
            Self::Opus(decoder) => {
                let decoded = guarded(|| Ok(decoder.decode(&packet.data, samples)))?;
                decoded.map_err(|_| Fault::DecodeError("a damaged Opus packet"))?;
                let (rate, channels) = (opus::RATE, decoder.channels());
                // What the container says is beyond the end of the sound.
                let kept = samples.len() / channels.max(1);
                let kept =
                    kept.saturating_sub(usize::try_from(packet.trim_end.get()).unwrap_or(kept));
                samples.truncate(kept * channels);
                Ok(Spec { rate, channels })
            }
        }
    }

    /// Forgets what came before, at a break in the stream.
    pub(super) fn reset(&mut self) {
        if let Self::Usual(decoder) = self {
            decoder.reset();
        }
    }
}
