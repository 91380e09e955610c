//! The rows of an output file: bytes -> the header's end, and for each row its recording, its last byte and its content.

use anyhow::{Result, bail};
use serde::Deserialize;
use wsac::timeline;

use crate::rows;

/// One row.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// The recording.
    pub name: String,
    /// The offset just past its last byte.
    pub end: usize,
    pub what: What,
}

/// The content of a row.
#[derive(Debug, PartialEq)]
pub(super) enum What {
    /// A segment of the recording.
    Segment { start: f64 },
    /// The whole recording, or its end.
    Whole,
    /// Its failure.
    Failed,
}

/// The bytes of the header, and the complete rows.
pub(super) type Table = (usize, Vec<Row>);

/// A row of either kind of JSONL.
#[derive(Deserialize)]
struct Line {
    file_name: String,
    start: Option<f64>,
    segments: Option<usize>,
    error: Option<String>,
}

/// A JSON object a line.
pub(super) fn jsonl(bytes: &[u8], timeline: bool) -> Result<Table> {
    let (mut rows, mut end) = (Vec::new(), 0);
    // An incomplete line at the end is dropped.
    for (i, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        end += line.len();
        if !line.ends_with(b"\n") {
            break;
        }
        let number = i + 1;
        let Ok(line) = serde_json::from_slice::<Line>(line) else {
            bail!("line {number} is no row that wsac has written");
        };
        let what = match (line.start, line.segments, line.error) {
            (_, _, Some(_)) => What::Failed,
            (Some(start), _, _) if timeline => What::Segment { start },
            (None, Some(_), _) if timeline => What::Whole,
            (None, None, _) if !timeline => What::Whole,
            _ if timeline => bail!("line {number} is a caption, not of a timeline"),
            _ => bail!("line {number} is of a timeline, not a caption"),
        };
        let name = line.file_name;
        rows.push(Row { name, end, what });
    }
    Ok((0, rows))
}

/// One row per segment.
pub(super) fn timeline_csv(bytes: &[u8], _: bool) -> Result<Table> {
    csv(bytes, timeline::Format::CSV_HEADER, |fields| {
        let start = fields.get(1).and_then(|start| start.parse().ok())?;
        Some(What::Segment { start })
    })
}

/// One row per recording.
pub(super) fn captions_csv(bytes: &[u8], _: bool) -> Result<Table> {
    csv(bytes, &rows::CSV_HEADER.join(","), |_| Some(What::Whole))
}

/// Rows with as many fields as `header`; `what` parses one, if it can.
fn csv(
    bytes: &[u8],
    header: &str,
    what: impl Fn(&csv::StringRecord) -> Option<What>,
) -> Result<Table> {
    let first = format!("{header}\n");
    let Some(body) = bytes.strip_prefix(first.as_bytes()) else {
        if first.as_bytes().starts_with(bytes) {
            return Ok((0, Vec::new()));
        }
        bail!("it does not begin with {header}");
    };
    let width = header.split(',').count();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(body);
    let (mut rows, mut record) = (Vec::new(), csv::StringRecord::new());
    loop {
        let (line, begin) = (
            reader.position().line() + 1,
            reader.position().byte() as usize,
        );
        let read = reader.read_record(&mut record);
        let end = reader.position().byte() as usize;
        match read {
            Ok(false) => break,
            // The last row is incomplete if it has no line end, too few fields, or an unclosed quotation.
            _ if end == body.len() && !body.ends_with(b"\n") => break,
            Ok(true) if end == body.len() && record.len() < width => break,
            Ok(true) if end == body.len() && quotes(&body[begin..end]) % 2 == 1 => break,
            Ok(true) if record.len() == width => {
                let Some(what) = what(&record) else {
                    bail!("line {line} is no row that wsac has written");
                };
                rows.push(Row {
                    name: record[0].to_owned(),
                    end: first.len() + end,
                    what,
                });
            }
            _ => bail!("line {line} is no row that wsac has written"),
        }
    }
    Ok((first.len(), rows))
}

fn quotes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'"').count()
}
