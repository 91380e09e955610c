//! A BERT or RoBERTa and its tokenizer: texts -> the unit states of their tokens, [tokens, width] each.

use std::path::Path;

use rayon::prelude::*;

use crate::bert_folder::{BertFolder, name_of};
use crate::embedding::normalize;
use crate::error::{Error, Result};

/// As many tokens are computed together.
const TOKENS_PER_BLOCK: usize = 1024;

/// The model.
#[derive(Debug)]
pub struct TokenStates {
    name: String,
    model: BertFolder,
}

impl TokenStates {
    /// Opens the `folder` of a model as transformers writes it ([`BertFolder::open`]).
    ///
    /// # Errors
    /// As there, and where the network does not know the words of the tokenizer.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let model = BertFolder::open(folder, None)?;
        let (words, rows) = (model.tokenizer.len(), model.bert.vocabulary());
        if words > rows {
            let why = format!("its tokenizer has {words} words, but its network knows {rows}");
            return Err(Error::model(folder, why));
        }
        if model.bert.max_tokens() < 3 {
            let why = "knows fewer than 3 positions, so no text fits";
            return Err(Error::model(folder, why));
        }
        Ok(Self {
            name: name_of(folder),
            model,
        })
    }

    /// What the model is called, e.g. `roberta-large`: the name of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The width of a state.
    pub fn width(&self) -> usize {
        self.model.bert.width()
    }

    /// The last states of the words of each of `texts`, [tokens, width] row after row, each of unit length. A text is cut
    /// after `most` tokens, counting the two that frame it, which themselves have no row here: an empty text has none.
    pub fn of(&self, texts: &[&str], most: usize) -> Vec<Vec<f32>> {
        let most = most.clamp(2, self.model.bert.max_tokens());
        let ids = self.model.tokenizer.encode_batch(texts, most, true);
        let mut states = Vec::with_capacity(texts.len());
        let mut rest = &ids[..];
        while !rest.is_empty() {
            let ends = rest.iter().scan(0, |tokens, ids| {
                *tokens += ids.len();
                Some(*tokens)
            });
            let fitting = ends.take_while(|&end| end <= TOKENS_PER_BLOCK).count();
            let (block, others) = rest.split_at(fitting.max(1));
            rest = others;
            states.extend(self.forward(block));
        }
        states
    }

    fn forward(&self, block: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let block: Vec<&[u32]> = block.iter().map(Vec::as_slice).collect();
        let (x, starts) = self.model.bert.forward(&block);
        let width = self.width();
        let unit = |range: &[usize]| {
            let (first, last) = (range[0] + 1, range[1] - 1);
            let mut rows = x[first * width..last.max(first) * width].to_vec();
            rows.chunks_exact_mut(width).for_each(|row| {
                normalize(row);
            });
            rows
        };
        starts.par_windows(2).map(unit).collect()
    }
}
