//! The mapping network `f`: embeddings [n, E] -> prefix rows [n, p d], by dense layers or by a transformer.

use serde::{Deserialize, Serialize};
use wsac_nn::activation::{relu, tanh};
use wsac_nn::matmul::{Mat, Right, linear};
use wsac_nn::norm::layer_norm;

use super::{Config, Decoder, EPS, Tape};
use crate::clap::layers::attend;
use crate::error::{Error, Result};
use crate::params::{Layout, Slot};

/// The mapping network `f` from an embedding to its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mapper {
    /// One linear layer, as in the reference code.
    Linear,
    /// Two layers with tanh between, as in the paper (hidden width `d`).
    Mlp,
    /// A transformer over what a linear layer makes of the embedding, [rows, d], and learned rows [p, d], which come out
    /// as the prefix: ClapCap's. It can be used, not trained.
    Transformer {
        /// Its layers; ClapCap has 8.
        layers: usize,
        /// Its attention heads; ClapCap has 8.
        heads: usize,
        /// The rows that the embedding becomes; ClapCap has 40.
        rows: usize,
    },
}

/// Where the network's weights lie.
#[derive(Debug, Clone)]
pub(super) enum Net {
    /// Layers with tanh between, weights [out, in] and biases.
    Dense(Vec<(Slot, Slot)>),
    Transformer(Transformer),
}

#[derive(Debug, Clone)]
pub(super) struct Transformer {
    linear: (Slot, Slot),
    /// The learned rows [p, d].
    learned: Slot,
    layers: Vec<Layer>,
    heads: usize,
    rows: usize,
}

#[derive(Debug, Clone)]
struct Layer {
    norm_1: (Slot, Slot),
    queries: Slot,
    keys_values: Slot,
    project: (Slot, Slot),
    norm_2: (Slot, Slot),
    fc_1: (Slot, Slot),
    fc_2: (Slot, Slot),
}

impl Net {
    /// Lays out the tensors `clap_project.*`.
    pub fn lay_out(layout: &mut Layout, config: &Config) -> Result<Self> {
        let (e, d, p) = (config.embedding, config.width, config.prefix);
        let mut pair = |name: &str, weight: &[usize]| {
            let name = format!("clap_project.{name}");
            (
                layout.add(format!("{name}.weight"), weight),
                layout.add(format!("{name}.bias"), &weight[..1]),
            )
        };
        Ok(match config.mapper {
            Mapper::Linear => Self::Dense(vec![pair("model.0", &[p * d, e])]),
            Mapper::Mlp => {
                Self::Dense(vec![pair("model.0", &[d, e]), pair("model.2", &[p * d, d])])
            }
            Mapper::Transformer {
                layers,
                heads,
                rows,
            } => {
                if heads == 0 || rows == 0 || d % heads != 0 {
                    return Err(Error::Config(format!(
                        "no mapper has this shape: width {d} must be a multiple of heads {heads}, and rows {rows} not 0"
                    )));
                }
                let linear = pair("linear", &[rows * d, e]);
                let learned = layout.add("clap_project.prefix_const", &[p, d]);
                Self::Transformer(Transformer {
                    linear,
                    learned,
                    layers: (0..layers).map(|i| Layer::lay_out(layout, i, d)).collect(),
                    heads,
                    rows,
                })
            }
        })
    }
}

impl Layer {
    fn lay_out(layout: &mut Layout, i: usize, d: usize) -> Self {
        let at = format!("clap_project.transformer.layers.{i}");
        let mut one = |part: &str, shape: &[usize]| layout.add(format!("{at}.{part}"), shape);
        let mut pair = |part: &str, weight: &[usize]| {
            let weight_slot = one(&format!("{part}.weight"), weight);
            (weight_slot, one(&format!("{part}.bias"), &weight[..1]))
        };
        let norm_1 = pair("norm1", &[d]);
        let (project, norm_2) = (pair("attn.project", &[d, d]), pair("norm2", &[d]));
        let (fc_1, fc_2) = (pair("mlp.fc1", &[2 * d, d]), pair("mlp.fc2", &[d, 2 * d]));
        Self {
            norm_1,
            queries: one("attn.to_queries.weight", &[d, d]),
            keys_values: one("attn.to_keys_values.weight", &[2 * d, d]),
            project,
            norm_2,
            fc_1,
            fc_2,
        }
    }
}

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
                tape.mapped.clear();
                tape.mapped.push(self.transform(net, embeddings));
            }
        }
    }

    /// `x W^T + b` [n, out], W stored [out, in].
    fn dense(&self, x: &[f32], (weight, bias): (Slot, Slot)) -> Vec<f32> {
        let outputs = bias.of(&self.weights).len();
        self.product(x, self.turned(weight, outputs), Some(bias))
    }

    /// A weight stored [out, in] as the right operand [in, out].
    pub(super) fn turned(&self, weight: Slot, outputs: usize) -> Mat<'_> {
        let weight = weight.of(&self.weights);
        Mat::new(weight, outputs, weight.len() / outputs).t()
    }

    fn product<'a>(&self, x: &[f32], weight: impl Into<Right<'a>>, bias: Option<Slot>) -> Vec<f32> {
        let mut y = Vec::new();
        self.product_to(&mut y, x, weight, bias);
        y
    }

    fn product_to<'a>(
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

    /// ClapCap's mapper: `x += attention(norm(x))`, `x += W2 relu(W1 norm(x))`, over [rows + p, d] an embedding.
    fn transform(&self, net: &Transformer, embeddings: &[f32]) -> Vec<f32> {
        let d = self.config.width;
        let learned = net.learned.of(&self.weights);
        let made = self.dense(embeddings, net.linear);
        let each = made.chunks_exact(net.rows * d);
        let starts: Vec<usize> = (0..=each.len())
            .map(|i| i * (net.rows + self.config.prefix))
            .collect();
        let mut x: Vec<f32> = each.flat_map(|rows| [rows, learned].concat()).collect();
        let norm = |x: &[f32], (weight, bias): (Slot, Slot)| {
            let (weight, bias) = (weight.of(&self.weights), bias.of(&self.weights));
            let mut y = vec![0.0; x.len()];
            layer_norm(&mut y, &mut [], x, weight, bias, EPS);
            y
        };
        for layer in &net.layers {
            let normed = norm(&x, layer.norm_1);
            let queries = self.product(&normed, self.turned(layer.queries, d), None);
            let keys_values = self.product(&normed, self.turned(layer.keys_values, 2 * d), None);
            let rows = queries.chunks_exact(d).zip(keys_values.chunks_exact(2 * d));
            let qkv: Vec<f32> = rows.flat_map(|(q, kv)| [q, kv].concat()).collect();
            let attended = attend(&qkv, &starts, net.heads, false);
            super::forward::add(&mut x, &self.dense(&attended, layer.project));
            let mut inner = self.dense(&norm(&x, layer.norm_2), layer.fc_1);
            relu(&mut inner);
            super::forward::add(&mut x, &self.dense(&inner, layer.fc_2));
        }
        let sequences = x.chunks_exact((net.rows + self.config.prefix) * d);
        sequences
            .flat_map(|sequence| &sequence[net.rows * d..])
            .copied()
            .collect()
    }
}
