//! The mapping network `f`: embeddings [n, E] -> prefix rows [n, p d], by dense layers or by a transformer.

pub(super) mod layout;

use wsac_nn::activation::{tanh, tanh_backward};
use wsac_nn::matmul::{Mat, Right, Store, add_rows, linear, matmul};

use super::Decoder;
use super::tape::{Tape, resize};
use crate::params::Slot;
use layout::Net;

impl Decoder {
    /// The mapping network: embeddings [n, E] -> [n, p d], each dense layer's output kept.
    pub(super) fn map_prefixes(&self, tape: &mut Tape, embeddings: &[f32]) {
        match &self.mapper {
            Net::Dense(layers) => {
                tape.mapped.resize_with(layers.len(), Vec::new);
                for (i, &(weight, bias)) in layers.iter().enumerate() {
                    let (before, after) = tape.mapped.split_at_mut(i);
                    let (x, y) = (before.last().map_or(embeddings, |x| x), &mut after[0]);
                    let outputs = bias.of(&self.weights).len();
                    match self.packed_mapper(i) {
                        Some(weight) => self.product_to(y, x, weight, Some(bias)),
                        None => self.product_to(y, x, self.turned(weight, outputs), Some(bias)),
                    }
                    if i + 1 < layers.len() {
                        tanh(y);
                    }
                }
            }
            Net::Transformer(net) => {
                tape.mapped.resize_with(1, Vec::new);
                self.transform(net, tape, embeddings);
            }
        }
    }

    /// A weight stored [out, in] as the right operand [in, out].
    pub(super) fn turned(&self, weight: Slot, outputs: usize) -> Mat<'_> {
        let weight = weight.of(&self.weights);
        Mat::new(weight, outputs, weight.len() / outputs).t()
    }

    /// `y = x W + b`, [n, out].
    pub(super) fn product_to<'a>(
        &self,
        y: &mut Vec<f32>,
        x: &[f32],
        weight: impl Into<Right<'a>>,
        bias: Option<Slot>,
    ) {
        let weight = weight.into();
        let [inputs, outputs] = weight.shape();
        let n = x.len() / inputs;
        y.resize(n * outputs, 0.0);
        let bias = bias.map(|bias| bias.of(&self.weights));
        linear(y, Mat::new(x, n, inputs), weight, bias);
    }

    /// The mapper backward: from the gradient of its output, the last of `mapped`, to that of the embeddings, the first;
    /// adds those of its weights.
    pub(super) fn map_backward(
        &self,
        tape: &Tape,
        embeddings: &[f32],
        mapped: &mut [Vec<f32>],
        grads: &mut [f32],
    ) {
        let layers = match &self.mapper {
            Net::Dense(layers) => layers,
            Net::Transformer(net) => {
                let (first, rest) = mapped.split_at_mut(1);
                return self.transform_backward(
                    net,
                    tape,
                    embeddings,
                    (&rest[0], &mut first[0]),
                    grads,
                );
            }
        };
        let n = embeddings.len() / self.config.embedding;
        for (layer, &(weight, bias)) in layers.iter().enumerate().rev() {
            let x = match layer {
                0 => embeddings,
                _ => &tape.mapped[layer - 1],
            };
            let (before, after) = mapped.split_at_mut(layer + 1);
            let dx = &mut before[layer];
            resize(dx, x.len());
            let to = (&after[0][..], &mut dx[..], Store::Set);
            self.product_backward((weight, Some(bias)), (n, x), to, grads);
            if layer > 0 {
                tanh_backward(dx, x);
            }
        }
    }

    /// `y = x W^T + b` backward, W stored [out, in]: adds to the gradients of W and b, stores that of x.
    pub(super) fn product_backward(
        &self,
        (weight, bias): (Slot, Option<Slot>),
        (n, x): (usize, &[f32]),
        (dy, dx, store): (&[f32], &mut [f32], Store),
        grads: &mut [f32],
    ) {
        let w = weight.of(&self.weights);
        let (inputs, outputs) = (x.len() / n, dy.len() / n);
        let rows = Mat::new(dy, n, outputs);
        // The weight is stored [out, in], so its gradient is dy^T x.
        let dw = weight.of_mut(grads);
        matmul(dw, rows.t(), Mat::new(x, n, inputs), Store::Add);
        if let Some(bias) = bias {
            add_rows(bias.of_mut(grads), dy);
        }
        matmul(dx, rows, Mat::new(w, outputs, inputs), store);
    }
}
