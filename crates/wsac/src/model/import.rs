//! Decoders trained by other code: a state dict -> a [`Model`].
//!
//! | origin | tensors | architecture | vocabulary |
//! |---|---|---|---|
//! | the paper's reference code | `decoder.transformer.*`, `clap_project.model.*` | a dense mapper, GPT-2 blocks | BERT's |
//! | ClapCap (MS-CLAP 2023) | `gpt.transformer.*`, `clap_project.transformer.*`, `clap.*` | a transformer, GPT-2 | GPT-2's |
//!
//! The reference code's token embeddings have GPT-2's 50,257 rows though its ids are BERT's 30,522: the rows beyond are cut
//! off. They were never a target, so training only pushed their logits down; greedy captions are the same without them,
//! and probabilities are normalised over the tokens that exist.

use std::path::Path;

use crate::bridge::{Bridge, Compat};
use crate::decoder::{Config, Decoder, Mapper};
use crate::error::{Error, Result};
use crate::memory::{Centre, Memory};
use crate::model::{Model, RunConfig};
use crate::prompt::Prompting;
use wsac_encoders::clap::family::Family;
use wsac_encoders::tokenizer::{Tokenizer, builtin};
use wsac_tensors::safetensors::TensorFile;
use wsac_tensors::weights::{Buffer, WeightLoader, Weights};

/// A decoder's token embeddings.
const WORDS: &str = "transformer.wte.weight";
/// ClapCap's learned prefix rows [p, d].
const LEARNED: &str = "clap_project.prefix_const";
/// The number of heads of ClapCap's mapper, and of the paper's decoder.
const MAPPER_HEADS: usize = 8;
const PAPER_HEADS: usize = 4;
/// The width of a head in GPT-2 of any size.
const GPT2_HEAD: usize = 64;

/// The origin of a state dict's decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The paper's reference code: `TextDecoder`.
    Paper,
    /// ClapCap, the supervised captioner that comes with MS-CLAP 2023; its `clap.*` is the audio encoder.
    ClapCap,
}

impl Origin {
    /// The origin of the decoder `weights`; `None` if unknown.
    pub fn of(weights: &dyn Weights) -> Option<Self> {
        let is_there = |name: &str| weights.shape(name).is_some();
        if is_there("clap_project.model.0.weight") && is_there(&format!("decoder.{WORDS}")) {
            Some(Self::Paper)
        } else if is_there(LEARNED) && is_there(&format!("gpt.{WORDS}")) {
            Some(Self::ClapCap)
        } else {
            None
        }
    }

