//! Captions files: CSV, JSON, JSONL or plain text -> captions, and the clips they belong to where the file says so.
//!
//! Columns are found by name. The file is read as a stream into one piece of memory, so a million captions take about
//! their own size.

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
use crate::texts::Texts;
pub use corpus::Corpus;
use kind::Kind;
pub use kind::{decode, delimiter};
use reader::Reader;

/// Looked at to find out what kind of file it is.
const HEAD: usize = 1 << 16;

/// Captions in the order of their file.
#[derive(Debug, Clone, Default)]
pub struct CaptionSet {
    captions: Texts,
    /// The clip of each caption.
    clip_of: Vec<u32>,
    /// The name of each clip; empty where it has none.
    names: Texts,
    /// How many captions were not UTF-8 and were read as Latin-1 (Windows-1252): worth a warning.
    pub latin1: usize,
    /// How many captions were empty and left out.
    pub empty: usize,
    /// What else is wrong with the file, for [`CaptionSet::warnings`].
    warnings: Vec<String>,
}

/// Reads the captions of `path`; `-` is standard input. The kind of file is told by the ending `.csv`, `.tsv`, `.json`,
/// `.jsonl`, `.ndjson` or `.txt`, else by its content.
///
/// # Errors
/// Where the file cannot be read, has no caption, no column known to hold captions, or is broken; with the line.
pub fn read_captions(path: impl AsRef<Path>) -> Result<CaptionSet> {
    let path = path.as_ref();
    if path == Path::new("-") {
        return CaptionSet::read(std::io::stdin().lock(), path);
    }
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    CaptionSet::read(file, path)
}

impl CaptionSet {
    /// Reads captions from `reader`; `path` tells the kind of file as in [`read_captions`] and names it in messages.
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

    /// How many captions there are.
    pub fn len(&self) -> usize {
        self.captions.len()
    }

    /// Whether there are none; never for a set that was read.
    pub fn is_empty(&self) -> bool {
        self.captions.is_empty()
    }

    /// Caption `i`: trimmed, one space between words.
    pub fn caption(&self, i: usize) -> &str {
        self.captions.get(i)
    }

    /// All captions in order.
    pub fn captions(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.captions.iter()
    }

    /// The clip that caption `i` belongs to, `0..clips().len()`. A caption whose clip has no name has one of its own, or
    /// shares it with the captions of its row.
    pub fn clip_of(&self, i: usize) -> usize {
        self.clip_of[i] as usize
    }

    /// The captions of each clip, clips in the order of their first caption.
    pub fn clips(&self) -> Vec<Vec<usize>> {
        let mut clips = vec![Vec::new(); self.names.len()];
        for (i, &clip) in self.clip_of.iter().enumerate() {
            clips[clip as usize].push(i);
        }
        clips
    }

    /// The captions of each clip, as training takes them.
    pub fn captions_by_clip(&self) -> Vec<Vec<String>> {
        let clip = |rows: &Vec<usize>| rows.iter().map(|&i| self.caption(i).to_owned()).collect();
        self.clips().iter().map(clip).collect()
    }

    /// The name of a clip as the file has it (AudioCaps: `<youtube_id>_<start_time>`).
    pub fn clip_name(&self, clip: usize) -> Option<&str> {
        let name = (clip < self.names.len()).then(|| self.names.get(clip));
        name.filter(|name| !name.is_empty())
    }

    /// What is wrong with the file though it could be read, a sentence each: captions left out, lines broken, names that
    /// are none.
    pub fn warnings(&self) -> Vec<String> {
        let counted = |n: usize, what: &str| match n {
            0 => None,
            1 => Some(format!("1 caption is {what}")),
            n => Some(format!("{n} captions are {what}")),
        };
        let empty = counted(self.empty, "empty; left out");
        let latin1 = counted(self.latin1, "not UTF-8; read as Latin-1");
        let others = self.warnings.iter().cloned();
        empty.into_iter().chain(latin1).chain(others).collect()
    }
}
