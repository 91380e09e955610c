//! Which clip each record of a captions file belongs to: the values of its name columns -> one name, or none.
//!
//! A record without a name is a clip of its own, and so is each where the one name is a placeholder that all records
//! share (WavCaps: `"audio": "wav_path"`); another column names them then. Records wait only until that is decided, which
//! in most files is at the second clip.

use std::collections::VecDeque;

use super::columns::{KINDS, NameColumn, Names};

/// What spreadsheets and pandas write where there is nothing.
const NOTHING: [&str; 7] = ["nan", "null", "none", "<na>", "n/a", "#n/a", "nil"];

/// A name as it counts; `None` where it says that there is none.
pub(super) fn name(value: &str) -> Option<&str> {
    let value = value.trim();
    let nothing = |word: &&str| value.eq_ignore_ascii_case(word);
    (!value.is_empty() && !NOTHING.iter().any(nothing)).then_some(value)
}

/// A record whose clip is known.
#[derive(Debug, PartialEq)]
pub(super) struct Decided {
    /// How many captions it has.
    pub captions: u32,
    /// Its column and name; `None` where it is a clip of its own.
    pub name: Option<(usize, String)>,
}

/// Decides record by record.
#[derive(Debug, Default)]
pub(super) struct ClipNames {
    columns: [Column; KINDS],
    records: usize,
    waiting: VecDeque<(u32, Vec<(usize, String)>)>,
    /// Whether all records were seen.
    closed: bool,
}

/// What is known of a column.
#[derive(Debug, Default)]
struct Column {
    first: String,
    records: usize,
    varies: bool,
}

impl ClipNames {
    /// Takes a record of so many captions: the columns that name it and how, the likeliest first.
    pub fn push(&mut self, captions: u32, names: Vec<(usize, String)>) {
        self.records += 1;
        for (kind, name) in &names {
            let column = &mut self.columns[*kind];
            match column.records {
                0 => column.first.clone_from(name),
                _ => column.varies |= column.first != *name,
            }
            column.records += 1;
        }
        self.waiting.push_back((captions, names));
    }

    /// No record follows.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// The next record in order, if its clip is decided.
    pub fn decided(&mut self) -> Option<Decided> {
        let (_, names) = self.waiting.front()?;
        let sure = |kind: usize| self.columns[kind].varies || self.stands(kind);
        if !self.closed && names.first().is_some_and(|(kind, _)| !sure(*kind)) {
            return None;
        }
        let (captions, names) = self.waiting.pop_front()?;
        let mut names = names.into_iter();
        let name = names.find(|(kind, _)| !self.is_placeholder(*kind));
        Some(Decided { captions, name })
    }

    /// The columns left out as placeholders, with their one value; right once closed.
    pub fn placeholders(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let found = (0..KINDS).filter(|&kind| {
            let column = &self.columns[kind];
            column.records > 1 && self.is_placeholder(kind)
        });
        found.map(|kind| (NameColumn::title(kind), self.columns[kind].first.as_str()))
    }

    /// Whether a column's value counts even where all records share it: a file may be about one clip.
    fn stands(&self, kind: usize) -> bool {
        matches!(NameColumn::names(kind), Names::Video | Names::Clip)
    }

    fn is_placeholder(&self, kind: usize) -> bool {
        let column = &self.columns[kind];
        if column.varies || column.records == 0 || self.records < 2 || self.stands(kind) {
            return false;
        }
        let everywhere = column.records == self.records;
        let tells_apart = |other: &usize| {
            let found = &self.columns[*other];
            let of_captions = NameColumn::names(*other) == Names::Caption;
            !of_captions && found.varies && found.records >= column.records
        };
        let other = || (kind + 1..KINDS).any(|other| tells_apart(&other));
        match NameColumn::names(kind) {
            // "x.wav" may well be the one recording that the file is about.
            Names::File if has_ending(&column.first) => everywhere && other(),
            Names::File => everywhere || other(),
            _ => everywhere,
        }
    }
}

/// Whether a name ends as a file does.
fn has_ending(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        let letters = ending.chars().all(char::is_alphanumeric);
        !stem.is_empty() && letters && (1..=5).contains(&ending.len())
    })
}
