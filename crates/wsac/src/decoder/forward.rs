//! The decoder forward: a packed batch -> hidden states [rows, d], keeping on a tape what gradients need.

use rayon::prelude::*;
use wsac_nn::activation::gelu_tanh;
use wsac_nn::attention::{Shape, attention};
use wsac_nn::dropout::Dropout;
use wsac_nn::loss;
use wsac_nn::matmul::{Mat, linear, matmul};
use wsac_nn::norm::{RowStats, layer_norm};

use super::{Batch, Decoder, EPS};

/// The activations of one forward pass. Reused from step to step, so that a step allocates little.
#[derive(Debug, Default)]
pub struct Tape {
    /// Where sequences start among the rows.
    pub(super) starts: Vec<usize>,
    /// The input of each row: a prefix row, or the id of a word.
    pub(super) rows: Vec<Row>,
    /// After each layer of the mapper, [sum of parts, width].
    pub(super) mapped: Vec<Vec<f32>>,
    pub(super) blocks: Vec<BlockTape>,
    /// The input of `ln_f`, its statistics and its output, [rows, d].
    pub(super) last: Vec<f32>,
    pub(super) last_stats: Vec<RowStats>,
    pub(super) hidden: Vec<f32>,
}

/// What one row of the input is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Row {
    /// Row `i` of the mapper's output, seen as [sum of parts x p, d].
    Prefix(usize),
    /// The word with this id.
    Word(u32),
}

/// The activations of one block.
#[derive(Debug, Default)]
pub(super) struct BlockTape {
    pub x: Vec<f32>,
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

/// The places in a step's dropout where layers draw their masks.
pub(super) fn dropout_site(block: usize, site: u64) -> u64 {
    1 + block as u64 * 3 + site
}

impl Tape {
    /// The hidden states after `ln_f`, [rows, d], of the last forward pass.
    pub fn hidden(&self) -> &[f32] {
        &self.hidden
    }
}

impl Decoder {
    /// Runs a batch; `drop_last_word` leaves out the last word of each sequence, whose output predicts nothing.
    ///
    /// # Panics
    /// Where a sequence is longer than the positions, or an id is outside the vocabulary.
    pub fn forward(&self, tape: &mut Tape, batch: &Batch, drop_last_word: bool, dropout: Dropout) {
        let d = self.config.width;
        self.map_prefixes(tape, &batch.embeddings);
        tape.lay_out(batch, self.config.prefix, drop_last_word);
        let n = tape.rows.len();
        assert!(
            tape.starts
                .windows(2)
                .all(|w| w[1] - w[0] <= self.config.positions),
            "a sequence is longer than the decoder's {} positions",
            self.config.positions
        );
        let mut x = vec![0.0; n * d];
        self.embed(&mut x, tape);
        dropout.layer(0).apply(&mut x);
        tape.blocks
            .resize_with(self.blocks.len(), BlockTape::default);
        for i in 0..self.blocks.len() {
            x = self.block(i, &mut tape.blocks[i], x, &tape.starts, dropout);
        }
        tape.last = x;
        resize(&mut tape.hidden, n * d);
        tape.last_stats.resize(n, (0.0, 0.0));
        let (weight, bias) = self.ln_f;
        let w = &self.weights;
        layer_norm(
            &mut tape.hidden,
            &mut tape.last_stats,
            &tape.last,
            weight.of(w),
            bias.of(w),
            EPS,
        );
    }

    /// `x + attention(ln_1(x))`, then `x + mlp(ln_2(x))`: [rows, d] -> [rows, d].
    fn block(
        &self,
        i: usize,
        tape: &mut BlockTape,
        x: Vec<f32>,
        starts: &[usize],
        dropout: Dropout,
    ) -> Vec<f32> {
        let (w, block, d) = (&self.weights, &self.blocks[i], self.config.width);
        let n = x.len() / d;
        tape.x = x;
        for stats in [&mut tape.stats_1, &mut tape.stats_2] {
            stats.resize(n, (0.0, 0.0));
        }
        resize(&mut tape.normed_1, n * d);
        layer_norm(
            &mut tape.normed_1,
            &mut tape.stats_1,
            &tape.x,
            block.ln_1.0.of(w),
            block.ln_1.1.of(w),
            EPS,
        );
        let project =
            |out: &mut Vec<f32>, x: &[f32], (weight, bias): (super::Slot, super::Slot)| {
                let (inputs, outputs) = (x.len() / n, bias.of(w).len());
                resize(out, n * outputs);
                linear(
                    out,
                    Mat::new(x, n, inputs),
                    Mat::new(weight.of(w), inputs, outputs),
                    Some(bias.of(w)),
                );
            };
        project(&mut tape.qkv, &tape.normed_1, block.c_attn);
        let shape = Shape {
            starts,
            heads: self.config.heads,
            width: d,
            causal: true,
        };
        resize(&mut tape.attention, shape.weights_len());
        resize(&mut tape.mixed, n * d);
        attention(
            &mut tape.mixed,
            &mut tape.attention,
            &tape.qkv,
            shape,
            dropout.layer(dropout_site(i, 0)),
        );
        project(&mut tape.middle, &tape.mixed, block.attn_proj);
        dropout.layer(dropout_site(i, 1)).apply(&mut tape.middle);
        add(&mut tape.middle, &tape.x);
        resize(&mut tape.normed_2, n * d);
        layer_norm(
            &mut tape.normed_2,
            &mut tape.stats_2,
            &tape.middle,
            block.ln_2.0.of(w),
            block.ln_2.1.of(w),
            EPS,
        );
        project(&mut tape.fc, &tape.normed_2, block.c_fc);
        resize(&mut tape.gelu, n * 4 * d);
        gelu_tanh(&mut tape.gelu, &tape.fc);
        let mut out = Vec::new();
        project(&mut out, &tape.gelu, block.mlp_proj);
        dropout.layer(dropout_site(i, 2)).apply(&mut out);
        add(&mut out, &tape.middle);
        out
    }

