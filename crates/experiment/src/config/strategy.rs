//! `[[training]]` and `[[inference]]`: the strategies that a grid compares -> [`Named`], [`Inference`].

use std::path::Path;

use serde::{Deserialize, Serialize};
use wsac::bridge::Strategy;
use wsac::captioner::Rerank;
use wsac::dataset::Corpus;
use wsac::paraphrase::Paraphrasing;
use wsac::{Error, Result};

/// A training strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Its name in tables.
    pub name: String,
    /// A finished captioner to use instead of training: a run folder, or `mini`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Captions of other corpora to train on as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mix: Vec<Corpus>,
    /// Paraphrases of the data set's captions, to train on as well; needs METEOR's word tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paraphrases: Option<Paraphrases>,
    /// The settings that differ from [`Config::train`].
    #[serde(flatten)]
    pub settings: toml::Table,
}

/// Resolves the paths in `settings` (keys of `train.toml`) relative to `folder`.
pub(super) fn settings_from(settings: &mut toml::Table, folder: &Path) {
    if let Some(toml::Value::String(gpt2)) = settings.get_mut("gpt2") {
        *gpt2 = folder.join(&*gpt2).to_string_lossy().into_owned();
    }
}

/// Paraphrases to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paraphrases {
    /// How often an epoch uses each: 1 is once, 0.3 is three of ten, others each epoch.
    #[serde(default = "once")]
    pub share: f64,
    /// How they are made, as by `wsac paraphrase`.
    #[serde(default)]
    pub how: Paraphrasing,
}

impl Named {
    /// Resolves paths relative to `folder`.
    pub(super) fn from(&mut self, folder: &Path) {
        if let Some(model) = self.model.as_mut().filter(|model| *model != "mini") {
            *model = folder.join(&*model).to_string_lossy().into_owned();
        }
        for corpus in &mut self.mix {
            corpus.file = folder.join(&corpus.file);
        }
        settings_from(&mut self.settings, folder);
    }

    /// Checks that it can be trained on.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(Paraphrases { share, how }) = &self.paraphrases {
            how.check()?;
            Corpus::check_share(*share)?;
        }
        if self.model.is_some() && (self.paraphrases.is_some() || !self.mix.is_empty()) {
            let reason = "a finished captioner (model) is not trained any further; remove mix and paraphrases";
            return Err(Error::Config(reason.into()));
        }
        (self.mix.iter()).try_for_each(|corpus| Corpus::check_share(corpus.share))
    }
}

/// An inference strategy: how a sound's embedding is bridged to the decoder, and how captions are decoded. The defaults
/// are the paper's: one embedding for the whole recording, greedy decoding, no rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inference {
    /// Its name in tables.
    pub name: String,
    /// Direct, nearest or projection; by default the captioner's own strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// The temperature of a projection; by default the encoder's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<f32>,
    /// Project onto this many nearest captions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// Whether similarities are measured from the memory's mean; by default as is best for the encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<bool>,
    /// Whether the captions of the data set's `train` replace the model's own memory: shows what a finished captioner
    /// gains from the data set's captions. The memory of a captioner that was trained here holds its training captions in any
    /// case, with those of other corpora and paraphrases.
    #[serde(default)]
    pub train_memory: bool,
    /// Whether duplicate captions are removed from the memory; with `near` also those above that cosine to another.
    #[serde(default)]
    pub dedup: bool,
    /// See `dedup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<f32>,
    /// Whether audio embeddings are first moved by a map that was learned from the validation pairs (`wsac gap learn`).
    #[serde(default)]
    pub gap_map: bool,
    /// The share of the sound's own embedding in what a bridge gives, in [0, 1].
    #[serde(default)]
    pub blend: f32,
    /// How the candidates are re-ranked; by default the most probable is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerank: Option<Rerank>,
    /// The beam width; 1 is greedy.
    #[serde(default = "greedy")]
    pub beam: usize,
    /// The most tokens of a caption.
    #[serde(default = "thirty")]
    pub max_tokens: usize,
    /// Whether a recording of several sound events is captioned event by event, if the encoder detects events.
    #[serde(default)]
    pub parts: bool,
    /// Whether captions follow the rules of style (no repetition, no order of events that the encoder did not detect).
    #[serde(default)]
    pub rules: bool,
    /// Whether, of a beam's captions, one that names the detected sounds is preferred.
    #[serde(default)]
    pub name_sounds: bool,
}

fn once() -> f64 {
    1.0
}

fn greedy() -> usize {
    1
}

fn thirty() -> usize {
    30
}
