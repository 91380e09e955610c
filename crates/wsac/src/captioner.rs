//! The facade: a recording -> a [`Caption`], and each stage on the way alone.
//!
//! ```text
//! Source -listen-> Heard{embedding [d], parts} -bridge-> [parts, d] -decode-> Hypothesis -> Caption
//! ```
//!
//! ```no_run
//! use wsac::captioner::{CaptionOptions, Captioner};
//!
//! let captioner = Captioner::open("runs/mine")?;
//! let caption = captioner.caption(&"dog.ogg".into(), &CaptionOptions::default())?;
//! println!("{}", caption.text);
//! for sound in &caption.sounds {
//!     println!("  {} {:.2}", sound.name, sound.score);
//! }
//! # Ok::<(), wsac::Error>(())
//! ```

mod batch;
mod describe;
mod naming;

use std::path::Path;

use crate::audio::{AudioStream, Source};
use crate::bridge::Bridge;
use crate::bundled;
use crate::clap::{AudioTower, Encoder, Heard, Sound};
use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::generate::{DecodeOptions, Echo, Hypothesis, Rules, Search, Stop, generate};
use crate::memory::Memory;
use crate::model::Model;

/// Words that tell of an order; forbidden where none was heard.
const ORDER: [&str; 8] = [
    "followed",
    "then",
    "before",
    "after",
    "afterwards",
    "later",
    "finally",
    "eventually",
];

/// Below this centred similarity to the nearest caption the evidence is weak: of the ESC-10 clips under it, under half
/// were captioned truly, of those above 80 to 97 %.
const WEAK: f32 = 0.70;

/// How often a caption may stand in a memory and still leave room for others among the nearest.
const REPEATED: usize = 8;

/// Words after which the word before them may not come again ("crinkling and crinkling").
const JOINS: [&str; 6] = ["and", "then", "as", "while", "by", ","];

/// From recordings to captions: an audio tower and a [`Model`] that learned from the same space.
pub struct Captioner {
    tower: Box<dyn AudioTower>,
    model: Model,
}

/// How recordings are captioned. `Default` is what the model does best with.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CaptionOptions {
    /// How the modality gap is bridged; the model's own strategy where `None`.
    pub bridge: Option<Bridge>,
    /// How words are searched for. A beam is a little better than greedy and a few times slower.
    pub search: Search,
    /// Whether, of the captions that a beam finds, one that names more of the sounds heard is preferred to a likelier one.
    pub name_sounds: bool,
    /// The most tokens of a caption; raise it for captions that stop in the middle.
    pub max_tokens: usize,
    /// How many of the nearest captions of the memory are reported; 0 saves a search.
    pub neighbours: usize,
}

impl CaptionOptions {
    /// What `model` does best with: the default, or ClapCap's own search.
    pub fn of(model: &Model) -> Self {
        if !model.is_clapcap() {
            return Self::default();
        }
        Self {
            search: Search::Average { width: 5 },
            max_tokens: 67,
            ..Self::default()
        }
    }
}

impl Default for CaptionOptions {
    fn default() -> Self {
        Self {
            bridge: None,
            search: Search::Beam {
                width: 4,
                length_penalty: 1.0,
                stop: Stop::Heuristic,
            },
            name_sounds: true,
            max_tokens: 30,
            neighbours: 3,
        }
    }
}

/// A sentence about a recording, and what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Caption {
    /// The sentence: first letter upper-case, a full stop at the end.
    pub text: String,
    /// The sum of its tokens' log-probabilities (nats) under the decoder.
    pub logprob: f64,
    /// How the modality gap was bridged to find these words.
    pub strategy: Bridge,
    /// The length of the recording in seconds.
    pub duration: f64,
    /// The likeliest sounds by name, best first.
    pub sounds: Vec<Sound>,
    /// The captions of the memory nearest to the recording, best first.
    pub neighbours: Vec<Neighbour>,
    /// The evidence for what was heard, in [0, 1].
    pub confidence: f32,
    /// Whether that is so little that the caption is a guess.
    pub weak: bool,
    /// The name of the model.
    pub model: String,
    /// What was wrong with the recording though it could be heard, a sentence each.
    pub warnings: Vec<String>,
}

/// A caption of the memory.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Neighbour {
    /// As it stands in the memory.
    pub caption: String,
    /// Its similarity to the recording, in [-1, 1].
    pub similarity: f32,
}

impl Captioner {
    /// The built-in captioner `mini`, which needs no file.
    ///
    /// # Errors
    /// Where this build has none (it was made without the feature `bundled`).
    pub fn bundled() -> Result<Self> {
        Self::new(bundled::audio_tower()?, bundled::model()?)
    }

