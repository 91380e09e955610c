//! A pretrained GPT-2 as the initial decoder: a Hugging Face folder -> its shape, vocabulary and weights.
//!
//! | file | content |
//! |---|---|
//! | `config.json` | number of heads; unsupported variants are refused |
//! | `model.safetensors`, `pytorch_model.bin` | `[transformer.]{wte, wpe, h.*, ln_f}`; all sizes are taken from these |
//! | `tokenizer.json`, or `vocab.json` and `merges.txt` | the vocabulary; if there is none, GPT-2's own is built in |
//!
//! Reference: Hugging Face `GPT2LMHeadModel`; ClapCap freezes its GPT-2 and trains the mapper alone.

use std::path::Path;

use serde::Deserialize;

use crate::decoder::{Config, Decoder, EPS};
use crate::error::{Error, Result};
use wsac_encoders::tokenizer::{Tokenizer, builtin};
use wsac_tensors::weights::folder::{CONFIG, json, weights_in};
use wsac_tensors::weights::{Buffer, WeightFile, WeightLoader, Weights};

/// The prefix of the language model's tensor names in the decoder.
const OURS: &str = "decoder.transformer.";
/// The token embeddings and the output head, which are tied.
const WORDS: &str = "wte.weight";
const HEAD: &str = "lm_head.weight";

/// The part of `config.json` that is used.
#[derive(Deserialize)]
struct About {
    n_head: usize,
    #[serde(default = "eps")]
    layer_norm_epsilon: f32,
    #[serde(default = "gelu")]
    activation_function: String,
    #[serde(default = "yes")]
    scale_attn_weights: bool,
    #[serde(default)]
    scale_attn_by_inverse_layer_idx: bool,
}

fn eps() -> f32 {
    EPS
}

fn gelu() -> String {
    "gelu_new".into()
}

fn yes() -> bool {
    true
}

/// A GPT-2 on disk.
#[derive(Debug)]
pub struct Gpt2 {
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    weights: WeightFile,
    /// The prefix of its tensor names.
    prefix: &'static str,
    heads: usize,
}

impl Gpt2 {
    /// Opens the Hugging Face `folder` of a GPT-2 of any size.
    ///
    /// # Errors
    /// If files are missing or damaged, or it is another kind of model.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(CONFIG);
        let missing = || {
            Error::model(
                &path,
                "is missing; give the folder of a GPT-2 (`--gpt2 DIR`)",
            )
        };
        let about: About = json(&path)?.ok_or_else(missing)?;
        let gelu = ["gelu_new", "gelu_pytorch_tanh"].contains(&about.activation_function.as_str());
        if !gelu
            || about.layer_norm_epsilon != EPS
            || !about.scale_attn_weights
            || about.scale_attn_by_inverse_layer_idx
        {
            return Err(Error::model(
                path,
                "asks for what GPT-2 does not do (another activation, epsilon or scale of attention)",
            ));
        }
        let weights = WeightFile::open(weights_in(folder)?)?;
        let has = |name: &str| weights.shape(name).is_some();
        let prefix = match has(&format!("transformer.{WORDS}")) {
            true => "transformer.",
            false => "",
        };
        let tokenizer = match Tokenizer::find(folder)? {
            Some(tokenizer) => tokenizer,
            None => builtin::gpt2()?,
        };
        Ok(Self {
            tokenizer,
            weights,
            prefix,
            heads: about.n_head,
        })
    }

    /// `config` with the sizes of this GPT-2; the mapper, the prefix and the width of embeddings are unchanged.
    ///
    /// # Errors
    /// If the token or position embeddings are missing, or there are fewer rows than the tokenizer has tokens.
    pub fn shape(&self, config: &Config) -> Result<Config> {
        let table = |name: &str| -> Result<[usize; 2]> {
            let name = format!("{}{name}", self.prefix);
            let shape = self.weights.shape(&name).unwrap_or_default();
            let wrong = || {
                Error::model(
                    self.weights.path(),
                    format!("tensor {name} is missing or no matrix"),
                )
            };
            <[usize; 2]>::try_from(shape).map_err(|_| wrong())
        };
        let [words, width] = table(WORDS)?;
        let [positions, _] = table("wpe.weight")?;
        let vocab = self.tokenizer.len();
        if words < vocab {
            return Err(Error::model(
                self.weights.path(),
                format!("has {words} words, but its tokenizer {vocab}"),
            ));
        }
        let is_there = |i: &usize| {
            let name = format!("{}h.{i}.ln_1.weight", self.prefix);
            self.weights.shape(&name).is_some()
        };
        Ok(Config {
            vocab,
            width,
            positions,
            layers: (0..).take_while(is_there).count(),
            heads: self.heads,
            ..config.clone()
        })
    }

    /// The decoder: this language model, and a new mapper initialised with `seed`.
    ///
    /// # Errors
    /// As [`Gpt2::shape`], and where tensors are missing or of another shape.
    pub fn decoder(&self, config: &Config, seed: u64) -> Result<Decoder> {
        let shape = self.shape(config)?;
        let (vocab, width) = (shape.vocab, shape.width);
        let reading = WeightLoader::new(&self.weights);
        let rows = |name: &str| -> Result<Buffer> {
            let whole = reading.shape(name).unwrap_or_default();
            Ok(reading.get(name, &whole)?)
        };
        let words = format!("{}{WORDS}", self.prefix);
        if reading.shape(HEAD).is_some() && *rows(HEAD)? != *rows(&words)? {
            return Err(Error::model(
                self.weights.path(),
                "has other words to write with (lm_head) than to read with (wte); a decoder shares them",
            ));
        }
        let decoder = Decoder::with_weights(shape, |name, shape| match name.strip_prefix(OURS) {
            Some(WORDS) => Ok(rows(&words)?[..vocab * width].to_vec()),
            Some(part) => {
                let name = format!("{}{part}", self.prefix);
                Ok(reading.get(&name, shape).map(Buffer::into_vec)?)
            }
            None => Ok(Decoder::fresh(name, shape, seed)),
        })?;
        // Attention masks are ignored.
        reading.finish(|_| true)?;
        Ok(decoder)
    }
}

#[cfg(test)]
pub(crate) mod tests;
