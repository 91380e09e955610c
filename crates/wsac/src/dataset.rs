//! Captions files: CSV, JSON, JSONL or plain text -> captions, and the clips they belong to where the file says so.
//!
//! Columns are found by name. The file is read as a stream into one piece of memory, so a million captions take about
//! their own size.

pub mod columns;
mod corpus;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::texts::Texts;
use columns::{ACCEPTED, Columns, Role};
pub use corpus::Corpus;

/// Looked at to find out what kind of file it is.
const HEAD: usize = 1 << 16;
/// No caption is longer; a cell that is has lost its closing quote.
const LONGEST: usize = 10_000;

/// Captions in the order of their file.
#[derive(Debug, Clone, Default)]
pub struct CaptionSet {
    captions: Texts,
    /// The clip of each caption.
    clip_of: Vec<u32>,
    /// The name of each clip, where the file has names.
    names: Texts,
    clips: u32,
    /// How many captions were not UTF-8 and were read as Latin-1 (Windows-1252): worth a warning.
    pub latin1: usize,
    /// How many captions were empty and left out.
    pub empty: usize,
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
        let mut file = Captions {
            path: path.to_path_buf(),
            set: Self::default(),
            hasher: RandomState::new(),
            seen: HashMap::new(),
        };
        let reader = BufReader::with_capacity(HEAD, Cursor::new(head).chain(reader));
        match kind {
            Kind::Table(delimiter) => file.table(reader, delimiter)?,
            Kind::Json => file.json(reader)?,
            Kind::JsonLines => file.lines(reader, Captions::json_line)?,
            Kind::Lines => file.lines(reader, |file, _, line| file.caption(&line, None))?,
        }
        if file.set.is_empty() {
            let reason = match file.set.empty {
                0 => "is empty; it needs at least one caption".to_owned(),
                n => format!("has no caption, only {n} empty ones"),
            };
            return Err(Error::captions(path, None, reason));
        }
        Ok(file.set)
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

    /// The clip that caption `i` belongs to, `0..clips().len()`. Without clips in the file each caption has its own.
    pub fn clip_of(&self, i: usize) -> usize {
        self.clip_of[i] as usize
    }

    /// The captions of each clip, clips in the order of their first caption.
    pub fn clips(&self) -> Vec<Vec<usize>> {
        let mut clips = vec![Vec::new(); self.clips as usize];
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
        (clip < self.names.len()).then(|| self.names.get(clip))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table(u8),
    Json,
    JsonLines,
    Lines,
}

impl Kind {
    fn of(path: &Path, head: &[u8]) -> Self {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        let table = table_delimiter(head);
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Self::Table(table.unwrap_or(b',')),
            "tsv" => Self::Table(b'\t'),
            "json" => Self::Json,
            "jsonl" | "ndjson" => Self::JsonLines,
            "txt" => Self::Lines,
            _ => match head.trim_ascii_start() {
                [b'[', ..] => Self::Json,
                // One object a line, or one object that holds everything.
                start @ [b'{', ..] => {
                    let mut lines = start.splitn(2, |&b| b == b'\n');
                    let whole = |line| serde_json::from_slice::<IgnoredAny>(line).is_ok();
                    match (lines.next(), lines.next()) {
                        (Some(line), Some(more))
                            if whole(line) && !more.trim_ascii().is_empty() =>
                        {
                            Self::JsonLines
                        }
                        _ => Self::Json,
                    }
                }
                [b'"', ..] if table.is_none() => Self::JsonLines,
                _ => table.map_or(Self::Lines, Self::Table),
            },
        }
    }
}

/// What separates the cells of the first line, where it names a column of captions.
fn table_delimiter(head: &[u8]) -> Option<u8> {
    b",;\t".iter().copied().find(|&delimiter| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(head);
        let header = reader.byte_headers().map(|h| cells(h).collect::<Vec<_>>());
        header.is_ok_and(|h| Columns::find(&h, Role::Training).is_some())
    })
}

