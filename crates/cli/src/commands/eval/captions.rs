//! A file of predictions or of references -> clips with their captions: CSV, TSV, JSON, JSONL, or `name<TAB>caption`.
//!
//! Columns and keys are found by name: those of Clotho, AudioCaps, DCASE, caption-evaluation-tools, aac-metrics and COCO.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use wsac::dataset::columns::{ACCEPTED, Columns, Role};
use wsac::dataset::{decode, delimiter, python_list};

/// The clips of a file, in its order.
#[derive(Debug)]
pub struct Clips {
    /// The name of each clip; `None` if the file has no names, and clips are identified by position.
    pub names: Option<Vec<String>>,
    /// The captions of each clip: several references, or several candidates. Texts may be empty if the file has empty ones.
    pub captions: Vec<Vec<String>>,
    /// Notes for the reader of the results.
    pub notes: Vec<String>,
}

/// A row of the file: its line number, its clip, its captions.
struct Row {
    line: u64,
    name: Option<String>,
    captions: Vec<String>,
    /// How many cells of a table were empty.
    empty: usize,
}

/// Reads the captions of `path` (`-`: standard input) for `role`.
///
/// Rows of one clip are joined for references; for predictions a clip that occurs twice is an error.
pub fn read(path: &Path, role: Role) -> Result<Clips> {
    let file = path.display();
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|mut f| f.read_to_end(&mut bytes))
    }
    .with_context(|| format!("{file}"))?;
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        bail!("{file}: is UTF-16; save it as UTF-8");
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let (text, latin1) = decode_lines(bytes);
    if text.contains('\0') {
        bail!("{file}: is not text");
    }
    if text.trim().is_empty() {
        bail!("{file}: is empty");
    }
    let rows = match ending(path).as_str() {
        "csv" => table(&text, comma(&text, role), role),
        "tsv" => table(&text, b'\t', role),
        "txt" => lines(&text),
        "json" => json(&text, role),
        "jsonl" | "ndjson" => json_lines(&text, role),
        _ => match text.trim_start().as_bytes().first() {
            Some(b'[') => json(&text, role),
            Some(b'{') => json_lines(&text, role).or_else(|_| json(&text, role)),
            _ => table(&text, comma(&text, role), role),
        },
    };
    let rows = rows.with_context(|| format!("{file}"))?;
    if rows.is_empty() {
        bail!("{file}: has no captions");
    }
    let mut clips = join(rows, role).with_context(|| format!("{file}"))?;
    if latin1 > 0 {
        clips.notes.push(format!(
            "{file}: {latin1} lines are not UTF-8 and were read as Windows-1252 (Latin-1)"
        ));
    }
    Ok(clips)
}

/// The text, and how many of its lines were not UTF-8: each line is decoded separately, so that one does not spoil the others.
fn decode_lines(bytes: &[u8]) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut latin1 = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let (line, odd) = decode(line);
        text.push_str(&line);
        latin1 += usize::from(odd);
    }
    (text, latin1)
}

fn ending(path: &Path) -> String {
    let ending = path.extension().and_then(|e| e.to_str());
    ending.unwrap_or_default().to_ascii_lowercase()
}

fn join(rows: Vec<Row>, role: Role) -> Result<Clips> {
    let named = rows.iter().filter(|row| row.name.is_some()).count();
    if named > 0 && named < rows.len() {
        let nameless = rows.iter().find(|row| row.name.is_none());
        let line = nameless.map_or(0, |row| row.line);
        bail!("line {line}: has no file name, though others have one");
    }
    let mut clips = Clips {
        names: (named > 0).then(Vec::new),
        captions: Vec::new(),
        notes: Vec::new(),
    };
    let mut seen: HashMap<String, (usize, u64)> = HashMap::new();
    let mut empty = 0;
    for mut row in rows {
        empty += row.empty;
        if let Some(name) = row.name {
            if let Some(&(clip, line)) = seen.get(&name) {
                if role == Role::Predictions {
                    bail!(
                        "line {}: a second caption for {name:?} (the first is in line {line}); give each clip one row",
                        row.line
                    );
                }
                clips.captions[clip].append(&mut row.captions);
                continue;
            }
            seen.insert(name.clone(), (clips.captions.len(), row.line));
            clips.names.get_or_insert_default().push(name);
        }
        clips.captions.push(row.captions);
    }
    if empty > 0 {
        let note = format!("{empty} empty cells were taken for no reference");
        clips.notes.push(note);
    }
    Ok(clips)
}

/// The delimiter; a comma if the first line does not determine it.
fn comma(text: &str, role: Role) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    delimiter(first.as_bytes(), role).unwrap_or(b',')
}

