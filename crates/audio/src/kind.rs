//! What a file is, told by its first bytes alone: head -> [`Kind`].

use crate::frames::{Frames, frames};
use crate::layout::Family;
use crate::transport::is_transport;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// What it is called, after "is".
    pub name: &'static str,
    /// How it is read.
    pub way: Way,
}

/// How a kind of file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// A header and samples.
    Samples(Family),
    /// By symphonia, as it arrives.
    Stream,
    /// By symphonia, as it arrives; it is nothing but frames, so that its length shows at its end.
    Frames,
    /// The frames in the packets of a broadcast.
    Transport,
    /// By symphonia, which looks back and forth in it.
    Tracks,
    /// Not by us.
    Foreign,
    /// Not at all: it holds no sound.
    NoSound,
}

const RIFF: Way = Way::Samples(Family::Riff);
const AIFF: Way = Way::Samples(Family::Aiff);

/// A place, the bytes there, the name and the way. The first that fits counts.
type Row = (usize, &'static [u8], &'static str, Way);

/// Files that begin with four letters of a family and, at 8, four more that tell which.
const FAMILIES: [(&[u8], &[u8], &str, Way); 9] = [
    (b"RIFF", b"WAVE", "WAV", RIFF),
    (b"RIFX", b"WAVE", "WAV (RIFX)", RIFF),
    (b"RF64", b"WAVE", "WAV (RF64)", RIFF),
    (b"BW64", b"WAVE", "WAV (BW64)", RIFF),
    (b"FORM", b"AIFF", "AIFF", AIFF),
    (b"FORM", b"AIFC", "AIFF-C", AIFF),
    (b"FORM", b"8SVX", "IFF 8SVX", Way::Foreign),
    (b"RIFF", b"AVI ", "AVI", Way::Foreign),
    (b"RIFF", b"WEBP", "a picture (WebP)", Way::NoSound),
];

const MAGIC: [Row; 45] = [
    (
        0,
        b"riff\x2e\x91\xcf\x11",
        "WAV (Wave64)",
        Way::Samples(Family::Wave64),
    ),
    (0, b".snd", "AU", Way::Samples(Family::Au)),
    (0, b"fLaC", "FLAC", Way::Stream),
    (0, b"OggS", "Ogg", Way::Stream),
    (0, b"ID3", "MP3", Way::Frames),
    (4, b"ftyp", "MP4", Way::Tracks),
    (4, b"wide", "MOV", Way::Tracks),
    (4, b"moov", "MOV", Way::Tracks),
    (4, b"mdat", "MOV", Way::Tracks),
    (4, b"free", "MOV", Way::Tracks),
    (4, b"skip", "MOV", Way::Tracks),
    (4, b"pnot", "MOV", Way::Tracks),
    (0, b"\x1a\x45\xdf\xa3", "Matroska", Way::Tracks),
    (0, b"caff", "CAF", Way::Tracks),
    (0, b"#!AMR-WB", "AMR-WB", Way::Foreign),
    (0, b"#!AMR", "AMR", Way::Foreign),
    (0, b"FLV\x01", "FLV", Way::Foreign),
    (0, b"wvpk", "WavPack", Way::Foreign),
    (0, b"MAC ", "Monkey's Audio (APE)", Way::Foreign),
    (0, b"MPCK", "Musepack", Way::Foreign),
    (0, b"MP+", "Musepack", Way::Foreign),
    (0, b"TTA1", "TTA", Way::Foreign),
    (0, b"tBaK", "TAK", Way::Foreign),
    (0, b"OFR ", "OptimFROG", Way::Foreign),
    (0, b"DSD ", "DSF", Way::Foreign),
    (0, b"FRM8", "DSDIFF", Way::Foreign),
    (
        0,
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "Windows Media (ASF, WMA)",
        Way::Foreign,
    ),
    (0, b".RMF", "RealMedia", Way::Foreign),
    (0, b".ra\xfd", "RealAudio", Way::Foreign),
    (0, b"Creative Voice File", "Creative VOC", Way::Foreign),
    (0, b"NIST_1A", "NIST SPHERE", Way::Foreign),
    (0, b"\x0b\x77", "AC-3", Way::Foreign),
    (0, b"\x7f\xfe\x80\x01", "DTS", Way::Foreign),
    (0, b"\x00\x00\x01\xba", "MPEG-PS", Way::Foreign),
    (0, b"LVF\x01", "FLV", Way::Foreign),
    (0, b"2BIT", "AVR", Way::Foreign),
    (0, b"ajkg", "Shorten", Way::Foreign),
    (0, b"\x64\xa3", "IRCAM", Way::Foreign),
    (0, b"MThd", "MIDI: notes, not sound", Way::NoSound),
    (0, b"\x89PNG", "a picture (PNG)", Way::NoSound),
    (0, b"\xff\xd8\xff", "a picture (JPEG)", Way::NoSound),
    (0, b"GIF8", "a picture (GIF)", Way::NoSound),
    (0, b"%PDF", "a PDF document", Way::NoSound),
    (0, b"PK\x03\x04", "a ZIP archive", Way::NoSound),
    (0, b"\x1f\x8b", "a gzip archive", Way::NoSound),
];