    /// The captioner in a folder that `wsac train` has made.
    ///
    /// # Errors
    /// As [`Model::load`], and where its encoder is not known.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let model = Model::load(folder)?;
        let encoder = Encoder::open(&model.card.clap, None)?;
        model.check_space(encoder.space())?;
        Self::new(encoder.audio_tower()?, model)
    }

    /// A captioner that listens with `tower`.
    ///
    /// # Errors
    /// Where the tower's embeddings have another width than those the model learned from.
    pub fn new(tower: Box<dyn AudioTower>, model: Model) -> Result<Self> {
        let (ours, theirs) = (tower.dim(), model.card.decoder.embedding);
        if ours != theirs {
            return Err(Error::Config(format!(
                "the model {} learned from embeddings of width {theirs}, the encoder {} gives {ours}",
                model.card.name, model.card.clap
            )));
        }
        Ok(Self { tower, model })
    }

    /// The same captioner with another memory, for nearest and projection.
    ///
    /// # Errors
    /// Where the file is no memory, or one of another encoder.
    pub fn with_memory(mut self, path: impl AsRef<Path>) -> Result<Self> {
        let mut memory = Memory::load(&path)?;
        let (ours, theirs) = (self.tower.dim(), memory.dim());
        if ours != theirs {
            return Err(Error::model(
                path,
                format!(
                    "holds embeddings of width {theirs}, the encoder's are {ours}; build it with `wsac memory build`"
                ),
            ));
        }
        memory.set_centre(self.model.card.centre());
        // Its captions stand in for the clauses too: what the user wants said comes from nowhere else.
        let model = &mut self.model;
        model.clauses = model.clauses.take().map(|_| memory.clone());
        model.memory = Some(memory);
        Ok(self)
    }

    /// The samples per second that it listens to.
    pub fn rate(&self) -> u32 {
        self.tower.rate()
    }

    /// What listens.
    pub(crate) fn tower(&self) -> &dyn AudioTower {
        &*self.tower
    }

    /// What turns embeddings into words.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Listens to a recording.
    ///
    /// # Errors
    /// As [`AudioStream::open`] and [`AudioStream::next_block`], and where the encoder cannot use the recording.
    pub fn listen(&self, source: &Source) -> Result<Heard> {
        self.listen_to(&mut AudioStream::open(source, self.tower.rate())?)
    }

    /// Listens to a recording that is open already, at the encoder's rate.
    ///
    /// # Errors
    /// As [`Captioner::listen`].
    pub fn listen_to(&self, stream: &mut AudioStream) -> Result<Heard> {
        self.tower.listen(stream)
    }

    /// What was heard as the decoder knows it, [parts, d]: one row for each sound, from the memory of clauses, where the
    /// model has learned to join several; else the recording as a whole, from the memory of captions.
    ///
    /// # Errors
    /// As [`Bridge::apply`].
    pub fn bridge(&self, heard: &Heard, bridge: &Bridge) -> Result<Vec<f32>> {
        let model = &self.model;
        let across =
            |point: &Embedding, memory| bridge.apply(point, memory, model.card.renormalise);
        match &model.clauses {
            Some(clauses) if heard.parts.len() > 1 => {
                let rows = heard
                    .parts
                    .iter()
                    .map(|part| across(&part.embedding, Some(clauses)));
                Ok(rows.collect::<Result<Vec<_>>>()?.concat())
            }
            _ => across(&heard.embedding, model.memory.as_ref()),
        }
    }

    /// The likeliest words for `embeddings` [parts, d].
    pub fn decode(&self, embeddings: &[f32], options: &DecodeOptions) -> Hypothesis {
        let end = self.model.tokenizer.sep();
        generate(&self.model.decoder, embeddings, end, options).swap_remove(0)
    }

    /// The rules of a caption that a person would write: no unknown word, no echo, no phrase twice, and no word of
    /// order unless sounds were heard one after the other (`ordered`; a model that never learned clauses cannot tell).
    /// ClapCap, as its own code, knows no rules.
    pub fn rules(&self, ordered: bool) -> Rules {
        let tokenizer = &self.model.tokenizer;
        if self.model.is_clapcap() {
            return Rules {
                banned: tokenizer.silent(),
                ..Rules::default()
            };
        }
        let ids = |words: &[&str]| -> Vec<u32> {
            let known = tokenizer.words().iter().zip(0..);
            known
                .filter(|(w, _)| words.contains(&w.as_str()))
                .map(|(_, id)| id)
                .collect()
        };
        let order = if self.model.card.clauses && !ordered {
            ids(&ORDER)
        } else {
            Vec::new()
        };
        Rules {
            no_repeat_ngram: 2,
            banned: [tokenizer.silent(), order].concat(),
            echo: Some(Echo {
                joins: ids(&JOINS),
                pieces: tokenizer.continuing(),
            }),
            ..Rules::default()
        }
    }

    /// The `k` captions of the memory nearest to `heard`, best first; none where there is no memory. What several people
    /// wrote alike is told once.
    pub fn neighbours(&self, heard: &Heard, k: usize) -> Vec<Neighbour> {
        let mut told: Vec<Neighbour> = Vec::with_capacity(k);
        let Some(memory) = self.model.memory.as_ref().filter(|_| k > 0) else {
            return told;
        };
        for hit in memory.nearest(&heard.embedding, REPEATED * k) {
            let caption = memory.caption(hit.index);
            if told.len() < k
                && told
                    .iter()
                    .all(|t| !t.caption.eq_ignore_ascii_case(caption))
            {
                told.push(Neighbour {
                    caption: caption.to_owned(),
                    similarity: hit.similarity,
                });
            }
        }
        told
    }

    /// A sentence about a recording.
    ///
    /// # Errors
    /// As [`Captioner::listen`] and [`Captioner::bridge`].
    pub fn caption(&self, source: &Source, options: &CaptionOptions) -> Result<Caption> {
        let mut stream = AudioStream::open(source, self.tower.rate())?;
        let heard = self.listen_to(&mut stream)?;
        let mut caption = self.describe(&heard, options)?;
        caption.warnings = stream.warnings().to_vec();
        Ok(caption)
    }
}

#[cfg(test)]
mod tests;
