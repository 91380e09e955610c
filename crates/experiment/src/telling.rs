//! What was heard to captions, by one inference strategy: `Heard`s -> [`Told`], made once and kept.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wsac::audio::AudioStream;
use wsac::bridge::GapMap;
use wsac::bridge::{Bridge, Strategy};
use wsac::captioner::{CaptionOptions, Captioner, Neighbour};
use wsac::clap::{AudioTower, Heard, TextTower};
use wsac::embedding::Embeddings;
use wsac::generate::Search;
use wsac::memory::Centre;
use wsac::model::Model;
use wsac::{Error, Result};

use crate::config::Inference;

/// Captions that are decoded together.
const TOGETHER: usize = 64;

/// The caption of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The sentence; empty where the item could not be heard.
    pub caption: String,
    /// The sum of its tokens' log-probabilities (nats).
    pub logprob: f64,
    /// The nearest captions of the memory, best first, and their similarities.
    pub neighbours: Vec<(String, f32)>,
}

/// An audio tower that hears nothing: all was heard before.
struct Deaf(usize);

impl AudioTower for Deaf {
    fn dim(&self) -> usize {
        self.0
    }

    fn rate(&self) -> u32 {
        16_000
    }

    fn listen(&self, _: &mut AudioStream) -> Result<Heard> {
        Err(Error::Config(
            "this captioner tells what was heard before".into(),
        ))
    }
}

/// A text tower that several captioners share.
struct Shared(Arc<dyn TextTower>);

impl TextTower for Shared {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings> {
        self.0.embed(texts, on_progress)
    }
}

/// A captioner of `model` as `inference` wants it; `text` reads candidates where they are ranked.
///
/// # Errors
/// Where the model has no embeddings of its own width.
pub fn captioner(
    mut model: Model,
    inference: &Inference,
    text: Arc<dyn TextTower>,
) -> Result<Captioner> {
    if let (true, Some(memory)) = (inference.dedup || inference.near.is_some(), &model.memory) {
        model.memory = Some(memory.without_repeats(inference.near)?.0);
    }
    let width = model.card.decoder.embedding;
    let captioner =
        Captioner::new(Box::new(Deaf(width)), model)?.with_text_tower(Box::new(Shared(text)))?;
    match inference.centre {
        Some(true) => captioner.with_centre(Centre::MemoryMean, None),
        Some(false) => captioner.with_centre(Centre::None, None),
        None => Ok(captioner),
    }
}

/// The options of `inference` for `model`.
///
/// # Errors
/// Where settings of a projection are given for another strategy.
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
        projection(model),
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

/// What the model does where no strategy is asked for, or only a name.
fn projection(model: &Model) -> Bridge {
    model.card.bridge
}

/// Captions for what was heard, in order; `each` is told how many are done.
///
/// # Errors
/// Where the strategy needs a memory that the model has not.
pub fn tell(
    captioner: &Captioner,
    inference: &Inference,
    heard: &[std::result::Result<Heard, String>],
    map: Option<&Arc<GapMap>>,
    each: &mut dyn FnMut(usize),
) -> Result<Vec<Told>> {
    let options = options(inference, captioner.model(), map)?;
    let silent = Told {
        caption: String::new(),
        logprob: 0.0,
        neighbours: Vec::new(),
    };
    let mut told = vec![silent; heard.len()];
    let whole: Vec<(usize, Heard)> = heard
        .iter()
        .enumerate()
        .filter_map(|(i, heard)| {
            let mut heard = heard.as_ref().ok()?.clone();
            if !inference.parts {
                heard.parts.clear();
            }
            Some((i, heard))
        })
        .collect();
    for (batch, some) in whole.chunks(TOGETHER).enumerate() {
        let asked: Vec<(&Heard, &CaptionOptions)> =
            some.iter().map(|(_, heard)| (heard, &options)).collect();
        for ((i, _), caption) in some.iter().zip(captioner.describe_together(&asked)) {
            let caption = caption?;
            let pair = |n: Neighbour| (n.caption, n.similarity);
            told[*i] = Told {
                caption: caption.text,
                logprob: caption.logprob,
                neighbours: caption.neighbours.into_iter().map(pair).collect(),
            };
        }
        each((batch * TOGETHER + some.len()).min(heard.len()));
    }
    Ok(told)
}

/// Writes `file_name,caption_predicted`, as `wsac eval` and DCASE read it.
///
/// # Errors
/// Where the file cannot be written.
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
    wsac::checkpoint::write_whole(path, &bytes)
}
