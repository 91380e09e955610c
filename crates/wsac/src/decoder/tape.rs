//! The tape of a pass through the decoder: activations for the gradients, and the gradients, in reusable buffers.

use rayon::prelude::*;
use wsac_nn::dropout::Dropout;
use wsac_nn::loss::Head;
use wsac_nn::matmul::ProductDtype;
use wsac_nn::norm::RowStats;

use super::Batch;

/// The activations of one forward pass and, after a backward pass, their gradients. Kept from step to step, so that a
/// step allocates next to nothing.
#[derive(Debug, Default)]
pub struct Tape {
    /// The precision of matrix products.
    pub(super) precision: ProductDtype,
    /// Where sequences start among the rows.
    pub(super) starts: Vec<usize>,
    /// The last prefix row of each sequence, which predicts its first token.
    pub(super) firsts: Vec<usize>,
    /// The input of each row: a prefix row, or the id of a token.
    pub(super) rows: Vec<Row>,
    /// After each layer of the mapper, [sum of parts, width].
    pub(crate) mapped: Vec<Vec<f32>>,
    /// Inside a transformer mapper.
    pub(super) inside: Inside,
    /// The input of each block, and of `ln_f`, [rows, d].
    pub(super) stream: Vec<Vec<f32>>,
    pub(super) blocks: Vec<BlockTape>,
    /// The statistics and the output of `ln_f`, [rows, d].
    pub(super) last_stats: Vec<RowStats>,
    pub(super) hidden: Vec<f32>,
    pub(super) targets: Targets,
    pub(super) head: Head,
    pub(super) gradients: Gradients,
}

/// The part of the last hidden states that a batch needs.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// The rows that predict a token.
    pub rows: Vec<usize>,
    /// The tokens they predict.
    pub words: Vec<u32>,
    /// Their hidden states, [targets, d].
    pub hidden: Vec<f32>,
}

/// What one row of the input is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Row {
    /// Row `i` of the mapper's output, seen as [sum of parts x p, d].
    Prefix(usize),
    /// The token with this id.
    Word(u32),
}

/// The activations of one block.
#[derive(Debug, Default)]
pub(super) struct BlockTape {
    pub stats_1: Vec<RowStats>,
    pub normed_1: Vec<f32>,
    pub qkv: Vec<f32>,
    pub attention: Vec<f32>,
    pub mixed: Vec<f32>,
    pub middle: Vec<f32>,
    pub stats_2: Vec<RowStats>,
    pub normed_2: Vec<f32>,
    pub fc: Vec<f32>,
    pub gelu: Vec<f32>,
}

/// The parts shared by all blocks of a pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass<'a> {
    /// Where sequences start among the rows.
    pub starts: &'a [usize],
    pub dropout: Dropout,
    pub precision: ProductDtype,
}

/// The gradients of activations, [rows, ..]; each is used by all blocks in turn.
#[derive(Debug, Default)]
pub(super) struct Gradients {
    /// Of the rows that predict a target, [targets, d].
    pub hidden: Vec<f32>,
    /// Of a block's output, turned into that of its input, [rows, d].
    pub x: Vec<f32>,
    /// Of a branch's output, [rows, d], and of what goes into it.
    pub branch: Vec<f32>,
    pub normed: Vec<f32>,
    pub mixed: Vec<f32>,
    /// [rows, 4 d] and [rows, 3 d].
    pub fc: Vec<f32>,
    pub qkv: Vec<f32>,
    /// Of the embeddings, and of the output of each layer of the mapper.
    pub mapped: Vec<Vec<f32>>,
}

/// The activations inside, kept for the gradients.
#[derive(Debug, Default)]
pub(super) struct Inside {
    /// Where the rows of each embedding start.
    pub starts: Vec<usize>,
    /// The input of each layer and the output of the last, [n (rows + p), d].
    pub stream: Vec<Vec<f32>>,
    pub layers: Vec<LayerTape>,
}

#[derive(Debug, Default)]
pub(super) struct LayerTape {
    pub stats_1: Vec<RowStats>,
    pub normed_1: Vec<f32>,
    pub qkv: Vec<f32>,
    pub weights: Vec<f32>,
    pub mixed: Vec<f32>,
    pub middle: Vec<f32>,
    pub stats_2: Vec<RowStats>,
    pub normed_2: Vec<f32>,
    pub inner: Vec<f32>,
}

/// The matrices of a block, in the order of their use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Attention,
    AttentionOut,
    Inner,
    InnerOut,
}

/// The dropout stream indices from which layers draw their masks.
pub(super) fn dropout_site(block: usize, site: u64) -> u64 {
    1 + block as u64 * 3 + site
}

impl Tape {
    /// A tape for passes whose products are computed in `precision` (the few of the mapper in f32).
    pub fn new(precision: ProductDtype) -> Self {
        Self {
            precision,
            head: Head::new(precision),
            ..Self::default()
        }
    }

    /// The hidden states after `ln_f`, [rows, d], of the last forward pass.
    pub fn hidden(&self) -> &[f32] {
        &self.hidden
    }

    /// Lists the rows of a batch: for each sequence its prompt, its prefix rows, then its tokens.
    pub(super) fn lay_out(&mut self, batch: &Batch, p: usize, drop_last_word: bool) {
        self.starts.clear();
        self.rows.clear();
        self.firsts.clear();
        self.starts.push(0);
        let mut prefix = 0;
        for (i, (words, &parts)) in batch.tokens.iter().zip(&batch.parts).enumerate() {
            let prompt = batch.prompts.get(i).into_iter().flatten();
            self.rows.extend(prompt.map(|&id| Row::Word(id)));
            self.rows
                .extend((prefix..prefix + parts * p).map(Row::Prefix));
            prefix += parts * p;
            self.firsts.push(self.rows.len() - 1);
            let kept = words.len() - usize::from(drop_last_word && !words.is_empty());
            self.rows
                .extend(words[..kept].iter().map(|&id| Row::Word(id)));
            self.starts.push(self.rows.len());
        }
    }

    /// Gathers the rows that predict a target: the last prefix row predicts the first token, each token the next.
    pub(super) fn ask(&mut self, batch: &Batch, d: usize) {
        let Targets {
            rows,
            words,
            hidden,
        } = &mut self.targets;
        rows.clear();
        words.clear();
        hidden.clear();
        for (first, tokens) in self.firsts.iter().zip(&batch.tokens) {
            for (t, &word) in tokens.iter().enumerate().filter(|(_, w)| **w != Batch::PAD) {
                let row = first + t;
                rows.push(row);
                words.push(word);
                hidden.extend_from_slice(&self.hidden[row * d..(row + 1) * d]);
            }
        }
    }

    /// The gradient for the batch's embeddings, [sum of parts, E], of the last [`Decoder::loss_and_gradient`].
    pub fn embedding_gradient(&self) -> &[f32] {
        self.gradients.mapped.first().map_or(&[], |g| g)
    }
}

/// `x += y`.
pub(super) fn add(x: &mut [f32], y: &[f32]) {
    const CHUNK: usize = 1 << 14;
    x.par_chunks_mut(CHUNK)
        .zip(y.par_chunks(CHUNK))
        .for_each(|(x, y)| x.iter_mut().zip(y).for_each(|(x, y)| *x += y));
}

/// Resizes to `n` numbers; their values do not matter, an op overwrites them.
pub(super) fn resize(x: &mut Vec<f32>, n: usize) {
    x.resize(n, 0.0);
}
