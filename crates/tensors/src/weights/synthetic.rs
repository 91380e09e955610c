//! Weights by formula: every number follows from its tensor's name and its place in it, so that models of full size
//! can be tested and timed without being shipped.
//!
//! ```text
//! u_i = the (i + 1)-th output of SplitMix64 started at FNV-1a-64(name), >> 40, / 2^24     in [0, 1)
//! value = base + scale * (2 u - 1)     (running variances: base + scale * u), in f64, rounded once
//! ```
//!
//! The table of rules is that of the golden values that the tests compare with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use wsac_nn::rng::Stream;

use super::{Buffer, Weights};
use crate::error::{Error, Result};

/// Numbers computed by one thread at a time.
const PART: usize = 1 << 16;

/// The weights of one architecture, from its list of names and shapes.
pub struct SyntheticWeights {
    path: PathBuf,
    tensors: HashMap<String, Tensor>,
    kept: HashMap<String, Vec<f32>>,
}

struct Tensor {
    shape: Vec<usize>,
    /// `None` for what is no weight: counters, index tables, filter banks.
    rule: Option<Rule>,
}

#[derive(Clone, Copy)]
struct Rule {
    base: f64,
    scale: f64,
    signed: bool,
}

impl SyntheticWeights {
    /// Reads a list of keys: JSON `{"keys": [[name, dtype, shape, ..], ..]}`. `name` is what messages call it.
    ///
    /// # Errors
    /// Where it is no such list.
    pub fn parse(name: impl AsRef<Path>, json: &[u8]) -> Result<Self> {
        #[derive(serde::Deserialize)]
        struct List {
            keys: Vec<Vec<serde_json::Value>>,
        }
        let path = name.as_ref().to_path_buf();
        let wrong = || Error::model(&path, "is no list of keys [name, dtype, shape]");
        let list: List = serde_json::from_slice(json).map_err(|_| wrong())?;
        let mut tensors = HashMap::new();
        for key in list.keys {
            let [name, dtype, shape, ..] = key.as_slice() else {
                return Err(wrong());
            };
            let (Some(name), Some(dtype)) = (name.as_str(), dtype.as_str()) else {
                return Err(wrong());
            };
            let shape: Vec<usize> = serde_json::from_value(shape.clone()).map_err(|_| wrong())?;
            let rule = (dtype == "float32").then(|| rule(name, &shape)).flatten();
            tensors.insert(name.to_owned(), Tensor { shape, rule });
        }
        Ok(Self {
            path,
            tensors,
            kept: HashMap::new(),
        })
    }

    /// With `values` for the tensors that no formula gives, such as a filter bank: all whose name ends with `ending`.
    pub fn with(mut self, ending: &str, values: &[f32]) -> Self {
        let fits =
            |t: &Tensor| t.rule.is_none() && t.shape.iter().product::<usize>() == values.len();
        let tensors = self.tensors.iter();
        let named = tensors.filter(|(name, t)| name.ends_with(ending) && fits(t));
        let named = named.map(|(name, _)| (name.clone(), values.to_vec()));
        self.kept.extend(named);
        self
    }
}

impl Weights for SyntheticWeights {
    fn path(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> Vec<&str> {
        self.tensors.keys().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.get(name).map(|t| t.shape.clone())
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<Buffer> {
        let wrong = |what: String| Error::model(&self.path, format!("tensor {name} {what}"));
        let tensor = (self.tensors.get(name)).ok_or_else(|| wrong("is missing".into()))?;
        if tensor.shape != shape {
            let found = &tensor.shape;
            return Err(wrong(format!("has shape {found:?}, not {shape:?}")));
        }
        match (tensor.rule, self.kept.get(name)) {
            (Some(rule), _) => Ok(rule.values(name, shape.iter().product()).into()),
            (None, Some(kept)) => Ok(kept.clone().into()),
            (None, None) => Err(wrong("has no formula".into())),
        }
    }
}

impl Rule {
    fn values(self, name: &str, count: usize) -> Vec<f32> {
        let stream = Stream::new(name);
        let mut values = vec![0.0; count];
        values
            .par_chunks_mut(PART)
            .enumerate()
            .for_each(|(part, chunk)| {
                for (x, i) in chunk.iter_mut().zip(part * PART..) {
                    let u = stream.uniform(i as u64);
                    let spread = if self.signed { 2.0 * u - 1.0 } else { u };
                    *x = (self.base + self.scale * spread) as f32;
                }
            });
        values
    }
}

/// The rule of a float tensor; the first that fits counts.
fn rule(name: &str, shape: &[usize]) -> Option<Rule> {
    let ends = |endings: &[&str]| endings.iter().any(|e| name.ends_with(e));
    let of_mel_bins = name.contains(".bn0.") || name.contains(".batch_norm.");
    let signed = |base: f64, scale: f64| {
        Some(Rule {
            base,
            scale,
            signed: true,
        })
    };
    let inputs = |from: usize| shape[from..].iter().product::<usize>() as f64;
    if shape.is_empty() || name.contains(".stft.conv_") || ends(&[".melW", ".attn_mask"]) {
        None
    } else if ends(&[".running_mean"]) {
        if of_mel_bins {
            signed(-20.0, 10.0)
        } else {
            signed(0.0, 0.1)
        }
    } else if ends(&[".running_var"]) {
        let (base, scale) = if of_mel_bins {
            (300.0, 200.0)
        } else {
            (1.0, 0.2)
        };
        Some(Rule {
            base,
            scale,
            signed: false,
        })
    } else if ends(&[".bias"]) {
        signed(0.0, 0.02)
    } else if shape.len() == 1 && ends(&[".weight"]) {
        signed(1.0, 0.1)
    } else if ends(&[".relative_position_bias_table"]) {
        signed(0.0, 0.5)
    } else if ends(&["embeddings.weight", ".wte.weight", ".wpe.weight"]) {
        signed(0.0, 0.05 * 3f64.sqrt())
    } else if shape.len() == 2 && ends(&[".c_attn.weight", ".c_proj.weight", ".c_fc.weight"]) {
        signed(0.0, (3.0 / shape[0] as f64).sqrt())
    } else if shape.len() == 2 {
        signed(0.0, (3.0 / inputs(1)).sqrt())
    } else {
        signed(0.0, (6.0 / inputs(1)).sqrt())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use wsac_golden as golden;

    #[test]
    fn streams_are_the_published_ones() {
        let stream = Stream::new("a");
        let drawn: Vec<f64> = (0..4).map(|i| stream.uniform(i) * 16_777_216.0).collect();
        assert_eq!(
            drawn,
            [6_236_610.0, 16_745_713.0, 16_644_785.0, 11_508_178.0]
        );
    }

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn every_rule_gives_the_golden_numbers() {
        for model in golden::CLAPS {
            let Some(json) = golden::json(&format!("golden/clap/keys/{model}.json")) else {
                return;
            };
            let formula = SyntheticWeights::parse(model, json.to_string().as_bytes()).unwrap();
            for check in json["checks"].as_array().unwrap() {
                let name = check[0].as_str().unwrap();
                let wanted = golden::numbers(&check[1]);
                let ours = formula.get(name, &formula.shape(name).unwrap()).unwrap();
                assert_eq!(ours[..3], wanted[..3], "{name}");
                assert_eq!(ours[ours.len() - 1], wanted[3], "{name}");
            }
        }
    }
}
