//! Reading captions files and embedding them, shared by several commands: with warnings and a bar on standard error.

use std::path::Path;

use anyhow::Result;
use wsac::dataset::{CaptionSet, read_captions};
use wsac::encoders::embedding::Embeddings;
use wsac::encoders::encoder::Encoder;
use wsac::encoders::towers::TextTower;
use wsac::memory::{Memory, Repeats};
use wsac::model::Remembering;

use crate::process::say;
use crate::progress;

/// Reads the captions of `path` (`-`: standard input).
pub fn read(path: &Path, quiet: bool) -> Result<CaptionSet> {
    let set = read_captions(path)?;
    if !quiet {
        let name = path.display();
        for warning in set.warnings() {
            say!("wsac: {name}: warning: {warning}");
        }
    }
    Ok(set)
}

/// The embeddings of `texts` [N, d].
pub fn embed(tower: &dyn TextTower, texts: &[&str], quiet: bool) -> wsac::Result<Embeddings> {
    let bar = progress::bar(texts.len(), "embedding captions", quiet);
    let rows = tower.embed(texts, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    Ok(rows)
}

/// The captions of `path` as a memory of the space of `encoder`, and how many were left out.
pub fn remember(
    encoder: &Encoder,
    path: &Path,
    keep: Remembering,
    quiet: bool,
) -> Result<(Memory, Repeats)> {
    let set = read(path, quiet)?;
    let texts: Vec<&str> = set.captions().collect();
    let tower = encoder.text_tower()?;
    let embeddings = embed(tower.as_ref(), &texts, quiet)?;
    Ok(keep.memory(encoder.space(), &texts, embeddings)?)
}
