//! Captions in a table: CSV with commas, semicolons or tabs.

use std::io::Read;

use super::columns::{ACCEPTED, Columns, NameColumn, Role};
use super::kind::{cells, decode};
use super::python_list;
use super::reader::Reader;
use crate::error::{Error, Result};

/// No caption is longer; a cell that is has lost its closing quote.
const LONGEST: usize = 10_000;

impl Reader {
    /// Reads a table with `delimiter` between its cells.
    pub fn table(&mut self, reader: impl Read, delimiter: u8) -> Result<()> {
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
        let names = NameColumn::all(&header);
        // A row may end before its last captions, as of a clip that has fewer than others.
        let first = columns.captions.first().copied().unwrap_or(0);
        let others = (0..header.len()).filter(|i| !columns.captions.contains(i));
        let least = others.max().map_or(0, |last| last + 1).max(first + 1);
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
            if record.len() < least {
                self.short(&record, header.len(), first, line);
            }
            if record.len() > first {
                self.row(&record, &columns, &names, line)?;
            }
        }
        Ok(())
    }

    fn row(
        &mut self,
        record: &csv::ByteRecord,
        columns: &Columns,
        names: &[NameColumn],
        line: Option<u64>,
    ) -> Result<()> {
        let cell = |i: usize| decode(record.get(i).unwrap_or_default());
        let mut texts = Vec::with_capacity(columns.captions.len());
        for &i in &columns.captions {
            let (text, latin1) = cell(i);
            if text.len() > LONGEST {
                return Err(self.wrong(
                    line,
                    "a caption of over 10,000 letters; is a closing double quote missing?",
                ));
            }
            self.set.latin1 += usize::from(latin1);
            // aac-metrics and MACS write lists as Python does.
            match python_list::read(&text) {
                Some(list) if !list.is_empty() => texts.extend(list),
                Some(_) => texts.push(String::new()),
                None => texts.push(text),
            }
        }
        let name = |column: &NameColumn| {
            let parts = column.places.iter().map(|&i| cell(i).0);
            (column.kind, joined(parts))
        };
        self.record(texts.iter().map(String::as_str), names.iter().map(name))
    }

    /// Says what is wrong with a row of fewer cells than it needs, of which the first captions are cell `first`.
    fn short(&mut self, record: &csv::ByteRecord, named: usize, first: usize, line: Option<u64>) {
        let found = record.len();
        let text = cells(record).collect::<Vec<_>>().join(",");
        let text: String = text.chars().take(80).collect();
        let lost = if found > first {
            "read as it stands"
        } else {
            "left out"
        };
        self.lose(
            line,
            format!(
                "{found} of the {named} cells that the header names: {text:?} is {lost}; where it is the rest of the line \
                 before, put double quotes around captions with line breaks"
            ),
        );
    }
}

/// A name of several parts, such as a video and its time; none where its first part is none.
pub(super) fn joined(parts: impl Iterator<Item = String>) -> String {
    let mut parts = parts.map(|part| part.trim().to_owned());
    let Some(first) = parts
        .next()
        .filter(|first| super::clip_names::name(first).is_some())
    else {
        return String::new();
    };
    parts.fold(first, |name, part| match part.is_empty() {
        true => name,
        false => format!("{name}_{part}"),
    })
}
