//! A file with the scores of each clip: CSV, or JSONL where its name ends so.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::output::json_line;

/// Writes a row a clip: its name, its candidate, and its score by each measure (`null` or empty where it has none).
pub fn write(
    path: &Path,
    names: &[String],
    candidates: &[String],
    measures: &[(&str, &[f64])],
) -> Result<()> {
    let told = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(told)?);
    let json = path
        .extension()
        .is_some_and(|e| e == "jsonl" || e == "ndjson");
    let rows = names.iter().zip(candidates).enumerate();
    if json {
        for (i, (name, candidate)) in rows {
            let mut row = Map::new();
            row.insert("file_name".into(), Value::from(name.as_str()));
            row.insert("caption_predicted".into(), Value::from(candidate.as_str()));
            for (measure, scores) in measures {
                row.insert((*measure).into(), Value::from(scores[i]));
            }
            json_line(&mut file, &row)?;
        }
    } else {
        let mut csv = csv::Writer::from_writer(&mut file);
        let head = ["file_name", "caption_predicted"].into_iter();
        csv.write_record(head.chain(measures.iter().map(|(name, _)| *name)))?;
        for (i, (name, candidate)) in rows {
            let scores = measures.iter().map(|(_, scores)| match scores[i] {
                x if x.is_nan() => String::new(),
                x => x.to_string(),
            });
            let row = [name.clone(), candidate.clone()].into_iter().chain(scores);
            csv.write_record(row)?;
        }
        csv.flush()?;
    }
    file.flush().with_context(told)
}
