//! The packed word tables of METEOR: one file, checked as it is opened, looked up as it lies in memory.
//!
//! A file is `MAGIC`, a version, the SHA-256 of the rest, then the sections in the order of `Section`, each behind its
//! length. Numbers are little-endian. Every reader treats its bytes as those of a stranger: what makes no sense is
//! refused when the file is opened, or found empty when it is looked up, never a panic.

pub(crate) mod bits;
mod bytes;
pub(crate) mod dictionary;
pub(crate) mod huffman;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub(crate) use bytes::Bytes;

use crate::{Error, Result};

const MAGIC: &[u8; 16] = b"wsac word tables";
const VERSION: u32 = 1;
/// Magic, version, checksum.
pub(crate) const HEADER: usize = 16 + 4 + 32;

/// What a file of tables holds, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Text: where the tables come from and under which licences they stand.
    Notice,
    /// Word -> synset offsets of WordNet.
    Synsets,
    /// Irregular form -> base forms.
    Exceptions,
    /// Text: METEOR's function words, one a line.
    FunctionWords,
    /// Text: prefixes after which a full stop is no end of a sentence, one a line.
    Prefixes,
    /// The words of the paraphrases.
    Vocabulary,
    /// The phrases of the paraphrases.
    Phrases,
    /// Which phrases can stand for which.
    PhraseLists,
}

impl Section {
    /// How many there are.
    const COUNT: usize = 8;
}

/// A file of word tables, whole in memory.
#[derive(Debug, Clone)]
pub struct Tables {
    path: PathBuf,
    sections: Vec<Bytes>,
}

impl Tables {
    /// Reads the tables that `wsac metrics prepare` has written, and checks that they are whole.
    ///
    /// # Errors
    /// Where the file cannot be read, is something else, is of another version, or is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        Self::read(path, bytes)
    }

    /// The tables in `bytes`, which come from `path`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(path: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self> {
        let path = path.as_ref();
        let sections = sections(bytes).map_err(|reason| Error::data(path, reason))?;
        Ok(Self {
            path: path.to_owned(),
            sections,
        })
    }

    /// The bytes of a file with `sections`, in the order of `Section`.
    pub(crate) fn pack(sections: &[Vec<u8>; Section::COUNT]) -> Vec<u8> {
        let mut body = Vec::new();
        for section in sections {
            body.extend((section.len() as u32).to_le_bytes());
            body.extend(section);
        }
        let mut file = MAGIC.to_vec();
        file.extend(VERSION.to_le_bytes());
        file.extend(Sha256::digest(&body));
        file.extend(body);
        file
    }

    /// One section.
    pub(crate) fn section(&self, section: Section) -> Bytes {
        self.sections[section as usize].clone()
    }

    /// One section that is text.
    pub(crate) fn text(&self, section: Section) -> Result<String> {
        let text = String::from_utf8(self.section(section).to_vec());
        text.map_err(|_| self.broken("a list of words"))
    }

    /// An error about one section of this file.
    pub(crate) fn broken(&self, what: &str) -> Error {
        Error::data(
            &self.path,
            format!(
                "{what} makes no sense; make the word tables again with `wsac metrics prepare`"
            ),
        )
    }

    /// Where the tables come from and under which licences they stand.
    pub fn notice(&self) -> String {
        String::from_utf8_lossy(&self.section(Section::Notice)).into_owned()
    }
}

/// The sections of a whole file, or what is wrong with it.
fn sections(file: Vec<u8>) -> std::result::Result<Vec<Bytes>, String> {
    let remedy = "make it again with `wsac metrics prepare`";
    if !file.starts_with(MAGIC) {
        return Err(format!("no file of METEOR's word tables; {remedy}"));
    }
    let file = Bytes::from(file);
    let cut = || {
        format!(
            "the word tables end too early (at byte {}); {remedy}",
            file.len()
        )
    };
    let mut at = MAGIC.len();
    let version = file.u32(at).ok_or_else(cut)?;
    if version != VERSION {
        return Err(format!(
            "word tables of version {version}; this program reads version {VERSION}; {remedy}"
        ));
    }
    at += 4;
    let checksum = file.get(at..HEADER).ok_or_else(cut)?;
    if Sha256::digest(&file[HEADER..])[..] != *checksum {
        return Err(format!(
            "the word tables are cut short or damaged; {remedy}"
        ));
    }
    at = HEADER;
    let mut sections = Vec::new();
    for _ in 0..Section::COUNT {
        let length = file.u32(at).ok_or_else(cut)? as usize;
        let section = file.part(at + 4, length).ok_or_else(cut)?;
        sections.push(section);
        at += 4 + length;
    }
    Ok(sections)
}
