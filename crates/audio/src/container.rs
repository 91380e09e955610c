//! What packets come from: a container that symphonia reads, or samples behind a header -> the packets of one track.

use std::collections::VecDeque;

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackFlags};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use crate::guard::guarded;
use crate::raw_aac::RawAac;
use crate::samples::Samples;

/// A container, opened.
pub(super) enum Container {
    Samples(Samples),
    Aac(RawAac),
    Tracks(Tracks),
}

/// A container of symphonia's, and the track that is heard.
pub(super) struct Tracks {
    format: Box<dyn FormatReader>,
    track: u32,
    /// Packets whose end is to be cut off, held back until it is clear that the stream does end there: MP3 that was joined
    /// goes on behind its promised end, and some pages of Ogg end before their packets do.
    held: Vec<Packet>,
    ready: VecDeque<Packet>,
    /// How the stream ended, to be told when all packets are given.
    end: Option<Result<(), Fault>>,
    /// Whether the stream went on behind its promised end.
    goes_on: bool,
}

/// How many packets an encoder pads its stream with at most.
const PADDING_PACKETS: usize = 4;

/// A track of sound, as the container describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Described {
    pub id: u32,
    /// Whether the container says that this is the track to take.
    pub default: bool,
    /// Its length in seconds, where the container says it.
    pub seconds: Option<f64>,
}

impl Tracks {
    /// Opens the container in `media`; `extension` is what its file name ends with.
    pub(super) fn open(
        media: Box<dyn MediaSource>,
        extension: Option<&str>,
    ) -> Result<Self, Fault> {
        let mut hint = Hint::new();
        if let Some(extension) = extension {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(media, Default::default());
        let probe = symphonia::default::get_probe();
        let options = FormatOptions::default();
        let format = guarded(|| probe.probe(&hint, stream, options, Default::default()))?;
        Ok(Self {
            format,
            track: 0,
            held: Vec::new(),
            ready: VecDeque::new(),
            end: None,
            goes_on: false,
        })
    }

    /// The tracks of sound.
    pub(super) fn described(&self) -> Vec<Described> {
        let sound = self
            .format
            .tracks()
            .iter()
            .filter(|track| audio(track).is_some());
        let described = sound.map(|track| Described {
            id: track.id,
            default: track.flags.contains(TrackFlags::DEFAULT),
            seconds: seconds(track),
        });
        described.collect()
    }

    /// From now on packets of the track `id` are given.
    pub(super) fn choose(&mut self, id: u32) {
        self.track = id;
    }

    /// The chosen track's parameters, where there is one.
    pub(super) fn parameters(&self) -> Option<&AudioCodecParameters> {
        let tracks = self.format.tracks();
        audio(tracks.iter().find(|track| track.id == self.track)?)
    }

    /// How many seconds the chosen track has, as the container says; `None` where it does not.
    pub(super) fn promised(&self) -> Option<f64> {
        let tracks = self.format.tracks();
        let track = tracks.iter().find(|track| track.id == self.track)?;
        let whole = || {
            let info = self.format.media_info();
            let time = info.time_base?.calc_duration(info.duration?)?;
            Some(time.as_secs_f64())
        };
        // A fragmented MP4 says 0.
        seconds(track)
            .or_else(whole)
            .filter(|&seconds| seconds > 0.0)
    }

    /// The next packet of the chosen track. At [`Fault::ResetRequired`] another stream begins.
    pub(super) fn next_packet(&mut self) -> Result<Option<Packet>, Fault> {
        loop {
            if let Some(packet) = self.ready.pop_front() {
                return Ok(Some(packet));
            }
            if let Some(end) = self.end.take() {
                return end.map(|()| None);
            }
            match guarded(|| self.format.next_packet()) {
                Ok(Some(packet)) if packet.track_id != self.track => {}
                Ok(Some(packet)) if packet.trim_end > Duration::ZERO && !self.goes_on => {
                    self.held.push(packet);
                    if self.held.len() > PADDING_PACKETS {
                        self.goes_on = true;
                        self.ready.extend(self.held.drain(..).map(whole));
                    }
                }
                Ok(Some(packet)) => {
                    self.ready.extend(self.held.drain(..).map(whole));
                    self.ready.push_back(whole(packet));
                }
                // Only here something is cut off.
                ended => {
                    self.ready.extend(self.held.drain(..));
                    self.end = Some(ended.map(|_| ()));
                }
            }
        }
    }

    /// Where another stream has begun (chained Ogg): its first track of sound.
    pub(super) fn restart(&mut self) -> bool {
        let first = self
            .format
            .tracks()
            .iter()
            .find(|track| audio(track).is_some());
        let found = first.map(|track| track.id);
        self.goes_on = false;
        self.track = found.unwrap_or_default();
        found.is_some()
    }
}

/// The packet without the end that is cut off.
fn whole(mut packet: Packet) -> Packet {
    packet.dur = packet.dur.saturating_add(packet.trim_end);
    packet.trim_end = Duration::ZERO;
    packet
}

/// The parameters of a track of sound.
fn audio(track: &Track) -> Option<&AudioCodecParameters> {
    match track.codec_params.as_ref()? {
        CodecParameters::Audio(parameters) => Some(parameters),
        _ => None,
    }
}

/// The length of a track.
fn seconds(track: &Track) -> Option<f64> {
    let by_duration = || {
        let time = track.time_base?.calc_duration(track.duration?)?;
        Some(time.as_secs_f64())
    };
    let rate = audio(track)?.sample_rate.filter(|&rate| rate > 0);
    let by_frames = || Some(track.num_frames? as f64 / f64::from(rate?));
    by_frames().or_else(by_duration)
}
