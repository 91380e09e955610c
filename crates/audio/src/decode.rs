//! A recording of any known kind -> mono f32 blocks at its own rate (symphonia), channels joined by their mean.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;

use crate::error::{Error, Result};
use crate::source::{CONVERT, Source, is_end_of_data, is_opus, media, opus, unknown};

/// A recording being decoded.
pub(super) struct Decoder {
    name: PathBuf,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    rate: u32,
    channels: usize,
    /// How many frames (samples of each channel) the header promises.
    promised: Option<u64>,
    frames: u64,
    good_packets: u64,
    bad_packets: u64,
    /// The first block, which [`Decoder::open`] decoded to learn the rate.
    first: Option<Vec<f32>>,
    interleaved: Vec<f32>,
    /// Why the recording ended before its end, if it did.
    broke_off: Option<String>,
    ended: bool,
}

impl Decoder {
    pub(super) fn open(source: &Source) -> Result<Self> {
        let name = source.name().to_path_buf();
        let (head, media) = media(source)?;
        let mut hint = Hint::new();
        if let Some(extension) = name.extension().and_then(|e| e.to_str()) {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(media, Default::default());
        let probe = symphonia::default::get_probe();
        let format = guarded(|| probe.probe(&hint, stream, Default::default(), Default::default()))
            .map_err(|fault| Error::audio(&name, unknown(&head, &fault)))?;

        let track = (format.default_track(TrackType::Audio)).ok_or_else(|| {
            let reason = match is_opus(&head) {
                true => opus(&name),
                false => "holds no sound that wsac knows (perhaps only pictures)".to_owned(),
            };
            Error::audio(&name, reason)
        })?;
        let promised = track.num_frames;
        let track = track.id;
        let decoder = make_decoder(&name, format.as_ref())?;
        let mut this = Self {
            name,
            format,
            decoder,
            track,
            rate: 0,
            channels: 0,
            promised,
            frames: 0,
            good_packets: 0,
            bad_packets: 0,
            first: None,
            interleaved: Vec::new(),
            broke_off: None,
            ended: false,
        };
        this.first = this.next_mono()?;
        if this.first.is_none() {
            this.verdict()?;
            let reason = match this.broke_off.take() {
                Some(fault) => format!("breaks off before its first sample ({fault})"),
                None => "holds no sound (0 samples)".to_owned(),
            };
            return Err(Error::audio(this.name, reason));
        }
        Ok(this)
    }

    /// Samples per second of the recording.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// How many samples of each channel the header promises, where it does.
    pub(super) fn promised(&self) -> Option<u64> {
        self.promised
    }

    /// How many channels it has.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// The next samples, the mean over the channels; never empty; `None` at the end.
    pub(super) fn next_mono(&mut self) -> Result<Option<Vec<f32>>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        while !self.ended {
            match guarded(|| self.format.next_packet()) {
                Ok(Some(packet)) if packet.track_id == self.track => {
                    if let Some(mono) = self.decode(&packet)? {
                        return Ok(Some(mono));
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => self.ended = true,
                // Chained streams (OGG) start anew with headers of their own.
                Err(Fault::ResetRequired) => {
                    match self.format.default_track(TrackType::Audio) {
                        Some(track) => self.track = track.id,
                        None => self.ended = true,
                    }
                    self.promised = None;
                    self.decoder = make_decoder(&self.name, self.format.as_ref())?;
                }
                Err(fault) => self.break_off(fault)?,
            }
        }
        Ok(None)
    }

    /// One packet; `None` where it gave no samples.
    fn decode(&mut self, packet: &symphonia::core::packet::Packet) -> Result<Option<Vec<f32>>> {
        let decoded = match guarded(|| self.decoder.decode(packet)) {
            Ok(decoded) => decoded,
            // A packet that cannot be decoded is passed over; the next ones may be whole.
            Err(Fault::DecodeError(_) | Fault::IoError(_)) => {
                self.bad_packets += 1;
                return Ok(None);
            }
            Err(Fault::ResetRequired) => {
                self.decoder.reset();
                return Ok(None);
            }
            Err(fault) => {
                self.break_off(fault)?;
                return Ok(None);
            }
        };
        let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
        if decoded.frames() == 0 || channels == 0 {
            return Ok(None);
        }
        if self.good_packets == 0 {
            self.rate = rate;
        } else if rate != self.rate {
            let was = self.rate;
            self.broke_off = Some(format!("its rate changes from {was} to {rate} Hz"));
            self.ended = true;
            return Ok(None);
        }
        self.channels = self.channels.max(channels);
        self.good_packets += 1;
        self.frames += decoded.frames() as u64;
        decoded.copy_to_vec_interleaved(&mut self.interleaved);
        let mean = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
        Ok(Some(
            self.interleaved.chunks_exact(channels).map(mean).collect(),
        ))
    }

    /// Ends the stream at a fault: an error of the system is passed on, a broken file is remembered.
    fn break_off(&mut self, fault: Fault) -> Result<()> {
        self.ended = true;
        match fault {
            Fault::IoError(e) if !is_end_of_data(&e) => Err(Error::io(&self.name, e)),
            fault => {
                self.broke_off = Some(fault.to_string());
                Ok(())
            }
        }
    }

    /// At the end: a warning about what could not be decoded, or the error that hardly anything could.
    pub(super) fn verdict(&self) -> Result<Option<String>> {
        let (good, bad) = (self.good_packets, self.bad_packets);
        if bad > good {
            let all = good + bad;
            let reason = format!("is damaged: {bad} of its {all} packets cannot be decoded");
            return Err(Error::audio(&self.name, reason));
        }
        let (name, rate) = (self.name.display(), f64::from(self.rate.max(1)));
        let analysis = self.frames as f64 / rate;
        // Encoders pad by a packet or two, so a little less than promised is nothing.
        let short = self.promised.map(|p| p as f64 / rate);
        let short = short.filter(|promised| analysis < promised - 0.25);
        Ok(match (short, &self.broke_off) {
            (Some(promised), _) => Some(format!(
                "{name}: is truncated: {analysis:.1} of {promised:.1} s could be read"
            )),
            (None, Some(fault)) => Some(format!(
                "{name}: breaks off after {analysis:.1} s ({fault})"
            )),
            (None, None) if bad > 0 => Some(format!(
                "{name}: is damaged: {bad} packets could not be decoded and are left out"
            )),
            (None, None) => None,
        })
    }
}

/// Calls into the decoding library. It is not ours, and a hostile file may find a panic in it: that is an error of
/// this file, not the end of the program.
fn guarded<T>(
    call: impl FnOnce() -> std::result::Result<T, Fault>,
) -> std::result::Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or(Err(Fault::Unsupported("the decoder gave up on it")))
}

fn make_decoder(name: &Path, format: &dyn FormatReader) -> Result<Box<dyn AudioDecoder>> {
    let track = format.default_track(TrackType::Audio);
    let codec = match track.and_then(|t| t.codec_params.as_ref()) {
        Some(CodecParameters::Audio(codec)) => codec,
        _ => {
            let reason = format!("has sound of an unknown kind; {CONVERT}");
            return Err(Error::audio(name, reason));
        }
    };
    let make = |codec: &AudioCodecParameters| {
        symphonia::default::get_codecs().make_audio_decoder(codec, &Default::default())
    };
    guarded(|| make(codec)).map_err(|fault| {
        let reason = match codec.codec == CODEC_ID_OPUS {
            true => opus(name),
            false => format!("has sound of a kind that wsac cannot decode ({fault}); {CONVERT}"),
        };
        Error::audio(name, reason)
    })
}
