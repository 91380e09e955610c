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
    /// As it stands in the table.
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
    /// What differs from [`Config::train`].
    #[serde(flatten)]
    pub settings: toml::Table,
}

/// Takes the paths of `settings` (keys of `train.toml`) from `folder`.
pub(super) fn settings_from(settings: &mut toml::Table, folder: &Path) {
    if let Some(toml::Value::String(gpt2)) = settings.get_mut("gpt2") {
        *gpt2 = folder.join(&*gpt2).to_string_lossy().into_owned();
    }
}

/// Paraphrases to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paraphrases {
    /// How often an epoch has each: 1 is once, 0.3 is three of ten, others each epoch.
    #[serde(default = "once")]
    pub share: f64,
    /// How they are made, as by `wsac paraphrase`.
    #[serde(default)]
    pub how: Paraphrasing,
}

impl Named {
    /// Takes paths from `folder`.
    pub(super) fn from(&mut self, folder: &Path) {
        if let Some(model) = self.model.as_mut().filter(|model| *model != "mini") {
            *model = folder.join(&*model).to_string_lossy().into_owned();
        }
        for corpus in &mut self.mix {
            corpus.file = folder.join(&corpus.file);
        }
        settings_from(&mut self.settings, folder);
    }

    /// Refuses what cannot be trained on.
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

/// An inference strategy: how a sound's embedding is brought to the decoder, and how words are searched for. The defaults
/// are the paper's: the recording as one embedding, greedy, no rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inference {
    /// As it stands in the table.
    pub name: String,
    /// Direct, nearest or projection; without it, what the captioner does best by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// The temperature of a projection; without it the encoder's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<f32>,
    /// A projection onto the so many nearest captions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// Whether similarities are measured from the memory's mean; without it as the encoder wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<bool>,
    /// Whether the captions of the data set's `train` take the place of the model's own memory: what a finished captioner
    /// gains from the data set's captions. The memory of a captioner that was trained here holds its training captions in any
    /// case, with those of other corpora and paraphrases.
    #[serde(default)]
    pub train_memory: bool,
    /// Whether duplicate captions are removed from the memory; with `near` also of those above that cosine to another.
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
    /// How the candidates of a search are ranked; without it the likeliest is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerank: Option<Rerank>,
    /// How many captions are searched side by side; 1 is greedy.
    #[serde(default = "greedy")]
    pub beam: usize,
    /// The most tokens of a caption.
    #[serde(default = "thirty")]
    pub max_tokens: usize,
    /// Whether a recording of several sound events is captioned event by event, where the encoder finds events.
    #[serde(default)]
    pub parts: bool,
    /// Whether captions keep to the rules of style (no repetition, no order of events that the encoder did not find).
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
