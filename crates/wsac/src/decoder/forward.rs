//! The decoder forward: a packed batch -> hidden states [rows, d], with what gradients need kept on a tape.

use wsac_nn::activation::gelu_tanh;
use wsac_nn::attention::{Shape, attention};
use wsac_nn::dropout::Dropout;
use wsac_nn::loss::Question;
use wsac_nn::matmul::{Mat, Store, linear, matmul, matmul_then};
use wsac_nn::norm::{RowStats, layer_norm};

use super::tape::{BlockTape, Part, Pass, Row, Tape, Targets, dropout_site, resize};
use super::{Batch, Decoder, EPS};
use crate::params::Slot;

impl Decoder {
    /// Runs a batch; `drop_last_word` leaves out the last token of each sequence, whose output predicts nothing.
    ///
    /// # Panics
    /// If a sequence is longer than the positions, or an id is outside the vocabulary.
    pub fn forward(&self, tape: &mut Tape, batch: &Batch, drop_last_word: bool, dropout: Dropout) {
        let (d, layers) = (self.config.width, self.blocks.len());
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
        tape.stream.resize_with(layers + 1, Vec::new);
        tape.stream.iter_mut().for_each(|x| resize(x, n * d));
        tape.blocks.resize_with(layers, BlockTape::default);
        let mut x = std::mem::take(&mut tape.stream[0]);
        self.embed(&mut x, tape);
        dropout.layer(0).apply(&mut x);
        tape.stream[0] = x;
        for i in 0..layers {
            let (before, after) = tape.stream.split_at_mut(i + 1);
            let pass = Pass {
                starts: &tape.starts,
                dropout,
                precision: tape.precision,
            };
            self.block(i, &mut tape.blocks[i], &before[i], &mut after[0], pass);
        }
        let x = &tape.stream[layers];
        self.norm(&mut tape.hidden, &mut tape.last_stats, x, self.ln_f);
    }

    /// `middle = x + attention(ln_1(x))`, `out = middle + mlp(ln_2(middle))`: [rows, d] -> [rows, d].
    fn block(&self, i: usize, tape: &mut BlockTape, x: &[f32], out: &mut Vec<f32>, pass: Pass) {
        let Pass {
            starts,
            dropout,
            precision,
        } = pass;
        let (w, block, d) = (&self.weights, &self.blocks[i], self.config.width);
        let n = x.len() / d;
        let bias = |part| self.part(i, part).1.of(w);
        let project = |out: &mut Vec<f32>, x: &[f32], part| {
            let bias = bias(part);
            resize(out, n * bias.len());
            let weight = self.operand(i, part, precision);
            linear(out, Mat::new(x, n, x.len() / n), weight, Some(bias));
        };
        // out = residual + dropout(x W + b), fused with the product.
        let join = |out: &mut Vec<f32>, x: &[f32], part, residual: &[f32], dropout: Dropout| {
            resize(out, n * d);
            let (bias, weight) = (bias(part), self.operand(i, part, precision));
            matmul_then(
                out,
                Mat::new(x, n, x.len() / n),
                weight,
                Store::Set,
                |place, out| {
                    let bias = &bias[place % d..];
                    out.iter_mut().zip(bias).for_each(|(o, b)| *o += b);
                    dropout.apply_from(place, out);
                    let residual = &residual[place..];
                    out.iter_mut().zip(residual).for_each(|(o, r)| *o += r);
                },
            );
        };
        self.norm(&mut tape.normed_1, &mut tape.stats_1, x, block.ln_1);
        project(&mut tape.qkv, &tape.normed_1, Part::Attention);
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
        let site = |site| dropout.layer(dropout_site(i, site));
        join(
            &mut tape.middle,
            &tape.mixed,
            Part::AttentionOut,
            x,
            site(1),
        );
        self.norm(
            &mut tape.normed_2,
            &mut tape.stats_2,
            &tape.middle,
            block.ln_2,
        );
        project(&mut tape.fc, &tape.normed_2, Part::Inner);
        resize(&mut tape.gelu, n * 4 * d);
        gelu_tanh(&mut tape.gelu, &tape.fc);
        join(out, &tape.gelu, Part::InnerOut, &tape.middle, site(2));
    }

    /// Layer normalisation of [rows, d], with its statistics.
    fn norm(
        &self,
        out: &mut Vec<f32>,
        stats: &mut Vec<RowStats>,
        x: &[f32],
        (gain, bias): (Slot, Slot),
    ) {
        let w = &self.weights;
        resize(out, x.len());
        stats.resize(x.len() / self.config.width, (0.0, 0.0));
        layer_norm(out, stats, x, gain.of(w), bias.of(w), EPS);
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
        let head = self.head_operand(tape.precision);
        matmul(&mut out, Mat::new(&tape.hidden, n, d), head, Store::Set);
        out
    }

    /// The summed negative log-likelihood (nats) of the batch's targets, without dropout.
    pub fn nll(&self, tape: &mut Tape, batch: &Batch) -> Nll {
        self.forward(tape, batch, true, Dropout::NONE);
        tape.ask(batch, self.config.width);
        let (total, right) = tape.head.nll(self.question(&tape.targets));
        Nll {
            total,
            right,
            targets: tape.targets.words.len(),
        }
    }

    /// The hidden states that the head is applied to.
    pub(super) fn question<'a>(&'a self, targets: &'a Targets) -> Question<'a> {
        Question {
            hidden: &targets.hidden,
            head: self.wte.of(&self.weights),
            d: self.config.width,
            targets: &targets.words,
        }
    }
}

/// The result of [`Decoder::nll`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Nll {
    /// Summed negative log-likelihood in nats.
    pub total: f64,
    /// Targets that were the most likely token.
    pub right: usize,
    /// All targets.
    pub targets: usize,
}

impl Nll {
    /// The mean per target, in nats; NaN if there is no target.
    pub fn mean(&self) -> f64 {
        self.total / self.targets as f64
    }
}