/// What begins an Ogg stream, and how it is called.
const OGG: [(&[u8], &str, Way); 5] = [
    (b"OpusHead", "Ogg Opus", Way::Stream),
    (b"\x01vorbis", "Ogg Vorbis", Way::Stream),
    (b"\x7fFLAC", "Ogg FLAC", Way::Stream),
    (b"Speex   ", "Ogg Speex", Way::Foreign),
    (b"CELT    ", "Ogg CELT", Way::Foreign),
];

/// What the file that begins with `head` is, if it is anything known.
pub(super) fn kind(head: &[u8]) -> Option<Kind> {
    let at = |place: usize, bytes: &[u8]| head.get(place..).is_some_and(|h| h.starts_with(bytes));
    let family = FAMILIES
        .iter()
        .find(|(first, second, ..)| at(0, first) && at(8, second));
    if let Some(&(_, _, name, way)) = family {
        return Some(Kind { name, way });
    }
    if at(0, b"OggS") {
        let holds = |magic: &[u8]| head.windows(magic.len()).any(|w| w == magic);
        if let Some(&(_, name, way)) = OGG.iter().find(|(magic, ..)| holds(magic)) {
            return Some(Kind { name, way });
        }
    }
    if at(0, b"\x1a\x45\xdf\xa3") && head.windows(4).take(64).any(|w| w == b"webm") {
        let (name, way) = ("WebM", Way::Tracks);
        return Some(Kind { name, way });
    }
    if at(4, b"ftyp") && (at(8, b"qt  ") || at(8, b"M4A ")) {
        let name = if at(8, b"qt  ") { "MOV" } else { "M4A" };
        return Some(Kind {
            name,
            way: Way::Tracks,
        });
    }
    let magic = MAGIC.iter().find(|(place, bytes, ..)| at(*place, bytes));
    if let Some(&(_, _, name, way)) = magic {
        return Some(Kind { name, way });
    }
    let (name, way) = match (is_transport(head), frames(head)) {
        (true, _) => ("MPEG-TS", Way::Transport),
        (_, Some(Frames::Mpeg { layer: 3 })) => ("MP3", Way::Frames),
        (_, Some(Frames::Mpeg { layer: 2 })) => ("MP2", Way::Foreign),
        (_, Some(Frames::Mpeg { .. })) => ("MPEG audio layer 1", Way::Foreign),
        (_, Some(Frames::Adts)) => ("AAC", Way::Frames),
        _ => return None,
    };
    Some(Kind { name, way })
}

/// Whether the file that begins with `head` is text; `whole` if there is no more of it.
pub(super) fn is_text(head: &[u8], whole: bool) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character may be cut at the end of the head.
        Err(e) => e.error_len().is_none() && !whole,
    };
    text && !head.iter().any(|&b| b < 32 && !b"\t\n\r\x0c".contains(&b))
}
