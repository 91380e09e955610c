//! The decoder one token at a time over a KV cache: what generation uses.

use rayon::prelude::*;
use wsac_nn::activation::gelu_tanh;
use wsac_nn::attention::attend_cached;
use wsac_nn::dropout::Dropout;
use wsac_nn::matmul::{Mat, ProductDtype, Store, linear, matmul};
use wsac_nn::norm::layer_norm;

use super::tape::{Part, Tape};
use super::{Batch, Condition, Decoder, EPS};
use crate::params::Slot;

/// One sequence being generated: the keys and values of its rows so far, for each block. Cheap enough to clone,
/// which is how a beam branches.
#[derive(Debug, Clone)]
pub struct KvCache {
    keys: Vec<Vec<f32>>,
    values: Vec<Vec<f32>>,
    rows: usize,
}

impl KvCache {
    /// Rows so far, prompt and prefix included.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

impl Decoder {
    /// Prefills the caches of several captions from their conditioning; `logits` receives those of their first tokens,
    /// [captions, V].
    pub fn begin(&self, conditions: &[Condition], logits: &mut Vec<f32>) -> Vec<KvCache> {
        let d = self.config.width;
        let parts = |of: &Condition| of.embeddings.len() / self.config.embedding;
        let embeddings: Vec<&[f32]> = conditions.iter().map(|of| of.embeddings).collect();
        let batch = Batch {
            prompts: conditions.iter().map(|of| of.words.to_vec()).collect(),
            embeddings: embeddings.concat(),
            parts: conditions.iter().map(parts).collect(),
            tokens: vec![Vec::new(); conditions.len()],
        };
        let mut tape = Tape::default();
        self.forward(&mut tape, &batch, false, Dropout::NONE);
        let ends: Vec<usize> = tape.starts[1..].to_vec();
        let states = tape.starts.windows(2).map(|rows| {
            let column = |i: usize, qkv: &[f32]| -> Vec<f32> {
                let rows = qkv[rows[0] * 3 * d..rows[1] * 3 * d].chunks_exact(3 * d);
                rows.flat_map(|row| &row[i * d..(i + 1) * d])
                    .copied()
                    .collect()
            };
            KvCache {
                keys: tape.blocks.iter().map(|b| column(1, &b.qkv)).collect(),
                values: tape.blocks.iter().map(|b| column(2, &b.qkv)).collect(),
                rows: rows[1] - rows[0],
            }
        });
        let states = states.collect();
        let last = ends
            .iter()
            .flat_map(|end| &tape.hidden[(end - 1) * d..end * d]);
        self.head(&last.copied().collect::<Vec<f32>>(), logits);
        states
    }

    /// Appends one token to each of several sequences; `logits` receives those of their next tokens, [sequences, V].
    ///
    /// # Panics
    /// If a sequence has used up the decoder's positions.
    pub fn advance(&self, states: &mut [&mut KvCache], words: &[u32], logits: &mut Vec<f32>) {
        let (w, d, n) = (&self.weights, self.config.width, states.len());
        let mut x = Vec::with_capacity(n * d);
        for (state, &word) in states.iter_mut().zip(words) {
            assert!(state.rows < self.config.positions, "no position is left");
            let word = &self.wte.of(w)[word as usize * d..][..d];
            let place = &self.wpe.of(w)[state.rows * d..][..d];
            x.extend(word.iter().zip(place).map(|(a, b)| a + b));
            state.rows += 1;
        }
        let project = |x: &[f32], block, part| {
            let (inputs, bias) = (x.len() / n, self.part(block, part).1.of(w));
            let mut out = vec![0.0; n * bias.len()];
            let weight = self.operand(block, part, ProductDtype::F32);
            linear(&mut out, Mat::new(x, n, inputs), weight, Some(bias));
            out
        };
        let norm = |x: &[f32], (gain, bias): (Slot, Slot)| {
            let mut out = vec![0.0; x.len()];
            layer_norm(&mut out, &mut [], x, gain.of(w), bias.of(w), EPS);
            out
        };
        for (i, block) in self.blocks.iter().enumerate() {
            let qkv = project(&norm(&x, block.ln_1), i, Part::Attention);
            let mut mixed = vec![0.0; n * d];
            let rows = mixed
                .par_chunks_exact_mut(d)
                .zip(qkv.par_chunks_exact(3 * d));
            rows.zip(states.par_iter_mut())
                .for_each(|((out, qkv), state)| {
                    let (keys, values) = (&mut state.keys[i], &mut state.values[i]);
                    keys.extend(&qkv[d..2 * d]);
                    values.extend(&qkv[2 * d..]);
                    attend_cached(out, &qkv[..d], keys, values, self.config.heads);
                });
            super::tape::add(&mut x, &project(&mixed, i, Part::AttentionOut));
            let fc = project(&norm(&x, block.ln_2), i, Part::Inner);
            let mut act = vec![0.0; fc.len()];
            gelu_tanh(&mut act, &fc);
            super::tape::add(&mut x, &project(&act, i, Part::InnerOut));
        }
        self.head(&norm(&x, self.ln_f), logits);
    }

    /// Hidden states [n, d] -> logits [n, V].
    fn head(&self, hidden: &[f32], logits: &mut Vec<f32>) {
        let (v, d) = (self.config.vocab, self.config.width);
        let n = hidden.len() / d;
        super::tape::resize(logits, n * v);
        let head = self.head_operand(ProductDtype::F32);
        matmul(logits, Mat::new(hidden, n, d), head, Store::Set);
    }
}
