//! The layout of the mapping network's tensors `clap_project.*`: dense layers or a transformer.

use serde::{Deserialize, Serialize};

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
    /// A transformer over a linear projection of the embedding, [rows, d], and learned rows [p, d], whose outputs
    /// are the prefix: ClapCap's.
    Transformer {
        /// Its layers; ClapCap has 8.
        layers: usize,
        /// Its attention heads; ClapCap has 8.
        heads: usize,
        /// The rows that the embedding becomes; ClapCap has 40.
        rows: usize,
    },
}

/// The layout of the network's weights.
#[derive(Debug, Clone)]
pub enum Net {
    /// Layers with tanh between, weights [out, in] and biases.
    Dense(Vec<(Slot, Slot)>),
    /// A transformer.
    Transformer(Transformer),
}

impl Net {
    /// Lays out the tensors `clap_project.*` for embeddings of width `e`, hidden width `d` and `p` prefix rows.
    pub fn lay_out(layout: &mut Layout, mapper: Mapper, [e, d, p]: [usize; 3]) -> Result<Self> {
        let mut pair = |name: &str, weight: &[usize]| {
            let name = format!("clap_project.{name}");
            (
                layout.add(format!("{name}.weight"), weight),
                layout.add(format!("{name}.bias"), &weight[..1]),
            )
        };
        Ok(match mapper {
            Mapper::Linear => Self::Dense(vec![pair("model.0", &[p * d, e])]),
            Mapper::Mlp => {
                Self::Dense(vec![pair("model.0", &[d, e]), pair("model.2", &[p * d, d])])
            }
            Mapper::Transformer {
                layers,
                heads,
                rows,
            } => Self::Transformer(Transformer::lay_out(
                layout,
                (layers, heads, rows),
                [e, d, p],
            )?),
        })
    }
}

/// The layout of a transformer mapper's weights.
#[derive(Debug, Clone)]
pub struct Transformer {
    pub linear: (Slot, Slot),
    /// The learned rows [p, d].
    pub learned: Slot,
    pub layers: Vec<Layer>,
    pub heads: usize,
    pub rows: usize,
}

/// The tensors of one of its layers.
#[derive(Debug, Clone)]
pub struct Layer {
    pub norm_1: (Slot, Slot),
    pub queries: Slot,
    pub keys_values: Slot,
    pub project: (Slot, Slot),
    pub norm_2: (Slot, Slot),
    pub fc_1: (Slot, Slot),
    pub fc_2: (Slot, Slot),
}

impl Transformer {
    /// Lays out the tensors of a mapper with this many layers, heads and rows.
    pub fn lay_out(
        layout: &mut Layout,
        (layers, heads, rows): (usize, usize, usize),
        [e, d, p]: [usize; 3],
    ) -> Result<Self> {
        if heads == 0 || rows == 0 || d % heads != 0 {
            return Err(Error::Config(format!(
                "no mapper has this shape: width {d} must be a multiple of heads {heads}, and rows {rows} not 0"
            )));
        }
        let name = "clap_project.linear";
        let weight = layout.add(format!("{name}.weight"), &[rows * d, e]);
        let linear = (weight, layout.add(format!("{name}.bias"), &[rows * d]));
        Ok(Self {
            linear,
            learned: layout.add("clap_project.prefix_const", &[p, d]),
            layers: (0..layers).map(|i| Layer::lay_out(layout, i, d)).collect(),
            heads,
            rows,
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