fn cells(record: &csv::ByteRecord) -> impl Iterator<Item = String> {
    record.iter().map(|cell| decode(cell).0)
}

/// Bytes as text, and whether they were no UTF-8 and so taken as Windows-1252, of which Latin-1 is a part.
pub fn decode(bytes: &[u8]) -> (String, bool) {
    const FROM_0X80: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), false);
    }
    let char_of = |&b: &u8| match b {
        0x80..0xA0 => FROM_0X80.chars().nth(usize::from(b) - 0x80).unwrap_or(' '),
        _ => char::from(b),
    };
    (bytes.iter().map(char_of).collect(), true)
}

/// A set in the making.
struct Captions {
    path: PathBuf,
    set: CaptionSet,
    hasher: RandomState,
    /// Hash of a clip's name -> the clip. Names themselves are kept once, in the set.
    seen: HashMap<u64, u32>,
}

impl Captions {
    fn wrong(&self, line: Option<u64>, reason: impl Into<String>) -> Error {
        Error::captions(&self.path, line, reason)
    }

    /// Adds a caption of `clip`, or of a clip of its own.
    fn caption(&mut self, text: &str, clip: Option<u32>) -> Result<()> {
        let mut words = text.split_whitespace();
        let Some(first) = words.next() else {
            self.set.empty += 1;
            return Ok(());
        };
        let mut caption = String::with_capacity(text.len());
        caption.push_str(first);
        for word in words {
            caption.push(' ');
            caption.push_str(word);
        }
        let clip = clip.unwrap_or(self.set.clips);
        self.set.clips = self.set.clips.max(clip + 1);
        self.set.clip_of.push(clip);
        self.set.captions.push(&caption)
    }

    /// The clip called `name`, which may have had captions before.
    fn clip(&mut self, name: &str) -> Result<u32> {
        let names = &mut self.set.names;
        let new = names.len() as u32;
        let clip = *self.seen.entry(self.hasher.hash_one(name)).or_insert(new);
        if clip < new && names.get(clip as usize) == name {
            return Ok(clip);
        }
        names.push(name)?;
        Ok(new)
    }

