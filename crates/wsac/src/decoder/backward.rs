//! The decoder backward: gradients of the mean cross-entropy for every weight, and for the embeddings.

use wsac_nn::activation::{gelu_tanh_backward, tanh_backward};
use wsac_nn::attention::{Shape, attention_backward};
use wsac_nn::dropout::Dropout;
use wsac_nn::loss;
use wsac_nn::matmul::{Mat, Precision, Store, linear_backward, matmul};
use wsac_nn::norm::layer_norm_backward;

use super::forward::{Row, add, dropout_site, resize};
use super::mapper::Net;
use super::{Batch, Decoder, Slot, Tape};

impl Decoder {
    /// The mean cross-entropy (nats) over the batch's targets, and its gradient: `grads`, laid out as the weights,
    /// is replaced. Returns the loss and the gradient for the batch's embeddings, [sum of parts, E].
    pub fn loss_and_gradient(
        &self,
        tape: &mut Tape,
        grads: &mut Vec<f32>,
        batch: &Batch,
        dropout: Dropout,
    ) -> (f64, Vec<f32>) {
        let d = self.config.width;
        grads.clear();
        grads.resize(self.weights.len(), 0.0);
        self.forward(tape, batch, true, dropout);

        let (rows, targets) = tape.target_rows(batch);
        let (hidden, _) = tape.targets(batch, d);
        let scale = 1.0 / targets.len().max(1) as f32;
        let mut dhidden = vec![0.0; hidden.len()];
        let head = self.wte.of(&self.weights);
        let dhead = self.wte.of_mut(grads);
        let total = loss::nll_backward(&mut dhidden, dhead, &hidden, head, d, &targets, scale);

        let n = tape.rows.len();
        let mut dy = vec![0.0; n * d];
        for (row, dh) in rows.iter().zip(dhidden.chunks_exact(d)) {
            dy[row * d..(row + 1) * d].copy_from_slice(dh);
        }
        let mut dx = vec![0.0; n * d];
        let (gain, _) = self.ln_f;
        let (dgain, dbias) = self.ln_f.0.with(self.ln_f.1, grads);
        layer_norm_backward(
            &mut dx,
            dgain,
            dbias,
            &dy,
            &tape.last,
            &tape.last_stats,
            gain.of(&self.weights),
        );
        for i in (0..self.blocks.len()).rev() {
            self.block_backward(i, tape, &mut dx, grads, dropout);
        }
        dropout.layer(0).apply(&mut dx);
        let dprefix = self.embed_backward(tape, &dx, grads);
        let dembeddings = self.map_backward(tape, &batch.embeddings, dprefix, grads);
        (total / targets.len().max(1) as f64, dembeddings)
    }

