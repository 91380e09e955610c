//! Reading captions files and embedding them, shared by several commands: with warnings and a bar on standard error.

use std::path::Path;

use anyhow::Result;
use wsac::dataset::{CaptionSet, read_captions};
use wsac::encoders::embedding::Embeddings;
use wsac::encoders::encoder::Encoder;
use wsac::encoders::towers::TextTower;
use wsac::memory::Memory;
use wsac::model::Defaults;

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

/// The captions of `path` as a memory of the space of `encoder`.
pub fn remember(encoder: &Encoder, path: &Path, quiet: bool) -> Result<Memory> {
    let set = read(path, quiet)?;
    let texts: Vec<&str> = set.captions().collect();
    let tower = encoder.text_tower()?;
    let mut memory = Memory::new(&texts, embed(tower.as_ref(), &texts, quiet)?)?;
    memory.set_centre(Defaults::of(encoder.space()).centre);
    memory.describe(format!("embedded with {}", encoder.space().name));
    Ok(memory)
}