    /// Each row's input and the embedding of its position.
    fn embed(&self, x: &mut [f32], tape: &Tape) {
        let d = self.config.width;
        let (words, positions) = (self.wte.of(&self.weights), self.wpe.of(&self.weights));
        let prefix = tape.mapped.last().map_or(&[][..], |x| x);
        for range in tape.starts.windows(2) {
            for (position, row) in (range[0]..range[1]).enumerate() {
                let input = match tape.rows[row] {
                    Row::Prefix(i) => &prefix[i * d..(i + 1) * d],
                    Row::Word(id) => &words[id as usize * d..(id as usize + 1) * d],
                };
                let place = &positions[position * d..(position + 1) * d];
                let out = &mut x[row * d..(row + 1) * d];
                for i in 0..d {
                    out[i] = input[i] + place[i];
                }
            }
        }
    }

    /// The logits of all rows of the last forward pass, [rows, vocabulary].
    pub fn logits(&self, tape: &Tape) -> Vec<f32> {
        let (v, d) = (self.config.vocab, self.config.width);
        let n = tape.rows.len();
        let mut out = vec![0.0; n * v];
        let head = Mat::new(self.wte.of(&self.weights), v, d).t();
        matmul(
            &mut out,
            Mat::new(&tape.hidden, n, d),
            head,
            wsac_nn::matmul::Store::Set,
        );
        out
    }

    /// The summed negative log-likelihood (nats) of the batch's targets, without dropout.
    pub fn nll(&self, tape: &mut Tape, batch: &Batch) -> Nll {
        self.forward(tape, batch, true, Dropout::NONE);
        let (hidden, targets) = tape.targets(batch, self.config.width);
        let (total, right) = loss::nll(
            &hidden,
            self.wte.of(&self.weights),
            self.config.width,
            &targets,
        );
        Nll {
            total,
            right,
            targets: targets.len(),
        }
    }
}

/// What [`Decoder::nll`] measures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Nll {
    /// Summed negative log-likelihood in nats.
    pub total: f64,
    /// Targets that were the most likely word.
    pub right: usize,
    /// All targets.
    pub targets: usize,
}

impl Nll {
    /// The mean a target, in nats; NaN where there is no target.
    pub fn mean(&self) -> f64 {
        self.total / self.targets as f64
    }
}

impl Tape {
    /// Lists the rows of a batch: for each sequence its prefix rows, then its words.
    fn lay_out(&mut self, batch: &Batch, p: usize, drop_last_word: bool) {
        self.starts.clear();
        self.rows.clear();
        self.starts.push(0);
        let mut prefix = 0;
        for (words, &parts) in batch.tokens.iter().zip(&batch.parts) {
            self.rows
                .extend((prefix..prefix + parts * p).map(Row::Prefix));
            prefix += parts * p;
            let kept = words.len() - usize::from(drop_last_word && !words.is_empty());
            self.rows
                .extend(words[..kept].iter().map(|&id| Row::Word(id)));
            self.starts.push(self.rows.len());
        }
    }

    /// The rows that predict a target: the last prefix row predicts the first word, each word the next.
    pub(super) fn target_rows(&self, batch: &Batch) -> (Vec<usize>, Vec<u32>) {
        let mut found = (Vec::new(), Vec::new());
        for (range, words) in self.starts.windows(2).zip(&batch.tokens) {
            let prefix = (range[0]..range[1])
                .take_while(|&r| matches!(self.rows[r], Row::Prefix(_)))
                .count();
            for (t, &word) in words.iter().enumerate().filter(|(_, w)| **w != Batch::PAD) {
                found.0.push(range[0] + prefix - 1 + t);
                found.1.push(word);
            }
        }
        found
    }

    /// The hidden states that predict targets, gathered to [targets, d], and the targets.
    pub(super) fn targets(&self, batch: &Batch, d: usize) -> (Vec<f32>, Vec<u32>) {
        let (rows, targets) = self.target_rows(batch);
        (
            rows.iter()
                .flat_map(|&r| &self.hidden[r * d..(r + 1) * d])
                .copied()
                .collect(),
            targets,
        )
    }
}

/// `x += y`.
pub(super) fn add(x: &mut [f32], y: &[f32]) {
    const CHUNK: usize = 1 << 14;
    x.par_chunks_mut(CHUNK)
        .zip(y.par_chunks(CHUNK))
        .for_each(|(x, y)| x.iter_mut().zip(y).for_each(|(x, y)| *x += y));
}

/// Makes room for `n` numbers; what they are does not matter, an op writes them.
pub(super) fn resize(x: &mut Vec<f32>, n: usize) {
    x.resize(n, 0.0);
}
