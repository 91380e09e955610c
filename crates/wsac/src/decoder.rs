//! The caption decoder of the paper: a mapping network and a GPT-2-style language model, in one file.
//!
//! ```text
//! embeddings [parts, E] -mapper-> prefix [parts x p, d] -+
//!                        tokens [T] -wte-> words [T, d] -+-> + wpe -> blocks -> ln_f [rows, d] -> wte^T -> logits
//! ```
//!
//! A prompt may precede the prefix: the rows of a sequence are `[prompt][prefix][caption]`.
//!
//! A caption is conditioned on one embedding (the paper) or on several, one for each sound; each gives `p` prefix
//! rows. Sequences of a batch are packed without padding. Tensor names and the storage of weights are those of the
//! reference code (`decoder.transformer.*` [in, out], `clap_project.model.*` [out, in]).
//! Paper: arXiv 2309.12242, section 2; code: zelaki/wsac `models/` over Hugging Face `GPT2LMHeadModel`.

mod backward;
mod cache;
mod config;
mod forward;
mod mapper;
mod matrices;
mod packed;
mod tape;
mod transform;

pub use cache::KvCache;
pub use config::Config;
pub use forward::Nll;
pub use mapper::layout::Mapper;
pub use matrices::WeightDtype;
pub use tape::Tape;

use crate::error::{Error, Result};
use crate::params::{Layout, Slot};
use wsac_nn::rng::Stream;

/// The epsilon of every layer normalisation (GPT-2's).
pub(crate) const EPS: f32 = 1e-5;

/// The tensors of one transformer block.
#[derive(Debug, Clone)]
struct Block {
    ln_1: (Slot, Slot),
    c_attn: (Slot, Slot),
    attn_proj: (Slot, Slot),
    ln_2: (Slot, Slot),
    c_fc: (Slot, Slot),
    mlp_proj: (Slot, Slot),
}

/// The decoder: its shape and its weights.
#[derive(Debug, Clone)]
pub struct Decoder {
    config: Config,
    layout: Layout,
    weights: Vec<f32>,
    wte: Slot,
    wpe: Slot,
    blocks: Vec<Block>,
    ln_f: (Slot, Slot),
    mapper: mapper::layout::Net,
    packed: Option<matrices::Matrices>,
}

/// A batch of captions with their conditioning.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The prompt tokens of each sequence, which are no targets; empty if no sequence has any.
    pub prompts: Vec<Vec<u32>>,
    /// The embeddings of all sequences one after the other, [sum of `parts`, E].
    pub embeddings: Vec<f32>,
    /// The number of embeddings of each sequence (1 in the paper).
    pub parts: Vec<usize>,
    /// The tokens of each sequence, all of them targets but those that are [`Batch::PAD`].
    pub tokens: Vec<Vec<u32>>,
}

impl Batch {
    /// The id that is never a target.
    pub const PAD: u32 = 0;
}

/// The conditioning of one caption.
#[derive(Debug, Clone, Copy, Default)]
pub struct Condition<'a> {
    /// The prompt tokens; none in the paper.
    pub words: &'a [u32],
    /// The embeddings that become the prefix, [parts, E].
    pub embeddings: &'a [f32],
}

impl Decoder {
    /// A decoder of this shape; `weight(name, shape)` gives the numbers of each tensor.
    ///
    /// # Errors
    /// If the shape is impossible (a zero, or a width that is not divisible by the heads), or a tensor is missing or
    /// has another size.
    pub fn with_weights(
        config: Config,
        mut weight: impl FnMut(&str, &[usize]) -> Result<Vec<f32>>,
    ) -> Result<Self> {
        let Config {
            vocab,
            embedding,
            width: d,
            layers,
            heads,
            positions,
            prefix,
            ..
        } = config;
        if [vocab, embedding, d, layers, heads, positions, prefix].contains(&0) || d % heads != 0 {
            return Err(Error::Config(format!(
                "no decoder has this shape: width {d} must be a multiple of heads {heads}, and nothing may be 0"
            )));
        }
        let mut layout = Layout::default();
        let wte = layout.add("decoder.transformer.wte.weight", &[vocab, d]);
        let wpe = layout.add("decoder.transformer.wpe.weight", &[positions, d]);
        let mut pair = |name: String, weight: &[usize], bias: usize| {
            (
                layout.add(format!("{name}.weight"), weight),
                layout.add(format!("{name}.bias"), &[bias]),
            )
        };
        let mut blocks = Vec::with_capacity(layers);
        for i in 0..layers {
            let at = format!("decoder.transformer.h.{i}");
            blocks.push(Block {
                ln_1: pair(format!("{at}.ln_1"), &[d], d),
                c_attn: pair(format!("{at}.attn.c_attn"), &[d, 3 * d], 3 * d),
                attn_proj: pair(format!("{at}.attn.c_proj"), &[d, d], d),
                ln_2: pair(format!("{at}.ln_2"), &[d], d),
                c_fc: pair(format!("{at}.mlp.c_fc"), &[d, 4 * d], 4 * d),
                mlp_proj: pair(format!("{at}.mlp.c_proj"), &[4 * d, d], d),
            });
        }
        let ln_f = pair("decoder.transformer.ln_f".into(), &[d], d);
        let mapper =
            mapper::layout::Net::lay_out(&mut layout, config.mapper, [embedding, d, prefix])?;
        let mut weights = Vec::with_capacity(layout.len());
        for spec in layout.specs() {
            let values = weight(&spec.name, &spec.shape)?;
            if values.len() != spec.range.len() {
                let (name, shape, n) = (&spec.name, &spec.shape, values.len());
                return Err(Error::Config(format!(
                    "{name} should have shape {shape:?} but holds {n} numbers"
                )));
            }
            weights.extend(values);
        }
        Ok(Self {
            config,
            layout,
            weights,
            wte,
            wpe,
            blocks,
            ln_f,
            mapper,
            packed: None,
        })
    }

    /// A randomly initialised decoder: normal weights of standard deviation 0.02, zero biases, unit gains (as GPT-2).
    pub fn new(config: Config, seed: u64) -> Result<Self> {
        Self::with_weights(config, |name, shape| Ok(Self::fresh(name, shape, seed)))
    }

    /// The initial values of tensor `name`.
    pub(crate) fn fresh(name: &str, shape: &[usize], seed: u64) -> Vec<f32> {
        let n = shape.iter().product::<usize>();
        let stream = Stream::new(&format!("seed{seed}/{name}"));
        if name.ends_with(".bias") {
            vec![0.0; n]
        } else if shape.len() == 1 {
            vec![1.0; n]
        } else {
            (0..n as u64).map(|i| 0.02 * stream.gauss(i)).collect()
        }
    }

    /// The index of the first mapper weight: after all those of the language model.
    pub fn mapper_start(&self) -> usize {
        let specs = self.layout.specs().iter();
        let mut own = specs.filter(|spec| spec.name.starts_with("clap_project."));
        own.next()
            .map_or(self.weights.len(), |spec| spec.range.start)
    }

    /// The shape.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Names, shapes and offsets of the tensors in [`Decoder::weights`].
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All weights, laid out as in [`Decoder::layout`].
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// All weights, mutable.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        self.packed = None;
        &mut self.weights
    }
}

#[cfg(test)]
pub(crate) mod tests;
