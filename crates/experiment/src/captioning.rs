//! The captioning stage: encoded sounds -> [`Captioned`], by one inference strategy.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wsac::bridge::{GapMap, Strategy};
use wsac::captioner::{CaptionOptions, Captioner, Neighbour};
use wsac::encoders::analysis::AudioAnalysis;
use wsac::encoders::text_only::TextOnly;
use wsac::encoders::towers::TextTower;
use wsac::generate::Search;
use wsac::memory::{Centre, Memory};
use wsac::model::Model;
use wsac::{Error, Result};

use crate::config::Inference;

/// Captions that are decoded together.
const TOGETHER: usize = 64;

/// The caption of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Captioned {
    /// The sentence.
    pub caption: String,
    /// The nearest captions of the memory, best first, and their similarities.
    pub neighbours: Vec<(String, f32)>,
}

/// A captioner of `model` with the settings of `inference`, with `memory` if given, else its own; `text` embeds candidates
/// if they are re-ranked.
///
/// # Errors
/// If the model's embeddings have another width.
pub fn captioner(
    mut model: Model,
    memory: Option<Memory>,
    inference: &Inference,
    text: Arc<dyn TextTower>,
) -> Result<Captioner> {
    if let Some(mut memory) = memory {
        memory.set_centre(model.card.centre());
        model.memory = Some(memory);
    }
    if let (true, Some(memory)) = (inference.dedup || inference.near.is_some(), &model.memory) {
        model.memory = Some(memory.without_repeats(inference.near)?.0);
    }
    let width = model.card.decoder.embedding;
    let captioner =
        Captioner::new(Box::new(TextOnly(width)), model)?.with_text_tower(Box::new(text))?;
    match inference.centre {
        Some(true) => captioner.with_centre(Centre::MemoryMean, None),
        Some(false) => captioner.with_centre(Centre::None, None),
        None => Ok(captioner),
    }
}

/// The options of `inference` for `model`.
///
/// # Errors
/// If settings of a projection are given for another strategy.
pub fn options(
    inference: &Inference,
    model: &Model,
    map: Option<&Arc<GapMap>>,
) -> Result<CaptionOptions> {
    let mut options = CaptionOptions::of(model);
    options.bridge = Strategy::bridge(
        inference.strategy,
        inference.tau,
        inference.top_k,
        model.card.bridge,
    )
    .map_err(|e| Error::Config(format!("inference {:?}: {e}", inference.name)))?;
    options.search = Search::of_width(inference.beam);
    options.gap_map = map.filter(|_| inference.gap_map).cloned();
    options.blend = inference.blend;
    options.rerank.clone_from(&inference.rerank);
    options.rules = inference.rules;
    options.name_sounds = inference.name_sounds;
    options.max_tokens = inference.max_tokens;
    Ok(options)
}

/// Captions of `encoded`, in order; `each` is called with how many are done.
///
/// # Errors
/// If the strategy needs a memory and the model has none.
pub fn caption_all(
    captioner: &Captioner,
    inference: &Inference,
    encoded: &[AudioAnalysis],
    map: Option<&Arc<GapMap>>,
    each: &mut dyn FnMut(usize),
) -> Result<Vec<Captioned>> {
    let options = options(inference, captioner.model(), map)?;
    let mut captioned = Vec::with_capacity(encoded.len());
    for some in encoded.chunks(TOGETHER) {
        let mut some = some.to_vec();
        if !inference.parts {
            some.iter_mut().for_each(|one| one.parts.clear());
        }
        let asked: Vec<(&AudioAnalysis, &CaptionOptions)> =
            some.iter().map(|one| (one, &options)).collect();
        for caption in captioner.describe_together(&asked) {
            let caption = caption?;
            let pair = |n: Neighbour| (n.caption, n.similarity);
            captioned.push(Captioned {
                caption: caption.text,
                neighbours: caption.neighbours.into_iter().map(pair).collect(),
            });
        }
        each(captioned.len());
    }
    Ok(captioned)
}

/// Writes `file_name,caption_predicted`, as `wsac eval` and DCASE read it.
///
/// # Errors
/// If the file cannot be written.
pub fn write_csv<'a>(path: &Path, rows: impl Iterator<Item = (&'a str, &'a str)>) -> Result<()> {
    let wrong = |e: csv::Error| Error::Config(format!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    let mut writer = csv::Writer::from_writer(&mut bytes);
    writer
        .write_record(["file_name", "caption_predicted"])
        .map_err(wrong)?;
    for (name, caption) in rows {
        writer.write_record([name, caption]).map_err(wrong)?;
    }
    writer.flush().map_err(|e| Error::io(path, e))?;
    drop(writer);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    Ok(wsac::tensors::atomic_file::write_whole(path, &bytes)?)
}