    /// The prefix of the language model's tensor names.
    fn prefix(self) -> &'static str {
        match self {
            Self::Paper => "decoder.",
            Self::ClapCap => "gpt.",
        }
    }

    /// The tokenizer of its ids.
    fn tokenizer(self) -> Result<Tokenizer> {
        match self {
            Self::Paper => Ok(builtin::vocabulary()?),
            Self::ClapCap => Ok(builtin::gpt2()?),
        }
    }

    /// The decoder's shape, derived from its tensors' shapes; `vocab` is the number of rows.
    fn config(self, weights: &dyn Weights) -> Result<Config> {
        let matrix = |name: &str| -> Result<[usize; 2]> {
            let shape = weights.shape(name).unwrap_or_default();
            let wrong = || {
                let why = format!("tensor {name} is missing or no matrix");
                Error::model(weights.path(), why)
            };
            <[usize; 2]>::try_from(shape).map_err(|_| wrong())
        };
        let gpt = |part: &str| format!("{}transformer.{part}", self.prefix());
        let depth = |layer: &dyn Fn(usize) -> String| {
            let is_there = |i: &usize| weights.shape(&layer(*i)).is_some();
            (0..).take_while(is_there).count()
        };
        let [vocab, width] = matrix(&gpt("wte.weight"))?;
        let [positions, _] = matrix(&gpt("wpe.weight"))?;
        let layers = depth(&|i| gpt(&format!("h.{i}.ln_1.weight")));
        let (heads, embedding, prefix, mapper) = match self {
            Self::Paper => {
                let [first, embedding] = matrix("clap_project.model.0.weight")?;
                let last = weights.shape("clap_project.model.2.weight");
                let (out, mapper) = match last.as_deref() {
                    Some([out, _]) => (*out, Mapper::Mlp),
                    _ => (first, Mapper::Linear),
                };
                // The file does not say: the paper's has 4, a whole GPT-2 has 12.
                let whole = (layers, width) == (12, 12 * GPT2_HEAD);
                let heads = if whole { 12 } else { PAPER_HEADS };
                (heads, embedding, out / width.max(1), mapper)
            }
            Self::ClapCap => {
                let [out, embedding] = matrix("clap_project.linear.weight")?;
                let layer = |i| format!("clap_project.transformer.layers.{i}.norm1.weight");
                let mapper = Mapper::Transformer {
                    layers: depth(&layer),
                    heads: MAPPER_HEADS,
                    rows: out / width.max(1),
                };
                let [prefix, _] = matrix(LEARNED)?;
                (width / GPT2_HEAD, embedding, prefix, mapper)
            }
        };
        Ok(Config {
            vocab,
            embedding,
            width,
            layers,
            heads,
            positions,
            prefix,
            mapper,
        })
    }

    /// The decoder alone, with its first `vocab` tokens.
    ///
    /// # Errors
    /// If tensors are missing or of another shape, there are fewer words, or the output table is not the input's.
    pub fn decoder(self, weights: &dyn Weights, vocab: usize) -> Result<Decoder> {
        let shape = self.config(weights)?;
        let (rows, width) = (shape.vocab, shape.width);
        let wrong = |why: &str| Error::model(weights.path(), why);
        if rows < vocab {
            return Err(wrong(&format!(
                "has {rows} words, but its captions are written with {vocab}"
            )));
        }
        let config = Config { vocab, ..shape };
        let prefix = self.prefix();
        let table = |name: &str| weights.get(&format!("{prefix}{name}"), &[rows, width]);
        let head = "lm_head.weight";
        if weights.shape(&format!("{prefix}{head}")).is_some() && *table(head)? != *table(WORDS)? {
            return Err(wrong(
                "has other words to write with (lm_head) than to read with (wte); a decoder shares them",
            ));
        }
        Decoder::with_weights(config, |name, shape| match name.strip_prefix("decoder.") {
            Some(WORDS) => Ok(table(WORDS)?[..vocab * width].to_vec()),
            Some(part) => Ok(weights.get(&format!("{prefix}{part}"), shape)?.into_vec()),
            None => Ok(weights.get(name, shape)?.into_vec()),
        })
    }

    /// The captioner called `name`, whose audio encoder is `clap` ([`RunConfig::clap`], [`RunConfig::space`]), with or without
    /// a `memory`
    /// of captions in that encoder's space.
    ///
    /// ClapCap was trained on audio embeddings, so it takes them unchanged; so does the paper's decoder if there is
    /// no memory, else it takes projections as in its own code.
    ///
    /// # Errors
    /// As [`Origin::decoder`], and where the memory has another width, or this build has no vocabulary.
    pub fn model(
        self,
        weights: &dyn Weights,
        name: &str,
        (clap, space): (&str, &str),
        memory: Option<Memory>,
    ) -> Result<Model> {
        let tokenizer = self.tokenizer()?;
        let reading = WeightLoader::new(weights);
        let decoder = self.decoder(&reading, tokenizer.len())?;
        // Attention masks and ClapCap's audio encoder are ignored.
        reading.finish(|_| true)?;
        let wanted = decoder.config().embedding;
        if let Some(memory) = memory.as_ref().filter(|memory| memory.dim() != wanted) {
            let has = memory.dim();
            return Err(Error::model(
                weights.path(),
                format!(
                    "takes embeddings of width {wanted}, but those of the captions have width {has}; embed them with the \
                     encoder that the decoder was trained with"
                ),
            ));
        }
        let bridge = match (self, &memory) {
            (Self::Paper, Some(_)) => Bridge::Project {
                tau: 0.01,
                top_k: None,
            },
            _ => Bridge::Direct,
        };
        let mut memory = memory;
        if let Some(memory) = &mut memory {
            memory.set_centre(Centre::None);
        }
        let card = RunConfig {
            name: name.to_owned(),
            clap: clap.to_owned(),
            space: space.to_owned(),
            decoder: decoder.config().clone(),
            bridge,
            centred: false,
            clauses: false,
            renormalise: true,
            // The file does not say.
            noise_variance: 0.0,
            compat: Compat::Reference,
            prompt: Prompting::None,
            from_text: self == Self::Paper,
        };
        Ok(Model {
            card,
            decoder,
            tokenizer,
            memory,
            clauses: None,
            keywords: None,
            gap: None,
        })
    }
}

/// The audio encoder inside ClapCap's file, under the names of MS-CLAP 2023: `clap.*` -> `audio_encoder.*`.
pub struct ClapCapAudio<'a> {
    weights: &'a dyn Weights,
    names: Vec<String>,
}

impl<'a> ClapCapAudio<'a> {
    const OURS: &'static str = "audio_encoder.";
    const THEIRS: &'static str = "clap.";

    /// The audio encoder's part of `weights`.
    pub fn of(weights: &'a dyn Weights) -> Self {
        let names = weights.names().into_iter();
        let names = names.filter_map(|name| name.strip_prefix(Self::THEIRS));
        Self {
            names: names.map(|part| format!("{}{part}", Self::OURS)).collect(),
            weights,
        }
    }

    /// Writes it to `folder`, which then serves as an encoder of audio without a text tower.
    ///
    /// # Errors
    /// If a tensor cannot be read or the file not written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let mut file = TensorFile::new();
        let family = Family::MsClap2023;
        file.describe(format!("the audio encoder of ClapCap ({family})"));
        for name in &self.names {
            if let Some(shape) = self.shape(name).filter(|_| !family.has_no_use_for(name)) {
                file.f32(name, &shape, &self.get(name, &shape)?);
            }
        }
        Ok(file.save(folder.join("model.safetensors"))?)
    }

    fn theirs(name: &str) -> String {
        match name.strip_prefix(Self::OURS) {
            Some(part) => format!("{}{part}", Self::THEIRS),
            None => name.to_owned(),
        }
    }
}

impl Weights for ClapCapAudio<'_> {
    fn path(&self) -> &Path {
        self.weights.path()
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.weights.shape(&Self::theirs(name))
    }

    fn get(&self, name: &str, shape: &[usize]) -> wsac_tensors::Result<Buffer> {
        self.weights.get(&Self::theirs(name), shape)
    }
}

#[cfg(test)]
mod tests;
