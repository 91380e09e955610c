//! Sentence-BERT: texts -> unit embeddings [N, d], the mean of the last states of a BERT of any size.
//!
//! all-MiniLM-L6-v2, the text tower of `mini`, is one; others are folders as sentence-transformers writes them.
// Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084
// https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)

mod folder;

use crate::embedding::Embeddings;
use crate::error::{Error, Result};
use crate::models::bert::{Bert, Kind};
use crate::models::packing;
use crate::tokenizer::Tokenizer;
use crate::towers::TextTower;
use wsac_tensors::safetensors::{TensorFile, Tensors};
use wsac_tensors::weights::Weights;

/// The model. Word vectors stay int8 where the file has them so; the layers are f32.
#[derive(Debug)]
pub struct SentenceBert {
    name: String,
    tokenizer: Tokenizer,
    bert: Bert,
    /// Longer texts are cut.
    max_tokens: usize,
}

impl SentenceBert {
    /// all-MiniLM-L6-v2 of `weights` with the published names (f32, or int8 as [`SentenceBert::quantise`] makes it).
    ///
    /// # Errors
    /// As [`SentenceBert::new`].
    pub fn minilm(tokenizer: Tokenizer, weights: &dyn Weights) -> Result<Self> {
        let bert = Bert::read(weights, "", Kind::BERT)?;
        Self::new("all-MiniLM-L6-v2", tokenizer, bert, 256)
            .map_err(|why| Error::model(weights.path(), why.to_string()))
    }

    /// The model called `name` that cuts texts after `max_tokens`.
    ///
    /// # Errors
    /// Where `bert` does not know the words of `tokenizer`, or so few tokens are no text.
    pub fn new(
        name: impl Into<String>,
        tokenizer: Tokenizer,
        bert: Bert,
        max_tokens: usize,
    ) -> Result<Self> {
        let (words, rows) = (tokenizer.len(), bert.vocabulary());
        if words != rows {
            return Err(Error::Config(format!(
                "its tokenizer has {words} words, but its BERT knows {rows}"
            )));
        }
        let max_tokens = max_tokens.min(bert.max_tokens());
        if max_tokens < 3 {
            return Err(Error::Config(format!(
                "texts are cut after {max_tokens} tokens; at least 3 are needed ([CLS], a word, [SEP])"
            )));
        }
        Ok(Self {
            name: name.into(),
            tokenizer,
            bert,
            max_tokens,
        })
    }

    /// What the model is called, e.g. `all-MiniLM-L6-v2`: of a folder its name, of a snapshot in the cache of the hub
    /// the model's without its owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many layers its BERT has.
    pub fn depth(&self) -> usize {
        self.bert.depth()
    }

    /// The published f32 `model` of MiniLM as the file that ships: every matrix int8 with a scale a row, all else f32.
    ///
    /// # Errors
    /// Where a tensor is missing or of another shape.
    pub fn quantise(model: &Tensors) -> Result<Vec<u8>> {
        let mut file = TensorFile::new();
        file.describe("all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), matrices int8 by row");
        let used = |name: &&str| !name.starts_with("pooler") && !name.ends_with("position_ids");
        for name in model.names().into_iter().filter(used) {
            let shape = model.shape(name).unwrap_or_default();
            let values = model.get(name, &shape)?;
            match shape.len() {
                2 => file.int8_rows(name, &shape, &values),
                _ => file.f32(name, &shape, &values),
            }
        }
        Ok(file.to_bytes()?)
    }

    /// The embeddings, not yet of unit length, of packed texts: [texts, d].
    fn forward(&self, texts: &[&[u32]]) -> Vec<f32> {
        let (x, starts) = self.bert.forward(texts);
        packing::mean(&x, &starts, self.dim())
    }
}

impl TextTower for SentenceBert {
    fn dim(&self) -> usize {
        self.bert.width()
    }

    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings> {
        let ids = self.tokenizer.encode_batch(texts, self.max_tokens, true);
        packing::embed(&ids, self.dim(), |block| self.forward(block), on_progress)
    }
}

#[cfg(test)]
mod tests;
