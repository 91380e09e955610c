//! What kind of file captions are in: by its ending, else by its first bytes; and text that may be no UTF-8.

use std::path::Path;

use serde::de::IgnoredAny;

use super::columns::{Columns, Role};

/// The kinds of captions files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Cells with this between them.
    Table(u8),
    Json,
    JsonLines,
    Lines,
}

impl Kind {
    /// The kind of the file at `path` that begins with `head`.
    pub fn of(path: &Path, head: &[u8]) -> Self {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        let table = delimiter(head, Role::Training);
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

/// What separates the cells of a table that begins with `head`: a comma, a semicolon or a tab. `None` where its first line
/// names no column of captions for `role`.
pub fn delimiter(head: &[u8], role: Role) -> Option<u8> {
    b",;\t".iter().copied().find(|&delimiter| {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(head);
        let header = reader.byte_headers().map(|h| cells(h).collect::<Vec<_>>());
        header.is_ok_and(|h| Columns::find(&h, role).is_some())
    })
}

/// The cells of a row as text.
pub(super) fn cells(record: &csv::ByteRecord) -> impl Iterator<Item = String> {
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
