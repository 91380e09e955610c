//! Captions files: CSV, JSON, JSONL or plain text -> captions, and the clips they belong to where the file says so.
//!
//! Columns are found by name. The file is read as a stream into one allocation, so a million captions take about
//! their own size.

mod caption_set;
mod clip_names;
pub mod columns;
mod corpus;
mod json;
mod kind;
pub mod python_list;
mod reader;
mod table;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use crate::error::{Error, Result};
pub use caption_set::CaptionSet;
pub use corpus::Corpus;
use kind::Kind;
pub use kind::{decode, delimiter};
use reader::Reader;

/// Looked at to find out what kind of file it is.
const HEAD: usize = 1 << 16;

/// Reads the captions of `path`; `-` is standard input. The file type follows from the extension `.csv`, `.tsv`, `.json`,
/// `.jsonl`, `.ndjson` or `.txt`, else from its content.
///
/// # Errors
/// If the file cannot be read, has no caption, no column known to hold captions, or is broken; with the line.
pub fn read_captions(path: impl AsRef<Path>) -> Result<CaptionSet> {
    let path = path.as_ref();
    if path == Path::new("-") {
        return CaptionSet::read(std::io::stdin().lock(), path);
    }
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    CaptionSet::read(file, path)
}

impl CaptionSet {
    /// The captions of `clips`, each of which has one or several: trimmed, without empty ones, as those of a file are.
    ///
    /// # Errors
    /// If there is no caption.
    pub fn of_clips<S: AsRef<str>>(clips: &[Vec<S>]) -> Result<Self> {
        let mut reader = Reader::new(Path::new("the captions").to_path_buf());
        for clip in clips {
            reader.record(clip.iter().map(AsRef::as_ref), [])?;
        }
        reader.finish()
    }

    /// Reads captions from `reader`; `path` determines the file type as in [`read_captions`] and names it in messages.
    ///
    /// # Errors
    /// As [`read_captions`].
    pub fn read(mut reader: impl Read, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut head = Vec::new();
        let read = reader.by_ref().take(HEAD as u64).read_to_end(&mut head);
        read.map_err(|e| Error::io(path, e))?;
        if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = head[..] {
            return Err(Error::captions(path, None, "is UTF-16; save it as UTF-8"));
        }
        if head.contains(&0) {
            return Err(Error::captions(path, None, "is not text"));
        }
        if head.starts_with(b"\xEF\xBB\xBF") {
            head.drain(..3);
        }
        let kind = Kind::of(path, &head);
        let mut file = Reader::new(path.to_path_buf());
        let reader = BufReader::with_capacity(HEAD, Cursor::new(head).chain(reader));
        match kind {
            Kind::Table(delimiter) => file.table(reader, delimiter)?,
            Kind::Json => file.json(reader)?,
            Kind::JsonLines => file.lines(reader, Reader::json_line)?,
            Kind::Lines => file.lines(reader, |file, _, line| file.record([line.as_str()], []))?,
        }
        file.finish()
    }
}
