//! An open source and its kind -> its sound, decoded by the built-in libraries or by ffmpeg.

use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};
use symphonia::core::errors::Error as Fault;
use symphonia::core::io::{MediaSource, ReadOnlySource};

use crate::aac;
use crate::choice::{by_preference, has_sound};
use crate::codec::Codec;
use crate::container::{Container, Described, Tracks};
use crate::error::Error;
use crate::ffmpeg::{Complaint, Ffmpeg};
use crate::header;
use crate::input::Input;
use crate::kind::{Kind, Way};
use crate::layout::{Coding, Family, Layout};
use crate::ours::{Ours, is_end_of_data};
use crate::prefix::Prefix;
use crate::raw_aac::RawAac;
use crate::samples::{Samples, Stream};
use crate::transport::Transport;

/// Sound that is ready to be decoded.
pub(super) struct Opened {
    pub ours: Ours,
    /// The place of the track among those of sound, where there are several.
    pub track: Option<usize>,
    /// How many seconds there are to be read, for a progress bar.
    pub expected: Option<f64>,
    /// What is to be said of it.
    pub notes: Vec<String>,
}

/// Why it cannot be opened.
pub(super) enum Refused {
    /// For a reason that ends every attempt.
    For(Error),
    /// It cannot be decoded here; the fault in words.
    Fault(String),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::For(error)
    }
}

/// Opens `input` of this `kind`, for the built-in libraries; its track `wanted`, counted from 0.
pub(super) fn open(
    input: &mut Input,
    kind: Kind,
    wanted: Option<usize>,
) -> Result<Opened, Refused> {
    match kind.way {
        Way::Samples(_) | Way::Frames if wanted.is_some_and(|wanted| wanted > 0) => {
            Err(no_track(input, 1, wanted))
        }
        Way::Samples(family) => samples(input, family),
        Way::Stream => tracks(input, wanted),
        Way::Tracks => {
            input.settle()?;
            tracks(input, wanted)
        }
        Way::Frames => {
            let media = Box::new(ReadOnlySource::new(input.stream()?));
            packed(media, input)
        }
        // The place of a track among several is not known beforehand.
        Way::Transport if wanted.is_none_or(|wanted| wanted == 0) => {
            let frames = Transport::new(input.stream()?);
            packed(Box::new(ReadOnlySource::new(frames)), input)
        }
        Way::Transport | Way::Foreign | Way::NoSound => {
            Err(Refused::Fault("unknown here".to_owned()))
        }
    }
}

/// Samples behind a header, or a stream of frames that is packed like samples.
fn samples(input: &Input, family: Family) -> Result<Opened, Refused> {
    let mut prefix = Prefix::new(input.stream()?);
    let layout = header::read(family, &mut prefix).map_err(Refused::Fault)?;
    let stream: Stream = Box::new(prefix.into_stream(layout.start));
    match &layout.coding {
        Coding::Blocks {
            codec,
            bytes,
            frames,
        } => {
            input.forget();
            let there = input
                .len()
                .map(|all| all.saturating_sub(layout.start as u64));
            blocks(stream, family, &layout, *codec, (*bytes, *frames), there)
        }
        Coding::Stream => packed(Box::new(ReadOnlySource::new(stream)), input),
        Coding::Aac(config) => {
            let frames = RawAac::new(stream, config, layout.channels).map_err(fault)?;
            let codec = decoder(frames.parameters())?;
            let promised = layout
                .frames
                .map(|frames| frames as f64 / f64::from(layout.rate.max(1)));
            let ours = Ours::new(Container::Aac(frames), codec, promised);
            Ok(Opened {
                ours,
                track: None,
                expected: promised,
                notes: Vec::new(),
            })
        }
        Coding::Unknown(what) => Err(Refused::Fault(what.clone())),
    }
}

/// The blocks of `stream`, of which `there` bytes are there, where that is known.
fn blocks(
    stream: Stream,
    family: Family,
    layout: &Layout,
    codec: AudioCodecId,
    block: (usize, usize),
    there: Option<u64>,
) -> Result<Opened, Refused> {
    let samples = Samples::new(stream, family, layout, codec, block);
    let codec = decoder(samples.parameters())?;
    let seconds = |bytes| samples.frames(bytes) as f64 / f64::from(layout.rate.max(1));
    let promised = layout.claimed.map(seconds);
    let expected = match (layout.claimed.filter(|&claimed| claimed > 0), there) {
        (Some(claimed), Some(there)) => Some(seconds(claimed.min(there))),
        (claimed, there) => claimed.or(there).map(seconds),
    };
    let ours = Ours::new(Container::Samples(samples), codec, promised);
    Ok(Opened {
        ours,
        track: None,
        expected,
        notes: Vec::new(),
    })
}

/// A stream of frames, whose length nobody knows beforehand.
fn packed(media: Box<dyn MediaSource>, input: &Input) -> Result<Opened, Refused> {
    let mut tracks = Tracks::open(media, extension(input)).map_err(fault)?;
    let described = tracks.described();
    let first = described.first().ok_or_else(no_sound)?;
    tracks.choose(first.id);
    let codec = decoder(tracks.parameters().ok_or_else(no_sound)?)?;
    let promised = tracks.promised();
    let ours = Ours::new(Container::Tracks(tracks), codec, promised);
    Ok(Opened {
        ours,
        track: None,
        expected: promised,
        notes: Vec::new(),
    })
}

