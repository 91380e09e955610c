//! The decoder backward: gradients of the mean cross-entropy for every weight, and for the embeddings.

use wsac_nn::activation::gelu_tanh_backward;
use wsac_nn::attention::{Shape, attention_backward};
use wsac_nn::dropout::Dropout;
use wsac_nn::matmul::{Mat, Store, linear_backward, matmul_then};
use wsac_nn::norm::layer_norm_backward;

use super::tape::{BlockTape, Gradients, Pass, Row, Tape, add, dropout_site, resize};
use super::{Batch, Decoder};
use crate::params::Slot;

impl Decoder {
    /// The mean cross-entropy (nats) over the batch's targets, and its gradient: `grads`, laid out as the weights,
    /// is replaced. The gradient for the batch's embeddings is then [`Tape::embedding_gradient`].
    pub fn loss_and_gradient(
        &self,
        tape: &mut Tape,
        grads: &mut Vec<f32>,
        batch: &Batch,
        dropout: Dropout,
    ) -> f64 {
        let (d, w) = (self.config.width, &self.weights);
        self.clear(grads);
        self.forward(tape, batch, true, dropout);

        tape.ask(batch, d);
        let mut g = std::mem::take(&mut tape.gradients);
        let targets = &tape.targets;
        let scale = 1.0 / targets.words.len().max(1) as f32;
        resize(&mut g.hidden, targets.hidden.len());
        let dhead = self.wte.of_mut(grads);
        let question = self.question(targets);
        let total = (tape.head).nll_backward(&mut g.hidden, dhead, question, scale);

        resize(&mut g.branch, tape.hidden.len());
        g.branch.fill(0.0);
        for (row, dh) in targets.rows.iter().zip(g.hidden.chunks_exact(d)) {
            g.branch[row * d..(row + 1) * d].copy_from_slice(dh);
        }
        resize(&mut g.x, tape.hidden.len());
        g.x.fill(0.0);
        let (last, stats) = (&tape.stream[self.blocks.len()], &tape.last_stats);
        let (dgain, dbias) = self.ln_f.0.with(self.ln_f.1, grads);
        layer_norm_backward(
            &mut g.x,
            dgain,
            dbias,
            &g.branch,
            last,
            stats,
            self.ln_f.0.of(w),
        );
        for i in (0..self.blocks.len()).rev() {
            let (x, block) = (&tape.stream[i], &tape.blocks[i]);
            let pass = Pass {
                starts: &tape.starts,
                dropout,
                precision: tape.precision,
            };
            self.block_backward(i, (block, x), &mut g, grads, pass);
        }
        dropout.layer(0).apply(&mut g.x);
        let layers = tape.mapped.len();
        g.mapped.resize_with(layers + 1, Vec::new);
        resize(
            &mut g.mapped[layers],
            tape.mapped.last().map_or(0, Vec::len),
        );
        self.embed_backward(tape, &g.x, &mut g.mapped[layers], grads);
        self.map_backward(tape, &batch.embeddings, &mut g.mapped, grads);
        tape.gradients = g;
        total / tape.targets.words.len().max(1) as f64
    }

    /// Zeroes `grads` for all weights whose gradients are accumulated; those of the blocks' matrices are overwritten.
    fn clear(&self, grads: &mut Vec<f32>) {
        grads.resize(self.weights.len(), 0.0);
        let mut start = 0;
        for block in &self.blocks {
            for matrix in [block.c_attn, block.attn_proj, block.c_fc, block.mlp_proj] {
                let written = matrix.0.range();
                grads[start..written.start].fill(0.0);
                start = written.end;
            }
        }
        grads[start..].fill(0.0);
    }