fn table(text: &str, delimiter: u8, role: Role) -> Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let columns = columns(&header, role).context("line 1")?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() > header.len() {
            bail!(
                "line {line}: {} cells where the header names {}; a caption with a comma needs double quotes around it",
                record.len(),
                header.len()
            );
        }
        let cell = |i: &usize| record.get(*i).unwrap_or_default().to_owned();
        let mut captions: Vec<String> = (columns.captions.iter().map(cell))
            // aac-metrics writes lists in Python's syntax.
            .flat_map(|cell| python_list::read(&cell).unwrap_or_else(|| vec![cell]))
            .collect();
        // A clip with fewer references than others leaves cells empty; an empty prediction counts as one.
        let cells = captions.len();
        captions.retain(|caption| role == Role::Predictions || !caption.trim().is_empty());
        rows.push(Row {
            line,
            name: name_of(columns.clip.iter().map(cell)),
            empty: cells - captions.len(),
            captions,
        });
    }
    Ok(rows)
}

fn columns(names: &[impl AsRef<str>], role: Role) -> Result<Columns> {
    Columns::find(names, role).with_context(|| {
        let found: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        let wanted = match role {
            Role::Predictions => "predictions",
            _ => "references",
        };
        format!(
            "no column of {wanted}; found: {}; name one of: {ACCEPTED}",
            found.join(", ")
        )
    })
}

fn name_of(parts: impl Iterator<Item = String>) -> Option<String> {
    let name = parts.collect::<Vec<_>>().join("_");
    (!name.is_empty()).then_some(name)
}

/// The output of `wsac caption a.wav b.wav`.
fn lines(text: &str) -> Result<Vec<Row>> {
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, l)| !l.trim().is_empty());
    lines
        .map(|(line, text)| {
            let (name, caption) = text
                .split_once('\t')
                .with_context(|| format!("line {line}: is no name, tab and caption"))?;
            Ok(Row {
                line,
                name: Some(name.to_owned()),
                captions: vec![caption.to_owned()],
                empty: 0,
            })
        })
        .collect()
}

fn json_lines(text: &str, role: Role) -> Result<Vec<Row>> {
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, l)| !l.trim().is_empty());
    let rows = lines.map(|(line, text)| {
        let value = serde_json::from_str(text).with_context(|| format!("line {line}"))?;
        json_row(&value, line, role).with_context(|| format!("line {line}"))
    });
    rows.filter_map(Result::transpose).collect()
}

/// A list of objects or of captions; an object that has such a list as `annotations` or `data`; an object from names to
/// captions.
fn json(text: &str, role: Role) -> Result<Vec<Row>> {
    let value: Value = serde_json::from_str(text)?;
    let list = match &value {
        Value::Object(all) => all.get("annotations").or_else(|| all.get("data")),
        other => Some(other),
    };
    if let Some(Value::Array(list)) = list {
        let rows = (1..).zip(list).map(|(n, value)| {
            json_row(value, n, role).with_context(|| format!("entry {n} of the list"))
        });
        return rows.filter_map(Result::transpose).collect();
    }
    let Value::Object(all) = &value else {
        bail!("is neither a list of captions nor an object with them");
    };
    let rows = (1..).zip(all).map(|(line, (name, captions))| {
        Ok(Row {
            line,
            name: Some(name.clone()),
            captions: texts(captions).with_context(|| format!("{name:?}"))?,
            empty: 0,
        })
    });
    rows.collect()
}

/// `None` for a failed recording in the output of `wsac caption`: it has no caption, which the join reports.
fn json_row(value: &Value, line: u64, role: Role) -> Result<Option<Row>> {
    let object = match value {
        Value::Object(object) => object,
        caption => {
            return Ok(Some(Row {
                line,
                name: None,
                captions: texts(caption)?,
                empty: 0,
            }));
        }
    };
    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
    if object.contains_key("error") && Columns::find(&keys, role).is_none() {
        return Ok(None);
    }
    let columns = columns(&keys, role)?;
    let value = |i: &usize| &object[keys[*i]];
    let captions = columns.captions.iter().map(|i| texts(value(i)));
    Ok(Some(Row {
        line,
        name: name_of(columns.clip.iter().map(|i| match value(i) {
            Value::String(name) => name.clone(),
            other => other.to_string(),
        })),
        captions: captions.collect::<Result<Vec<_>>>()?.concat(),
        empty: 0,
    }))
}

/// A string or a list of strings.
fn texts(value: &Value) -> Result<Vec<String>> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(list) => Ok(list.iter().map(texts).collect::<Result<Vec<_>>>()?.concat()),
        Value::Object(object) => one_caption(object),
        other => bail!("{other} is no caption"),
    }
}

/// pycocoevalcap's `{"caption": ...}` inside a list.
fn one_caption(object: &Map<String, Value>) -> Result<Vec<String>> {
    match object.get("caption") {
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        _ => bail!("an object without a \"caption\""),
    }
}
