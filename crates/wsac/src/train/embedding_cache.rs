//! Embeddings of texts, cached between runs: a file for each list of texts and space.

use std::fs;
use std::path::Path;

use super::hash::hash;
use crate::error::{Error, Result};
use wsac_encoders::embedding::Embeddings;
use wsac_encoders::towers::TextTower;
use wsac_tensors::safetensors::{TensorFile, Tensors};

/// The embeddings of `texts` [N, d], from the cache if they are there, else computed and stored there.
///
/// The cache file is named by the SHA-256 of the texts and of `space`: the identity of the space and the precision it was
/// computed in. So it is never stale.
///
/// # Errors
/// If a text cannot be embedded, or the cache cannot be written.
pub fn embed_cached(
    texts: &[String],
    text: &dyn TextTower,
    space: &str,
    cache: Option<&Path>,
    on_progress: &mut dyn FnMut(usize, usize),
) -> Result<Embeddings> {
    let key = hash(texts.iter().map(String::as_str).chain([space]));
    let file = cache.map(|folder| folder.join(format!("{space}-{}.safetensors", &key[..24])));
    if let Some(path) = &file
        && let Ok(bytes) = fs::read(path)
        && let Ok(tensors) = Tensors::parse(path, &bytes)
        && let Ok(rows) = tensors.get("embeddings", &[texts.len(), text.dim()])
        && let Ok(rows) = Embeddings::from_unit_rows(text.dim(), rows)
    {
        return Ok(rows);
    }
    let list: Vec<&str> = texts.iter().map(String::as_str).collect();
    let rows = text.embed(&list, &mut |done| on_progress(done, texts.len()))?;
    if let Some(path) = &file {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let mut out = TensorFile::new();
        out.f32("embeddings", &[texts.len(), text.dim()], rows.as_slice());
        out.save(path)?;
    }
    Ok(rows)
}