/// A container of tracks: the wanted one, else the one that the container prefers, else the longest that is not silent.
fn tracks(input: &mut Input, wanted: Option<usize>) -> Result<Opened, Refused> {
    let open = |input: &Input| Tracks::open(input.media()?, extension(input)).map_err(fault);
    let mut tracks = open(input)?;
    let described = tracks.described();
    let count = described.len();
    let mut notes = Vec::new();
    let name = input.name().display().to_string();
    let chosen = match wanted {
        Some(wanted) if wanted >= count => return Err(no_track(input, count, Some(wanted))),
        Some(wanted) => wanted,
        None if count == 1 => 0,
        None => {
            input.settle()?;
            let is_heard = |described: &Described| {
                open(input).is_ok_and(|tracks| has_sound(tracks, described))
            };
            let order = by_preference(&described);
            let heard = order.iter().find(|&&one| is_heard(&described[one]));
            let chosen = *heard.or(order.first()).ok_or_else(no_sound)?;
            tracks = open(input)?;
            notes.push(format!(
                "{name}: has {count} tracks of sound; track {} is heard (--track chooses another)",
                chosen + 1
            ));
            chosen
        }
    };
    tracks.choose(described[chosen].id);
    let codec = decoder(tracks.parameters().ok_or_else(no_sound)?)?;
    let promised = tracks.promised();
    let ours = Ours::new(Container::Tracks(tracks), codec, promised);
    let track = (count > 1).then_some(chosen);
    Ok(Opened {
        ours,
        track,
        expected: promised,
        notes,
    })
}

/// The sound of `input` as ffmpeg decodes it, and what it will have complained about.
pub(super) fn by_ffmpeg(
    input: &mut Input,
    track: Option<usize>,
) -> Result<(Opened, Complaint), Refused> {
    let file = input.file()?;
    let failed = |e: std::io::Error| Refused::Fault(format!("ffmpeg cannot be started: {e}"));
    let ffmpeg = Ffmpeg::start(&file, track).map_err(failed)?;
    let complaint = ffmpeg.complaint();
    let mut prefix = Prefix::new(ffmpeg);
    let complained = |fault| Refused::Fault(complaint.last_line().unwrap_or(fault));
    let layout = header::read(Family::Riff, &mut prefix).map_err(complained)?;
    let Coding::Blocks {
        codec,
        bytes,
        frames,
    } = layout.coding
    else {
        return Err(Refused::Fault("ffmpeg gave no samples".to_owned()));
    };
    let stream = Box::new(prefix.into_stream(layout.start));
    let opened = blocks(stream, Family::Riff, &layout, codec, (bytes, frames), None)?;
    Ok((opened, complaint))
}

/// The decoder of a track; of HE-AAC that of its core.
fn decoder(parameters: &AudioCodecParameters) -> Result<Codec, Refused> {
    Codec::new(parameters).map_err(fault)
}

/// The core of a track of HE-AAC, which can be decoded here; `None` where it is none.
pub(super) fn core_of(input: &Input) -> Option<Opened> {
    let mut tracks = Tracks::open(input.media().ok()?, extension(input)).ok()?;
    let described = tracks.described();
    tracks.choose(described.first()?.id);
    let mut parameters = tracks.parameters()?.clone();
    if parameters.codec != CODEC_ID_AAC {
        return None;
    }
    let (config, rate) = aac::core(parameters.extra_data.as_deref()?)?;
    parameters.extra_data = Some(config);
    parameters.sample_rate = Some(rate);
    let codec = Codec::new(&parameters).ok()?;
    let promised = tracks.promised();
    let ours = Ours::new(Container::Tracks(tracks), codec, promised);
    let notes = vec![format!(
        "{}: is HE-AAC; without ffmpeg only its sound below {} Hz is heard",
        input.name().display(),
        rate / 2
    )];
    Some(Opened {
        ours,
        track: None,
        expected: promised,
        notes,
    })
}

fn extension(input: &Input) -> Option<&str> {
    input
        .name()
        .extension()
        .and_then(|extension| extension.to_str())
}

/// That there is no such track.
fn no_track(input: &Input, count: usize, wanted: Option<usize>) -> Refused {
    let tracks = if count == 1 { "track" } else { "tracks" };
    let wanted = wanted.map_or(0, |wanted| wanted + 1);
    let reason = format!("has {count} {tracks} of sound; there is no track {wanted}");
    Refused::For(Error::audio(input.name(), reason))
}

fn no_sound() -> Refused {
    Refused::Fault("it holds no sound that wsac knows, perhaps only pictures".to_owned())
}

/// A fault of symphonia's in words.
fn fault(fault: Fault) -> Refused {
    Refused::Fault(match &fault {
        Fault::IoError(e) if is_end_of_data(e) => "it ends before its first sample".to_owned(),
        fault => fault.to_string(),
    })
}