    /// Turns `dx`, the gradient of a block's output [rows, d], into that of its input.
    fn block_backward(
        &self,
        i: usize,
        tape: &Tape,
        dx: &mut [f32],
        grads: &mut [f32],
        dropout: Dropout,
    ) {
        let (w, block, t, d) = (
            &self.weights,
            &self.blocks[i],
            &tape.blocks[i],
            self.config.width,
        );
        let n = dx.len() / d;
        // y = x W + b backward: dW and db are added to, dx = dy W^T is returned.
        let project = |(weight, bias): (Slot, Slot), x: &[f32], dy: &[f32], grads: &mut [f32]| {
            let (inputs, outputs) = (x.len() / n, dy.len() / n);
            let (dw, db) = weight.with(bias, grads);
            linear_backward(
                dw,
                Some(db),
                Mat::new(x, n, inputs),
                Mat::new(dy, n, outputs),
                Precision::F32,
            );
            let mut dx = Vec::new();
            resize(&mut dx, n * inputs);
            matmul(
                &mut dx,
                Mat::new(dy, n, outputs),
                Mat::new(weight.of(w), inputs, outputs).t(),
                Store::Set,
            );
            dx
        };
        let mut dy = dx.to_vec();
        dropout.layer(dropout_site(i, 2)).apply(&mut dy);
        let mut dfc = project(block.mlp_proj, &t.gelu, &dy, grads);
        gelu_tanh_backward(&mut dfc, &t.fc);
        let dnormed = project(block.c_fc, &t.normed_2, &dfc, grads);
        let (dgain, dbias) = block.ln_2.0.with(block.ln_2.1, grads);
        layer_norm_backward(
            dx,
            dgain,
            dbias,
            &dnormed,
            &t.middle,
            &t.stats_2,
            block.ln_2.0.of(w),
        );

        let mut dy = dx.to_vec();
        dropout.layer(dropout_site(i, 1)).apply(&mut dy);
        let dmixed = project(block.attn_proj, &t.mixed, &dy, grads);
        let shape = Shape {
            starts: &tape.starts,
            heads: self.config.heads,
            width: d,
            causal: true,
        };
        let mut dqkv = vec![0.0; n * 3 * d];
        attention_backward(
            &mut dqkv,
            &dmixed,
            &t.qkv,
            &t.attention,
            shape,
            dropout.layer(dropout_site(i, 0)),
        );
        let dnormed = project(block.c_attn, &t.normed_1, &dqkv, grads);
        let (dgain, dbias) = block.ln_1.0.with(block.ln_1.1, grads);
        layer_norm_backward(
            dx,
            dgain,
            dbias,
            &dnormed,
            &t.x,
            &t.stats_1,
            block.ln_1.0.of(w),
        );
    }

    /// Adds the gradients of word and position embeddings; returns that of the mapper's output.
    fn embed_backward(&self, tape: &Tape, dx: &[f32], grads: &mut [f32]) -> Vec<f32> {
        let d = self.config.width;
        let mut dprefix = vec![0.0; tape.mapped.last().map_or(0, Vec::len)];
        let gather = |to: &mut [f32], i: usize, dx: &[f32]| add(&mut to[i * d..(i + 1) * d], dx);
        for range in tape.starts.windows(2) {
            for (position, row) in (range[0]..range[1]).enumerate() {
                let dx = &dx[row * d..(row + 1) * d];
                gather(self.wpe.of_mut(grads), position, dx);
                match tape.rows[row] {
                    Row::Prefix(i) => gather(&mut dprefix, i, dx),
                    Row::Word(id) => gather(self.wte.of_mut(grads), id as usize, dx),
                }
            }
        }
        dprefix
    }

    /// The mapper backward: adds its gradients; returns that of the embeddings. A transformer has none (it is not trained).
    fn map_backward(
        &self,
        tape: &Tape,
        embeddings: &[f32],
        mut dy: Vec<f32>,
        grads: &mut [f32],
    ) -> Vec<f32> {
        let n = embeddings.len() / self.config.embedding;
        let Net::Dense(layers) = &self.mapper else {
            return vec![0.0; embeddings.len()];
        };
        for (layer, &(weight, bias)) in layers.iter().enumerate().rev() {
            let x = if layer == 0 {
                embeddings
            } else {
                &tape.mapped[layer - 1]
            };
            let (inputs, outputs) = (x.len() / n, dy.len() / n);
            let (dw, db) = weight.with(bias, grads);
            // The weight is stored [out, in], so its gradient is dy^T x.
            matmul(
                dw,
                Mat::new(&dy, n, outputs).t(),
                Mat::new(x, n, inputs),
                Store::Add,
            );
            wsac_nn::matmul::add_rows(db, &dy);
            let mut dx = vec![0.0; n * inputs];
            let w = Mat::new(weight.of(&self.weights), outputs, inputs);
            matmul(&mut dx, Mat::new(&dy, n, outputs), w, Store::Set);
            if layer > 0 {
                tanh_backward(&mut dx, x);
            }
            dy = dx;
        }
        dy
    }
}
