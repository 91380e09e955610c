//! A file of embeddings -> its rows: JSONL, `.npy` or `.safetensors`, told apart by their first bytes.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use wsac::tensors::safetensors::Tensors;

use crate::inputs;

/// The first bytes of a `.npy`.
const NPY: &[u8] = b"\x93NUMPY";

/// One embedding.
pub struct Row {
    /// What it is called.
    pub name: String,
    /// Its numbers and the duration of its recording in seconds (0 if not known), or why there is none.
    pub embedding: Result<(Vec<f32>, f64), String>,
}

/// A row of `wsac embed`.
#[derive(Deserialize)]
struct Line {
    file_name: Option<String>,
    embedding: Option<Vec<Option<f32>>>,
    error: Option<String>,
    #[serde(default)]
    duration: f64,
}

/// The rows of `file`; at least one.
///
/// # Errors
/// If it cannot be read, or is no file of embeddings.
pub fn rows(file: &Path) -> Result<Vec<Row>> {
    let name = || format!("--embeddings {}", file.display());
    let bytes = inputs::read(file).with_context(name)?;
    let rows = if bytes.starts_with(NPY) {
        npy(&bytes)
    } else if bytes.get(7..9) == Some(b"\0{") {
        safetensors(file, &bytes)
    } else {
        jsonl(&bytes)
    };
    let rows = rows.with_context(name)?;
    if rows.is_empty() {
        bail!("--embeddings {}: holds no embedding", file.display());
    }
    Ok(rows)
}

fn jsonl(bytes: &[u8]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    for (i, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
        let number = i + 1;
        let Ok(line) = serde_json::from_slice::<Line>(line) else {
            bail!(
                "line {number} is no row of `wsac embed`: a JSON object with file_name and embedding"
            );
        };
        let embedding = match (line.error, line.embedding) {
            (Some(error), _) => Err(error),
            // JSON writes what is no number as null.
            (None, Some(values)) => {
                let values = values.into_iter().map(|x| x.unwrap_or(f32::NAN));
                Ok((values.collect(), line.duration))
            }
            (None, None) => bail!("line {number} has no `embedding`"),
        };
        let name = line.file_name.unwrap_or_else(|| rows.len().to_string());
        rows.push(Row { name, embedding });
    }
    Ok(rows)
}

fn safetensors(path: &Path, bytes: &[u8]) -> Result<Vec<Row>> {
    let tensors = Tensors::parse(path, bytes)?;
    let shape = tensors.shape("embeddings");
    let Some(&[n, width]) = shape.as_deref() else {
        bail!(
            "has no tensor `embeddings` [n, d]; it holds {}",
            tensors.names().join(", ")
        );
    };
    let values = tensors.get("embeddings", &[n, width])?;
    let names = match tensors.shape("offsets") {
        Some(_) => names(tensors.get_bytes("captions")?, &tensors.get_u32("offsets")?),
        None => None,
    };
    Ok(numbered(
        &values,
        width,
        names.filter(|names| names.len() == n),
    ))
}

/// The texts between `offsets` of `text`. `None` if they do not fit.
fn names(text: &[u8], offsets: &[u32]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(text).ok()?;
    let name = |range: &[u32]| Some(text.get(range[0] as usize..range[1] as usize)?.to_owned());
    offsets.windows(2).map(name).collect()
}

/// A matrix of NumPy: version, length of the header, a header like a Python dict, the numbers.
fn npy(bytes: &[u8]) -> Result<Vec<Row>> {
    let remedy = "save it with numpy.save(file, array.astype(numpy.float32))";
    let cut = || format!("the file ends too early; {remedy}");
    let field = |at: usize, len: usize| bytes.get(at..at + len).with_context(cut);
    let (length, start) = match field(6, 1)? {
        [1] => (
            usize::from(u16::from_le_bytes(field(8, 2)?.try_into()?)),
            10,
        ),
        _ => (u32::from_le_bytes(field(8, 4)?.try_into()?) as usize, 12),
    };
    let header = String::from_utf8_lossy(field(start, length)?);
    let value = |key: &str| {
        let (_, rest) = header.split_once(&format!("'{key}':"))?;
        Some(rest.trim_start())
    };
    let is = |key: &str, wanted: &str| value(key).is_some_and(|value| value.starts_with(wanted));
    if !is("descr", "'<f4'") || !is("fortran_order", "False") {
        bail!("is no matrix of float32 row by row; {remedy}");
    }
    let shape = value("shape").and_then(|value| value.strip_prefix('(')?.split_once(')'));
    let sizes = shape.map(|(shape, _)| shape.split(',').map(|size| size.trim().parse().ok()));
    let sizes: Option<Vec<usize>> = sizes.and_then(Iterator::collect);
    let Some(&[n, width]) = sizes.as_deref().filter(|sizes| sizes.len() == 2) else {
        bail!("is no matrix [n, d]: it must have two dimensions, a row an embedding");
    };
    let numbers = n.checked_mul(width).and_then(|count| count.checked_mul(4));
    let numbers = field(start + length, numbers.with_context(cut)?)?;
    let (numbers, _) = numbers.as_chunks::<4>();
    let values: Vec<f32> = numbers.iter().map(|x| f32::from_le_bytes(*x)).collect();
    Ok(numbered(&values, width, None))
}

/// The rows of a matrix; without `names` each is called by its number, from 0.
fn numbered(values: &[f32], width: usize, names: Option<Vec<String>>) -> Vec<Row> {
    let rows = values.chunks_exact(width.max(1)).enumerate();
    rows.map(|(i, row)| Row {
        name: names
            .as_ref()
            .map_or_else(|| i.to_string(), |names| names[i].clone()),
        embedding: Ok((row.to_vec(), 0.0)),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `.npy` with this header and these numbers.
    fn file(header: &str, values: &[f32]) -> Vec<u8> {
        let mut bytes = [NPY, &[1, 0], &(header.len() as u16).to_le_bytes()].concat();
        bytes.extend(header.as_bytes());
        values.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
        bytes
    }

    #[test]
    fn a_matrix_of_numpy_has_rows_and_what_is_none_is_refused() {
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
        let rows = npy(&file(good, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])).expect("a matrix");
        assert_eq!(rows[1].name, "1");
        assert_eq!(rows[1].embedding, Ok((vec![4.0, 5.0, 6.0], 0.0)));
        for (from, to, why) in [
            ("<f4", "<f8", "no matrix of float32"),
            ("False", "True", "row by row"),
            ("(2, 3)", "(6,)", "two dimensions"),
            ("(2, 3)", "(2, 4)", "ends too early"),
            (
                "(2, 3)",
                "(99999999999999, 99999999999999)",
                "ends too early",
            ),
        ] {
            let refused = npy(&file(&good.replace(from, to), &[0.0; 6]))
                .err()
                .expect(to);
            assert!(refused.to_string().contains(why), "{to}: {refused}");
        }
        for length in 6..file(good, &[0.0; 6]).len() {
            assert!(
                npy(&file(good, &[0.0; 6])[..length]).is_err(),
                "{length} bytes"
            );
        }
    }
}
