//! BERT's encoder, of any depth and width: packed ids of texts -> states [tokens, width].
//!
//! ```text
//! word + position + kind -norm-> x;  each layer: x = norm(x + attention(x)), x = norm(x + W2 gelu(W1 x))
//! ```
//!
//! Reference: Hugging Face `transformers`, `BertModel` and `RobertaModel` (whose positions start at 2).

use rayon::prelude::*;
use wsac_nn::activation::gelu_erf;

use crate::error::{Error, Result};
use crate::models::layers::{Linear, Norm, add, attend};
use crate::models::packing;
use wsac_tensors::matrix::EmbeddingMatrix;
use wsac_tensors::weights::Weights;

/// What the weights of a BERT leave open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kind {
    /// The heads of its attention, each of `width / heads` numbers.
    pub heads: usize,
    /// The epsilon of its normalisations: 1e-12 in BERT, 1e-5 in RoBERTa.
    pub eps: f32,
    /// The position of a text's first token: 0 in BERT, 2 in RoBERTa (behind that of padding).
    pub first_position: usize,
}

impl Kind {
    /// BERT as published.
    pub const BERT: Self = Self {
        heads: 12,
        eps: 1e-12,
        first_position: 0,
    };
}

/// The encoder. Word vectors may be int8; the layers are f32.
#[derive(Debug)]
pub struct Bert {
    words: EmbeddingMatrix,
    /// Position vectors plus the one token type that is used, [positions, width].
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    first_position: usize,
    width: usize,
}

#[derive(Debug)]
struct Layer {
    /// Query, key and value in one: [3 width, width].
    qkv: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    out: Linear,
    out_norm: Norm,
    heads: usize,
}

impl Bert {
    /// Reads the tensors `<prefix>embeddings.*` and `<prefix>encoder.layer.*`. Word vectors that are int8 stay so.
    ///
    /// # Errors
    /// As [`Weights::get`], and where the shapes are no BERT's.
    pub fn read(w: &dyn Weights, prefix: &str, kind: Kind) -> Result<Self> {
        let name = format!("{prefix}embeddings.word_embeddings.weight");
        let [words, width] = matrix(w, &name)?;
        let words = w.rows(&name, [words, width])?;
        share(w, width, kind.heads)?;
        let name = format!("{prefix}embeddings.position_embeddings.weight");
        let shape = matrix(w, &name)?;
        let mut positions = w.get(&name, &[shape[0], width])?.into_vec();
        let name = format!("{prefix}embeddings.token_type_embeddings.weight");
        let kinds = w.get(&name, &[matrix(w, &name)?[0], width])?;
        for row in positions.chunks_exact_mut(width) {
            row.iter_mut().zip(&*kinds).for_each(|(p, k)| *p += k);
        }
        let layer = |i: usize| format!("{prefix}encoder.layer.{i}");
        let depth = depth(w, |i| format!("{}.output.dense.weight", layer(i)))?;
        Ok(Self {
            words,
            positions,
            norm: Norm::read(w, &format!("{prefix}embeddings.LayerNorm"), width, kind.eps)?,
            layers: (0..depth)
                .into_par_iter()
                .map(|i| Layer::read(w, &layer(i), width, kind))
                .collect::<Result<_>>()?,
            first_position: kind.first_position,
            width,
        })
    }

    /// The width of a state.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many layers it has.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// How many words it knows; ids are below.
    pub fn vocabulary(&self) -> usize {
        self.words.len()
    }

    /// The tokens of the longest text.
    pub fn max_tokens(&self) -> usize {
        (self.positions.len() / self.width).saturating_sub(self.first_position)
    }

    /// The last states of packed `texts`, [tokens, width], and where each text starts.
    ///
    /// # Panics
    /// Where a text is longer than [`Bert::max_tokens`] or has an id outside the vocabulary.
    pub fn forward(&self, texts: &[&[u32]]) -> (Vec<f32>, Vec<usize>) {
        let starts = packing::starts(texts);
        let mut x = self.embed(texts);
        for layer in &self.layers {
            x = layer.forward(x, &starts);
        }
        (x, starts)
    }

    /// Word + position + token type, normalised: [tokens, width].
    fn embed(&self, texts: &[&[u32]]) -> Vec<f32> {
        let tokens = (texts.iter()).flat_map(|ids| (self.first_position..).zip(*ids));
        let count: usize = texts.iter().map(|ids| ids.len()).sum();
        let mut sum = vec![0.0; count * self.width];
        for (row, (position, &id)) in sum.chunks_exact_mut(self.width).zip(tokens) {
            self.words.copy_to(id as usize..id as usize + 1, row);
            let position = &self.positions[position * self.width..][..self.width];
            row.iter_mut().zip(position).for_each(|(x, p)| *x += p);
        }
        self.norm.forward(&sum)
    }
}

impl Layer {
    fn read(w: &dyn Weights, name: &str, width: usize, kind: Kind) -> Result<Self> {
        let linear = |part: &str, shape| Linear::read(w, &format!("{name}.{part}"), shape);
        let norm = |part: &str| Norm::read(w, &format!("{name}.{part}"), width, kind.eps);
        let [inner, _] = matrix(w, &format!("{name}.intermediate.dense.weight"))?;
        let parts = ["query", "key", "value"]
            .map(|part| linear(&format!("attention.self.{part}"), [width, width]));
        Ok(Self {
            qkv: Linear::join(parts.into_iter().collect::<Result<Vec<_>>>()?),
            attention_out: linear("attention.output.dense", [width, width])?,
            attention_norm: norm("attention.output.LayerNorm")?,
            intermediate: linear("intermediate.dense", [inner, width])?,
            out: linear("output.dense", [width, inner])?,
            out_norm: norm("output.LayerNorm")?,
            heads: kind.heads,
        })
    }

    /// `x` [tokens, width], text `s` in rows `starts[s]..starts[s + 1]`, to the same shape.
    fn forward(&self, x: Vec<f32>, starts: &[usize]) -> Vec<f32> {
        let attended = attend(&self.qkv.forward(&x), starts, self.heads, false);
        let x = self
            .attention_norm
            .forward(&add(self.attention_out.forward(&attended), &x));
        let mut inner = self.intermediate.forward(&x);
        gelu_erf(&mut inner);
        self.out_norm.forward(&add(self.out.forward(&inner), &x))
    }
}

/// Whether `heads` can share a `width`.
pub(super) fn share(w: &dyn Weights, width: usize, heads: usize) -> Result<()> {
    if heads > 0 && width.is_multiple_of(heads) {
        return Ok(());
    }
    let why = format!("{heads} heads do not share a width of {width}");
    Err(Error::model(w.path(), why))
}

/// How many layers there are: those `0..` whose tensor `name(layer)` is there; at least one.
pub(super) fn depth(w: &dyn Weights, name: impl Fn(usize) -> String) -> Result<usize> {
    match (0..).take_while(|&i| w.shape(&name(i)).is_some()).count() {
        0 => Err(Error::model(w.path(), format!("has no {}", name(0)))),
        depth => Ok(depth),
    }
}

/// The shape of matrix `name`.
pub(crate) fn matrix(w: &dyn Weights, name: &str) -> Result<[usize; 2]> {
    let shape = w.shape(name).unwrap_or_default();
    <[usize; 2]>::try_from(shape)
        .ok()
        .filter(|shape| !shape.contains(&0))
        .ok_or_else(|| Error::model(w.path(), format!("tensor {name} is missing or no matrix")))
}

#[cfg(test)]
mod tests;
