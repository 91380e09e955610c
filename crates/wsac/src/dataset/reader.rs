//! A captions file as it is read: records one by one -> [`CaptionSet`].

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::BufRead;
use std::path::PathBuf;

use super::caption_set::CaptionSet;
use super::clip_names::{ClipNames, Decided, name};
use super::kind::decode;
use crate::error::{Error, Result};

/// Places that a warning lists before it only counts.
const LISTED: usize = 5;

/// A set in the making.
pub(super) struct Reader {
    pub path: PathBuf,
    pub set: CaptionSet,
    names: ClipNames,
    hasher: RandomState,
    /// Hash of a clip's column and name -> the clip. Names themselves are kept once, in the set.
    seen: HashMap<u64, u32>,
    /// What was left out as broken, and how much of it there was.
    lost: Vec<String>,
    losses: usize,
}

impl Reader {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            set: CaptionSet::default(),
            names: ClipNames::default(),
            hasher: RandomState::new(),
            seen: HashMap::new(),
            lost: Vec::new(),
            losses: 0,
        }
    }

    pub fn wrong(&self, line: Option<u64>, reason: impl Into<String>) -> Error {
        Error::captions(&self.path, line, reason)
    }

    /// Notes something of `line` that is wrong but leaves the other lines usable.
    pub fn lose(&mut self, line: Option<u64>, what: impl std::fmt::Display) {
        self.losses += 1;
        if self.lost.len() < LISTED {
            let line = line.map_or(String::new(), |line| format!("line {line}: "));
            self.lost.push(format!("{line}{what}"));
        }
    }

    /// Adds a record: its captions, and what may name its clip, the likeliest first.
    pub fn record<'t>(
        &mut self,
        captions: impl IntoIterator<Item = &'t str>,
        names: impl IntoIterator<Item = (usize, String)>,
    ) -> Result<()> {
        let mut kept = 0;
        for text in captions {
            let words: Vec<&str> = text.split_whitespace().collect();
            if words.is_empty() {
                self.set.empty += 1;
            } else {
                self.set.captions.push(&words.join(" "))?;
                kept += 1;
            }
        }
        if kept == 0 {
            return Ok(());
        }
        let names = names.into_iter();
        let named = names.filter_map(|(kind, value)| Some((kind, name(&value)?.to_owned())));
        self.names.push(kept, named.collect());
        self.place()
    }

    /// All of the set.
    ///
    /// # Errors
    /// If there is no caption.
    pub fn finish(mut self) -> Result<CaptionSet> {
        self.names.close();
        self.place()?;
        for (column, value) in self.names.placeholders() {
            self.set.warnings.push(format!(
                "all records have {column} {value:?}, which names no clip; left out"
            ));
        }
        self.set.warnings.append(&mut self.lost);
        if self.losses > LISTED {
            let more = self.losses - LISTED;
            self.set
                .warnings
                .push(format!("{more} more lines are broken like these"));
        }
        if self.set.is_empty() {
            let reason = match (self.set.warnings.first(), self.set.empty) {
                (Some(lost), _) => format!("has no caption; {lost}"),
                (None, 0) => "is empty; it needs at least one caption".to_owned(),
                (None, n) => format!("has no caption, only {n} empty ones"),
            };
            return Err(self.wrong(None, reason));
        }
        Ok(self.set)
    }

    /// Gives the captions of all decided records their clips.
    fn place(&mut self) -> Result<()> {
        while let Some(Decided { captions, name }) = self.names.decided() {
            let clip = match &name {
                Some((kind, name)) => self.clip(*kind, name)?,
                None => {
                    self.set.names.push("")?;
                    self.set.names.len() as u32 - 1
                }
            };
            self.set.clip_of.extend((0..captions).map(|_| clip));
        }
        Ok(())
    }

    /// The clip that column `kind` calls `name`, which may have had captions before.
    fn clip(&mut self, kind: usize, name: &str) -> Result<u32> {
        let names = &mut self.set.names;
        let new = names.len() as u32;
        let key = self.hasher.hash_one((kind, name));
        let clip = *self.seen.entry(key).or_insert(new);
        if clip < new && names.get(clip as usize) == name {
            return Ok(clip);
        }
        names.push(name)?;
        Ok(new)
    }

    /// Gives `each` the number and text of every line.
    pub fn lines(
        &mut self,
        mut reader: impl BufRead,
        mut each: impl FnMut(&mut Self, u64, String) -> Result<()>,
    ) -> Result<()> {
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line);
            if read.map_err(|e| Error::io(&self.path, e))? == 0 {
                return Ok(());
            }
            number += 1;
            let (text, latin1) = decode(line.trim_ascii());
            self.set.latin1 += usize::from(latin1);
            each(self, number, text)?;
        }
    }
}
