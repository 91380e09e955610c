//! GPT-2 as a reader of texts (MS-CLAP 2023): packed ids of texts -> [texts, width], the state at each text's end.
//!
//! ```text
//! x = word + position;  each layer: x += attention(norm(x)), x += W2 gelu(W1 norm(x));  norm(x) at the end
//! ```
//!
//! The end is position `count(id != 0) - 1`, as in MS-CLAP, whose padding is `!` (id 0): a real `!` moves it forward. A
//! position sees only those before it, so that texts need no padding.
//! Reference: Hugging Face `GPT2Model`; `msclap` 1.3.4, `TextEncoder.forward`.

use rayon::prelude::*;
use wsac_nn::activation::gelu_tanh;

use crate::error::Result;
use crate::models::bert::{depth, matrix, share};
use crate::models::layers::{Linear, Norm, add, attend};
use crate::models::packing;
use wsac_tensors::weights::{Buffer, Weights};

const EPS: f32 = 1e-5;
/// The id that fills texts up in MS-CLAP.
const PAD: u32 = 0;

/// The stack of blocks.
#[derive(Debug)]
pub struct Gpt2 {
    words: Buffer,
    positions: Buffer,
    blocks: Vec<Block>,
    norm: Norm,
    width: usize,
}

#[derive(Debug)]
struct Block {
    norm_1: Norm,
    /// Query, key and value in one: [3 width, width].
    qkv: Linear,
    attention_out: Linear,
    norm_2: Norm,
    inner: Linear,
    out: Linear,
    heads: usize,
}

impl Gpt2 {
    /// Reads the tensors `<prefix>wte`, `<prefix>wpe`, `<prefix>h.*` and `<prefix>ln_f`.
    ///
    /// # Errors
    /// As [`Weights::get`], and where the shapes are no GPT-2's.
    pub fn read(w: &dyn Weights, prefix: &str, heads: usize) -> Result<Self> {
        let name = format!("{prefix}wte.weight");
        let [words, width] = matrix(w, &name)?;
        share(w, width, heads)?;
        let words = w.get(&name, &[words, width])?;
        let name = format!("{prefix}wpe.weight");
        let positions = w.get(&name, &[matrix(w, &name)?[0], width])?;
        let block = |i: usize| format!("{prefix}h.{i}");
        let depth = depth(w, |i| format!("{}.mlp.c_proj.weight", block(i)))?;
        Ok(Self {
            words,
            positions,
            blocks: (0..depth)
                .into_par_iter()
                .map(|i| Block::read(w, &block(i), width, heads))
                .collect::<Result<_>>()?,
            norm: Norm::read(w, &format!("{prefix}ln_f"), width, EPS)?,
            width,
        })
    }

    /// The width of a state.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many words it knows; ids are below.
    pub fn vocabulary(&self) -> usize {
        self.words.len() / self.width
    }

    /// The tokens of the longest text.
    pub fn max_tokens(&self) -> usize {
        self.positions.len() / self.width
    }

    /// The state at each text's end: packed `texts` -> [texts, width].
    ///
    /// # Panics
    /// Where a text is empty, longer than [`Gpt2::max_tokens`] or has an id outside the vocabulary.
    pub fn forward(&self, texts: &[&[u32]]) -> Vec<f32> {
        let starts = packing::starts(texts);
        let mut x = self.embed(texts);
        for block in &self.blocks {
            x = block.forward(x, &starts);
        }
        let ends = packing::pick(&x, &starts, self.width, |text| end(texts[text]));
        self.norm.forward(&ends)
    }

    /// Word + position: [tokens, width].
    fn embed(&self, texts: &[&[u32]]) -> Vec<f32> {
        let row = |of: &[f32], i: usize| of[i * self.width..][..self.width].to_vec();
        let tokens = texts.iter().flat_map(|ids| ids.iter().enumerate());
        tokens
            .flat_map(|(position, &id)| {
                let word = row(&self.words, id as usize);
                add(word, &self.positions[position * self.width..][..self.width])
            })
            .collect()
    }
}

/// The position of a text's state: `count(id != 0) - 1`, and the last where that is -1.
fn end(ids: &[u32]) -> usize {
    let words = ids.iter().filter(|&&id| id != PAD).count();
    words.checked_sub(1).unwrap_or(ids.len() - 1)
}

impl Block {
    fn read(w: &dyn Weights, name: &str, width: usize, heads: usize) -> Result<Self> {
        let linear = |part: &str, [outputs, inputs]: [usize; 2]| {
            Linear::read_transposed(w, &format!("{name}.{part}"), [outputs, inputs])
        };
        let norm = |part: &str| Norm::read(w, &format!("{name}.{part}"), width, EPS);
        let [_, inner] = matrix(w, &format!("{name}.mlp.c_fc.weight"))?;
        Ok(Self {
            norm_1: norm("ln_1")?,
            qkv: linear("attn.c_attn", [3 * width, width])?,
            attention_out: linear("attn.c_proj", [width, width])?,
            norm_2: norm("ln_2")?,
            inner: linear("mlp.c_fc", [inner, width])?,
            out: linear("mlp.c_proj", [width, inner])?,
            heads,
        })
    }

    /// `x` [tokens, width], text `s` in rows `starts[s]..starts[s + 1]`, to the same shape.
    fn forward(&self, x: Vec<f32>, starts: &[usize]) -> Vec<f32> {
        let qkv = self.qkv.forward(&self.norm_1.forward(&x));
        let attended = attend(&qkv, starts, self.heads, true);
        let x = add(x, &self.attention_out.forward(&attended));
        let inner = self.inner.forward(&self.norm_2.forward(&x));
        let mut active = vec![0.0; inner.len()];
        gelu_tanh(&mut active, &inner);
        add(x, &self.out.forward(&active))
    }
}

#[cfg(test)]
mod tests;
