//! A source, opened: its first bytes, and all of it as often as it is wanted, as a stream, a medium for symphonia or a file
//! for ffmpeg.
//!
//! A pipe can be read but once. What was read of it is kept in a temporary file, so that ffmpeg can have it after all.

use std::fs::File;
use std::io::{Cursor, Error as IoError, Read, Result as IoResult, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symphonia::core::io::{MediaSource, ReadOnlySource};
use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::mended::Mended;
use crate::samples::Stream;
use crate::source::Source;

/// How many leading bytes tell what a file is: some frames of MP3 at the highest rate, some packets of MPEG-TS.
const HEAD: usize = 16 << 10;

/// The most bytes of a pipe that are kept in a temporary file: 8 GiB. A stream without end must not fill the disk.
const MOST_KEPT: u64 = 8 << 30;

/// An open source.
#[derive(Clone)]
pub(super) struct Input {
    name: PathBuf,
    head: Vec<u8>,
    content: Content,
}

#[derive(Clone)]
enum Content {
    File(PathBuf),
    Memory(Arc<[u8]>),
    /// What was copied into a file, which is deleted with the last of its owners.
    Copied(Arc<NamedTempFile>),
    Pipe(Arc<Mutex<Pipe>>),
}

impl Input {
    /// Opens `source` and reads its head.
    pub(super) fn open(source: &Source) -> Result<Self> {
        let name = source.name().to_path_buf();
        let failed = |e| Error::io(&name, e);
        let (head, content) = match source {
            Source::Bytes { data, .. } => {
                let head = data[..data.len().min(HEAD)].to_vec();
                (head, Content::Memory(data.clone()))
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
                    (head, Content::File(path.clone()))
                } else {
                    pipe(Box::new(file)).map_err(failed)?
                }
            }
            Source::Stdin => pipe(Box::new(std::io::stdin())).map_err(failed)?,
        };
        if head.is_empty() {
            return Err(Error::audio(name, "is empty (0 bytes)"));
        }
        Ok(Self {
            name,
            head,
            content,
        })
    }

    /// What error messages call it.
    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// Its first bytes.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether the head is all of it.
    pub(super) fn is_all_head(&self) -> bool {
        self.head.len() < HEAD
    }

    /// How many bytes it has, where that is known beforehand.
    pub(super) fn len(&self) -> Option<u64> {
        match &self.content {
            Content::File(path) => Some(std::fs::metadata(path).ok()?.len()),
            Content::Copied(file) => Some(file.as_file().metadata().ok()?.len()),
            Content::Memory(data) => Some(data.len() as u64),
            Content::Pipe(_) => None,
        }
    }

    /// Makes a pipe, from which nothing but the head was read, readable as often as wanted: copies it to a temporary file.
    pub(super) fn settle(&mut self) -> Result<()> {
        if let Content::Pipe(pipe) = &self.content {
            let file = locked(pipe).whole().map_err(|e| Error::io(&self.name, e))?;
            self.content = Content::Copied(file);
        }
        Ok(())
    }

    /// From now on nothing of a pipe is kept: nobody will need it twice.
    pub(super) fn forget(&self) {
        if let Content::Pipe(pipe) = &self.content {
            locked(pipe).kept = None;
        }
    }

    /// A file that holds all of it, if need be a temporary one that lives as long as this.
    pub(super) fn file(&mut self) -> Result<PathBuf> {
        self.settle()?;
        if let Content::Memory(data) = &self.content {
            let failed = |e| Error::io(&self.name, e);
            let mut file = NamedTempFile::new().map_err(failed)?;
            file.write_all(data).map_err(failed)?;
            self.content = Content::Copied(Arc::new(file));
        }
        Ok(match &self.content {
            Content::Copied(file) => file.path().to_path_buf(),
            _ => self.name.clone(),
        })
    }

    /// All of it from its beginning, as it arrives.
    pub(super) fn stream(&self) -> Result<Stream> {
        Ok(match &self.content {
            Content::File(path) => Box::new(self.opened(path)?),
            Content::Copied(file) => Box::new(self.opened(file.path())?),
            Content::Memory(data) => Box::new(Cursor::new(data.clone())),
            Content::Pipe(pipe) => {
                Box::new(Cursor::new(self.head.clone()).chain(Kept(pipe.clone())))
            }
        })
    }

    /// All of it from its beginning, to be looked at back and forth; a pipe only as it arrives.
    pub(super) fn media(&self) -> Result<Box<dyn MediaSource>> {
        let media: Box<dyn MediaSource> = match &self.content {
            Content::File(path) => Box::new(Mended::new(self.opened(path)?, &self.head)),
            Content::Copied(file) => Box::new(Mended::new(self.opened(file.path())?, &self.head)),
            Content::Memory(data) => Box::new(Mended::new(Cursor::new(data.clone()), &self.head)),
            Content::Pipe(_) => {
                Box::new(ReadOnlySource::new(Mended::new(self.stream()?, &self.head)))
            }
        };
        Ok(media)
    }

    fn opened(&self, path: &Path) -> Result<File> {
        File::open(path).map_err(|e| Error::io(&self.name, e))
    }
}

/// The head of a source that cannot be rewound, and the source.
fn pipe(mut reader: Stream) -> IoResult<(Vec<u8>, Content)> {
    let head = read_head(&mut reader)?;
    // Without room for a temporary file the recording is heard all the same.
    let kept = NamedTempFile::new().ok().and_then(|mut file| {
        file.write_all(&head).ok()?;
        Some(Arc::new(file))
    });
    let written = 0;
    let pipe = Pipe {
        reader,
        kept,
        written,
    };
    Ok((head, Content::Pipe(Arc::new(Mutex::new(pipe)))))
}

fn read_head(reader: &mut impl Read) -> IoResult<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    reader.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// What cannot be rewound.
struct Pipe {
    reader: Stream,
    /// What was read of it; `None` where that could not be written.
    kept: Option<Arc<NamedTempFile>>,
    /// How many bytes were read behind the head.
    written: u64,
}

impl Pipe {
    /// The file that holds all of it, after the rest was read.
    fn whole(&mut self) -> IoResult<Arc<NamedTempFile>> {
        let lost = |why: &str| IoError::other(format!("cannot be read twice ({why})"));
        let kept =
            (self.kept.clone()).ok_or_else(|| lost("there is no room for a temporary file"))?;
        let room = MOST_KEPT.saturating_sub(self.written);
        let copied = std::io::copy(&mut self.reader.by_ref().take(room), &mut kept.as_file())?;
        if copied == room {
            self.kept = None;
            return Err(lost("it is too long for a temporary file; save it first"));
        }
        Ok(kept)
    }
}

/// A pipe that is read and kept.
struct Kept(Arc<Mutex<Pipe>>);

impl Read for Kept {
    fn read(&mut self, to: &mut [u8]) -> IoResult<usize> {
        let mut pipe = locked(&self.0);
        let count = pipe.reader.read(to)?;
        pipe.written += count as u64;
        let written = (pipe.kept.as_ref()).map(|file| file.as_file().write_all(&to[..count]));
        if written.is_some_and(|written| written.is_err()) || pipe.written > MOST_KEPT {
            pipe.kept = None;
        }
        Ok(count)
    }
}

fn locked(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}