    /// The captions of one clip; `name` is empty where the file does not say.
    fn item<'t>(&mut self, name: &str, captions: impl Iterator<Item = &'t str>) -> Result<()> {
        let mut captions = captions.peekable();
        let some = captions.peek().is_some();
        let clip = match name {
            "" => self.set.clips,
            name if some => self.clip(name)?,
            _ => return Ok(()),
        };
        captions.try_for_each(|caption| self.caption(caption, Some(clip)))
    }

    fn table(&mut self, reader: impl Read, delimiter: u8) -> Result<()> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(reader);
        let broken = |file: &Self, e: csv::Error| {
            let line = e.position().map(csv::Position::line);
            match e.into_kind() {
                csv::ErrorKind::Io(e) => Error::io(&file.path, e),
                other => file.wrong(line, format!("is no table ({other:?})")),
            }
        };
        let header = reader.byte_headers().map_err(|e| broken(self, e))?;
        let header: Vec<String> = cells(header).collect();
        if header.is_empty() {
            return Ok(());
        }
        let columns = Columns::find(&header, Role::Training).ok_or_else(|| {
            let found = header.join(", ");
            self.wrong(
                Some(1),
                format!("no column of captions; found: {found}; the first line must name one of: {ACCEPTED}"),
            )
        })?;
        let mut record = csv::ByteRecord::new();
        while reader
            .read_byte_record(&mut record)
            .map_err(|e| broken(self, e))?
        {
            let line = record.position().map(csv::Position::line);
            if record.len() > header.len() {
                let (cells, named) = (record.len(), header.len());
                return Err(self.wrong(
                    line,
                    format!("{cells} cells where the header names {named}; a caption with a comma needs double quotes around it"),
                ));
            }
            let mut texts = Vec::with_capacity(columns.captions.len());
            for &i in &columns.captions {
                let cell = record.get(i).unwrap_or_default();
                if cell.len() > LONGEST {
                    return Err(self.wrong(
                        line,
                        "a caption of over 10,000 letters; is a closing double quote missing?",
                    ));
                }
                let (text, latin1) = decode(cell);
                self.set.latin1 += usize::from(latin1);
                texts.push(text);
            }
            let name = columns
                .clip
                .iter()
                .map(|&i| decode(record.get(i).unwrap_or_default()).0);
            let name = name.collect::<Vec<_>>().join("_");
            self.item(&name, texts.iter().map(String::as_str))?;
        }
        Ok(())
    }

    fn lines(
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

    fn json_line(&mut self, number: u64, line: String) -> Result<()> {
        if line.is_empty() {
            return Ok(());
        }
        let value = serde_json::from_str(&line)
            .map_err(|e| self.wrong(Some(number), format!("is no JSON ({e})")))?;
        self.json_item(value)
            .map_err(|why| self.wrong(Some(number), why))
    }

    /// A caption, or an object with captions and the name of their clip.
    fn json_item(&mut self, value: Value) -> std::result::Result<(), String> {
        let said = |e: Error| e.to_string();
        match value {
            Value::String(caption) => self.caption(&caption, None).map_err(said),
            Value::Object(object) => {
                let keys: Vec<&str> = object.keys().map(String::as_str).collect();
                let columns = Columns::find(&keys, Role::Training).ok_or_else(|| {
                    let found = keys.join(", ");
                    format!("no captions in an object; found: {found}; it needs one of: {ACCEPTED}")
                })?;
                let value = |i: usize| &object[keys[i]];
                let name = columns.clip.iter().map(|&i| match value(i) {
                    Value::String(name) => name.clone(),
                    other => other.to_string(),
                });
                let name = name.collect::<Vec<_>>().join("_");
                let captions = columns.captions.iter().flat_map(|&i| texts_of(value(i)));
                self.item(&name, captions).map_err(said)
            }
            other => Err(format!(
                "{other} is neither a caption nor an object with captions"
            )),
        }
    }

    /// A list of captions or objects, or an object that has such a list as `data` (WavCaps).
    fn json(&mut self, mut reader: impl Read) -> Result<()> {
        let mut bytes = Vec::new();
        let read = reader.read_to_end(&mut bytes);
        read.map_err(|e| Error::io(&self.path, e))?;
        if bytes.trim_ascii().is_empty() {
            return Ok(());
        }
        let (text, latin1) = decode(&bytes);
        drop(bytes);
        self.set.latin1 += usize::from(latin1);
        let mut json = serde_json::Deserializer::from_str(&text);
        let done = JsonItems {
            file: self,
            data: false,
        }
        .deserialize(&mut json)
        .and_then(|()| json.end());
        done.map_err(|e| self.wrong(Some(e.line() as u64), format!("cannot be used ({e})")))
    }
}

/// The captions in a string or a list of strings.
fn texts_of(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    value
        .as_str()
        .into_iter()
        .chain(list.iter().filter_map(Value::as_str))
}

/// Puts the items of a JSON file in the set one by one, without a tree of the whole.
struct JsonItems<'a> {
    file: &'a mut Captions,
    /// Inside `data`, where only a list is right.
    data: bool,
}

impl<'de> DeserializeSeed<'de> for JsonItems<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonItems<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a list of captions, or of objects with captions, or an object with such a list as \"data\"")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            self.file
                .json_item(value)
                .map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "data" && !self.data {
                let file = &mut *self.file;
                map.next_value_seed(JsonItems { file, data: true })?;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(());
            }
            object.insert(key, map.next_value()?);
        }
        self.file
            .json_item(Value::Object(object))
            .map_err(serde::de::Error::custom)
    }
}