    /// Turns `g.x`, the gradient of a block's output [rows, d], into that of its input `x`.
    fn block_backward(
        &self,
        i: usize,
        (t, x): (&BlockTape, &[f32]),
        g: &mut Gradients,
        grads: &mut [f32],
        pass: Pass,
    ) {
        let Pass {
            starts,
            dropout,
            precision,
        } = pass;
        let (w, block, d) = (&self.weights, &self.blocks[i], self.config.width);
        let n = x.len() / d;
        // y = x W + b backward: dW is replaced, db added to, dx = after(dy W^T).
        type After<'a> = &'a (dyn Fn(usize, &mut [f32]) + Sync);
        let project = |(weight, bias): (Slot, Slot),
                       x: &[f32],
                       dy: &[f32],
                       dx: &mut Vec<f32>,
                       grads: &mut [f32],
                       after: After| {
            let (inputs, outputs) = (x.len() / n, dy.len() / n);
            let (dw, db) = weight.with(bias, grads);
            let dy = Mat::new(dy, n, outputs);
            linear_backward(dw, db, Mat::new(x, n, inputs), dy, precision);
            resize(dx, n * inputs);
            let w = precision.of(Mat::new(weight.of(w), inputs, outputs).t());
            matmul_then(dx, dy, w, Store::Set, after);
        };
        let drop = |to: &mut Vec<f32>, from: &[f32], site| {
            resize(to, from.len());
            to.copy_from_slice(from);
            dropout.layer(dropout_site(i, site)).apply(to);
        };
        let nothing: After = &|_, _| {};

        drop(&mut g.branch, &g.x, 2);
        project(
            block.mlp_proj,
            &t.gelu,
            &g.branch,
            &mut g.fc,
            grads,
            &|place, dfc| {
                gelu_tanh_backward(dfc, &t.fc[place..place + dfc.len()]);
            },
        );
        project(
            block.c_fc,
            &t.normed_2,
            &g.fc,
            &mut g.normed,
            grads,
            nothing,
        );
        let (dgain, dbias) = block.ln_2.0.with(block.ln_2.1, grads);
        layer_norm_backward(
            &mut g.x,
            dgain,
            dbias,
            &g.normed,
            &t.middle,
            &t.stats_2,
            block.ln_2.0.of(w),
        );

        drop(&mut g.branch, &g.x, 1);
        project(
            block.attn_proj,
            &t.mixed,
            &g.branch,
            &mut g.mixed,
            grads,
            nothing,
        );
        let shape = Shape {
            starts,
            heads: self.config.heads,
            width: d,
            causal: true,
        };
        resize(&mut g.qkv, n * 3 * d);
        let dropout = dropout.layer(dropout_site(i, 0));
        attention_backward(&mut g.qkv, &g.mixed, &t.qkv, &t.attention, shape, dropout);
        project(
            block.c_attn,
            &t.normed_1,
            &g.qkv,
            &mut g.normed,
            grads,
            nothing,
        );
        let (dgain, dbias) = block.ln_1.0.with(block.ln_1.1, grads);
        layer_norm_backward(
            &mut g.x,
            dgain,
            dbias,
            &g.normed,
            x,
            &t.stats_1,
            block.ln_1.0.of(w),
        );
    }

    /// Adds the gradients of token and position embeddings; `dprefix` becomes that of the mapper's output.
    fn embed_backward(&self, tape: &Tape, dx: &[f32], dprefix: &mut [f32], grads: &mut [f32]) {
        let d = self.config.width;
        dprefix.fill(0.0);
        let gather = |to: &mut [f32], i: usize, dx: &[f32]| add(&mut to[i * d..(i + 1) * d], dx);
        for range in tape.starts.windows(2) {
            for (position, row) in (range[0]..range[1]).enumerate() {
                let dx = &dx[row * d..(row + 1) * d];
                gather(self.wpe.of_mut(grads), position, dx);
                match tape.rows[row] {
                    Row::Prefix(i) => gather(dprefix, i, dx),
                    Row::Word(id) => gather(self.wte.of_mut(grads), id as usize, dx),
                }
            }
        }
    }
}
