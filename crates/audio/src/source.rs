//! Where a recording comes from, and what its first bytes say: path, bytes or standard input -> a byte stream.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symphonia::core::errors::Error as Fault;
use symphonia::core::io::{MediaSource, ReadOnlySource};

use crate::error::{Error, Result};

/// What a user can do with a recording that we cannot read.
pub(super) const CONVERT: &str = "convert it with `ffmpeg -i IN out.wav`";

/// How many leading bytes are read to recognise a file's format.
const HEAD: usize = 512;

/// Where a recording comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file, or a pipe with a name.
    Path(PathBuf),
    /// The content of a file.
    Bytes {
        /// What error messages call it.
        name: String,
        /// The content.
        data: Arc<[u8]>,
    },
    /// Standard input. It is streamed, but M4A, whose index may stand at its end, is first read whole.
    Stdin,
}

impl Source {
    /// What error messages call it: the path, the given name, or `-`.
    pub fn name(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Bytes { name, .. } => Path::new(name),
            Self::Stdin => Path::new("-"),
        }
    }
}

impl<P: AsRef<Path>> From<P> for Source {
    /// `-` is standard input; everything else is a path.
    fn from(path: P) -> Self {
        match path.as_ref() {
            dash if dash == Path::new("-") => Self::Stdin,
            path => Self::Path(path.to_path_buf()),
        }
    }
}

/// The beginning of the source, and all of it for the decoder.
pub(super) fn media(source: &Source) -> Result<(Vec<u8>, Box<dyn MediaSource>)> {
    let name = source.name();
    let failed = |e| Error::io(name, e);
    let (head, media): (Vec<u8>, Box<dyn MediaSource>) = match source {
        Source::Bytes { data, .. } => {
            let head = data[..data.len().min(HEAD)].to_vec();
            (head, Box::new(Cursor::new(data.clone())))
        }
        Source::Path(path) => {
            let about = std::fs::metadata(path).map_err(failed)?;
            if about.is_dir() {
                let reason = "is a directory; give the recordings in it, e.g. DIR/*.wav";
                return Err(Error::audio(path, reason));
            }
            let mut file = File::open(path).map_err(failed)?;
            if about.is_file() {
                let head = read_head(&mut file).map_err(failed)?;
                file.rewind().map_err(failed)?;
                (head, Box::new(file))
            } else {
                pipe(file).map_err(failed)?
            }
        }
        Source::Stdin => pipe(std::io::stdin()).map_err(failed)?,
    };
    if head.is_empty() {
        return Err(Error::audio(name, "is empty (0 bytes)"));
    }
    Ok((head, media))
}

/// A source that cannot be rewound.
fn pipe<R>(mut reader: R) -> std::io::Result<(Vec<u8>, Box<dyn MediaSource>)>
where
    R: Read + Send + Sync + 'static,
{
    let head = read_head(&mut reader)?;
    let mut whole = Cursor::new(head.clone()).chain(reader);
    if head.get(4..8) == Some(b"ftyp") {
        // The index of an M4A file may stand at its end, so it must be held whole.
        let mut data = Vec::new();
        whole.read_to_end(&mut data)?;
        return Ok((head, Box::new(Cursor::new(data))));
    }
    Ok((head, Box::new(ReadOnlySource::new(whole))))
}

fn read_head(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Whether `e` says that the data ended, not that the system failed.
pub(super) fn is_end_of_data(e: &std::io::Error) -> bool {
    // Symphonia reports the end of its own buffers as `Other`.
    matches!(e.kind(), ErrorKind::UnexpectedEof | ErrorKind::Other)
}

/// Whether a file that begins with `head` holds Opus.
pub(super) fn is_opus(head: &[u8]) -> bool {
    head.windows(8).any(|w| w == b"OpusHead")
}

/// Why an Opus recording is refused, and the way out.
pub(super) fn opus(name: &Path) -> String {
    let wav = name.with_extension("wav");
    let (name, wav) = (name.display(), wav.display());
    format!("is Opus, which wsac cannot decode; convert it with `ffmpeg -i {name} {wav}`")
}

/// Why a file that begins with `head` is no recording.
pub(super) fn unknown(head: &[u8], fault: &Fault) -> String {
    let text = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character may be cut at the end of the head.
        Err(e) => e.error_len().is_none() && head.len() == HEAD,
    };
    let text = text && !head.iter().any(|&b| b < 32 && !b"\t\n\r\x0c".contains(&b));
    let kinds = "WAV, FLAC, MP3, OGG/Vorbis, M4A/AAC";
    match (text, fault) {
        (true, _) => format!("is text, not a recording ({kinds})"),
        (_, Fault::IoError(e)) if is_end_of_data(e) => {
            "is truncated before its first sample; copy or record it again".to_owned()
        }
        (_, Fault::Unsupported(what)) if what.contains("no suitable format") => {
            format!("is no recording of a known kind ({kinds}); {CONVERT}")
        }
        (_, fault) => format!("cannot be read ({fault}); {CONVERT}"),
    }
}
