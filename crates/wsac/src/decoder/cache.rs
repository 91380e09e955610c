//! The decoder one word at a time over a KV cache: what generation uses.

use wsac_nn::activation::gelu_tanh;
use wsac_nn::attention::attend_cached;
use wsac_nn::dropout::Dropout;
use wsac_nn::matmul::{Mat, Store, linear, matmul};
use wsac_nn::norm::layer_norm;

use super::{Batch, Decoder, EPS, Slot, Tape};

/// One sequence being written: the keys and values of its rows so far, for each block. Cheap enough to clone,
/// which is how a beam branches.
#[derive(Debug, Clone)]
pub struct State {
    keys: Vec<Vec<f32>>,
    values: Vec<Vec<f32>>,
    rows: usize,
}

impl State {
    /// Rows so far, prefix included.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

impl Decoder {
    /// Reads the prefix of one caption: embeddings [parts, E] -> its state, and the logits of the first word [V].
    pub fn begin(&self, embeddings: &[f32]) -> (State, Vec<f32>) {
        let d = self.config.width;
        let parts = embeddings.len() / self.config.embedding;
        let batch = Batch {
            embeddings: embeddings.to_vec(),
            parts: vec![parts],
            tokens: vec![Vec::new()],
        };
        let mut tape = Tape::default();
        self.forward(&mut tape, &batch, false, Dropout::NONE);
        let column = |i: usize, qkv: &[f32]| -> Vec<f32> {
            qkv.chunks_exact(3 * d)
                .flat_map(|row| &row[i * d..(i + 1) * d])
                .copied()
                .collect()
        };
        let state = State {
            keys: tape.blocks.iter().map(|b| column(1, &b.qkv)).collect(),
            values: tape.blocks.iter().map(|b| column(2, &b.qkv)).collect(),
            rows: tape.rows.len(),
        };
        let logits = self.head(&tape.hidden[(state.rows - 1) * d..]);
        (state, logits)
    }

    /// Appends one word to each of several sequences: the logits of their next words, [sequences, V].
    ///
    /// # Panics
    /// Where a sequence has used up the decoder's positions.
    pub fn advance(&self, states: &mut [&mut State], words: &[u32]) -> Vec<f32> {
        let (w, d, n) = (&self.weights, self.config.width, states.len());
        let mut x = Vec::with_capacity(n * d);
        for (state, &word) in states.iter_mut().zip(words) {
            assert!(state.rows < self.config.positions, "no position is left");
            let word = &self.wte.of(w)[word as usize * d..][..d];
            let place = &self.wpe.of(w)[state.rows * d..][..d];
            x.extend(word.iter().zip(place).map(|(a, b)| a + b));
            state.rows += 1;
        }
        let project = |x: &[f32], (weight, bias): (Slot, Slot)| {
            let (inputs, bias) = (x.len() / n, bias.of(w));
            let mut out = vec![0.0; n * bias.len()];
            linear(
                &mut out,
                Mat::new(x, n, inputs),
                Mat::new(weight.of(w), inputs, bias.len()),
                Some(bias),
            );
            out
        };
        let norm = |x: &[f32], (gain, bias): (Slot, Slot)| {
            let mut out = vec![0.0; x.len()];
            layer_norm(&mut out, &mut [], x, gain.of(w), bias.of(w), EPS);
            out
        };
        for (i, block) in self.blocks.iter().enumerate() {
            let qkv = project(&norm(&x, block.ln_1), block.c_attn);
            let mut mixed = vec![0.0; n * d];
            for ((state, qkv), out) in states
                .iter_mut()
                .zip(qkv.chunks_exact(3 * d))
                .zip(mixed.chunks_exact_mut(d))
            {
                state.keys[i].extend(&qkv[d..2 * d]);
                state.values[i].extend(&qkv[2 * d..]);
                attend_cached(
                    out,
                    &qkv[..d],
                    &state.keys[i],
                    &state.values[i],
                    self.config.heads,
                );
            }
            super::forward::add(&mut x, &project(&mixed, block.attn_proj));
            let fc = project(&norm(&x, block.ln_2), block.c_fc);
            let mut act = vec![0.0; fc.len()];
            gelu_tanh(&mut act, &fc);
            super::forward::add(&mut x, &project(&act, block.mlp_proj));
        }
        self.head(&norm(&x, self.ln_f))
    }

    /// Hidden states [n, d] -> logits [n, V].
    fn head(&self, hidden: &[f32]) -> Vec<f32> {
        let (v, d) = (self.config.vocab, self.config.width);
        let n = hidden.len() / d;
        let mut out = vec![0.0; n * v];
        matmul(
            &mut out,
            Mat::new(hidden, n, d),
            Mat::new(self.wte.of(&self.weights), v, d).t(),
            Store::Set,
        );
        out
    }
}
