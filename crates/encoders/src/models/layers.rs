//! The layers that encoders share: x [n, in] -> [n, out] with the weights of a checkpoint.

use std::sync::OnceLock;

use wsac_nn::activation::{gelu_erf, relu};
use wsac_nn::attention::{Shape, attention};
use wsac_nn::dropout::Dropout;
use wsac_nn::matmul::{Mat, Packed, ProductDtype, Right, linear};
use wsac_nn::norm::layer_norm;

use crate::error::Result;
use wsac_tensors::weights::{Buffer, Weights};

/// `y = x W^T + b`, W stored [out, in] as PyTorch does, or [in, out] as GPT-2's.
#[derive(Debug)]
pub struct Linear {
    weight: Buffer,
    bias: Option<Buffer>,
    outputs: usize,
    inputs: usize,
    /// Whether the weight is stored [in, out].
    transposed: bool,
    precision: ProductDtype,
    /// The weight laid out when it is first used, where that makes products faster.
    packed: OnceLock<Packed>,
}

impl Linear {
    /// Reads `<name>.weight` [outputs, inputs] and `<name>.bias` [outputs].
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn read(w: &dyn Weights, name: &str, [outputs, inputs]: [usize; 2]) -> Result<Self> {
        Ok(Self {
            bias: Some(w.get(&format!("{name}.bias"), &[outputs])?),
            ..Self::without_bias(w, name, [outputs, inputs])?
        })
    }

    /// Reads `<name>.weight` [outputs, inputs] alone.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn without_bias(
        w: &dyn Weights,
        name: &str,
        [outputs, inputs]: [usize; 2],
    ) -> Result<Self> {
        Ok(Self {
            weight: w.get(&format!("{name}.weight"), &[outputs, inputs])?,
            bias: None,
            outputs,
            inputs,
            transposed: false,
            precision: w.precision(),
            packed: OnceLock::new(),
        })
    }

    /// Reads `<name>.weight` [inputs, outputs], the other way round, and `<name>.bias` [outputs]: GPT-2's `Conv1D`.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn read_transposed(
        w: &dyn Weights,
        name: &str,
        [outputs, inputs]: [usize; 2],
    ) -> Result<Self> {
        Ok(Self {
            weight: w.get(&format!("{name}.weight"), &[inputs, outputs])?,
            bias: Some(w.get(&format!("{name}.bias"), &[outputs])?),
            outputs,
            inputs,
            transposed: true,
            precision: w.precision(),
            packed: OnceLock::new(),
        })
    }

    /// A convolution whose windows do not overlap, as a layer over the numbers under a window: `<name>.weight` of
    /// `shape` [outputs, ..window] and `<name>.bias` [outputs].
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn convolution(w: &dyn Weights, name: &str, shape: [usize; 4]) -> Result<Self> {
        let [outputs, window @ ..] = shape;
        Ok(Self {
            weight: w.get(&format!("{name}.weight"), &shape)?,
            bias: Some(w.get(&format!("{name}.bias"), &[outputs])?),
            outputs,
            inputs: window.iter().product(),
            transposed: false,
            precision: w.precision(),
            packed: OnceLock::new(),
        })
    }

    /// This layer and the batch norm that follows it, as one.
    pub fn then(self, norm: &BatchNorm) -> Self {
        let mut weight = self.weight.into_vec();
        let rows = weight.chunks_exact_mut(self.inputs).zip(&norm.scale);
        rows.for_each(|(row, scale)| row.iter_mut().for_each(|w| *w *= scale));
        let mut bias = norm.shift.clone();
        if let Some(own) = &self.bias {
            let moved = own.iter().zip(&norm.scale).map(|(b, scale)| b * scale);
            bias.iter_mut()
                .zip(moved)
                .for_each(|(b, moved)| *b += moved);
        }
        Self {
            weight: weight.into(),
            bias: Some(bias.into()),
            ..self
        }
    }

    /// Several layers of the same input as one, their outputs side by side: query, key and value in one product.
    ///
    /// # Panics
    /// Where the inputs differ, a weight is transposed, or there is no layer.
    pub fn join(layers: impl IntoIterator<Item = Self>) -> Self {
        let mut layers = layers.into_iter();
        let first = layers.next().expect("at least one layer");
        let (mut weight, inputs) = (first.weight.into_vec(), first.inputs);
        let mut bias = first.bias.map(Buffer::into_vec);
        let mut outputs = first.outputs;
        for layer in layers {
            assert!(
                layer.inputs == inputs && !layer.transposed,
                "layers of the same input"
            );
            weight.extend_from_slice(&layer.weight);
            if let (Some(bias), Some(more)) = (&mut bias, &layer.bias) {
                bias.extend_from_slice(more);
            }
            outputs += layer.outputs;
        }
        Self {
            weight: weight.into(),
            bias: bias.map(Buffer::from),
            outputs,
            inputs,
            transposed: false,
            precision: first.precision,
            packed: OnceLock::new(),
        }
    }

    /// The width of what comes out.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The width of what goes in.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// `x` [n, in] -> [n, out]. A row's output does not depend, by a single bit, on the rows beside it.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let rows = x.len() / self.inputs;
        let weight = if self.transposed {
            Mat::new(&self.weight, self.inputs, self.outputs)
        } else {
            Mat::new(&self.weight, self.outputs, self.inputs).t()
        };
        let weight = if self.precision.packs() {
            let packed = || Packed::new(weight, self.precision);
            Right::from(self.packed.get_or_init(packed))
        } else {
            weight.into()
        };
        let mut y = vec![0.0; rows * self.outputs];
        let x = Mat::new(x, rows, self.inputs);
        linear(&mut y, x, weight, self.bias.as_deref());
        y
    }
}

/// Layer normalisation over the last axis.
#[derive(Debug)]
pub struct Norm {
    weight: Buffer,
    bias: Buffer,
    eps: f32,
}

impl Norm {
    /// Reads `<name>.weight` and `<name>.bias`, both [width].
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn read(w: &dyn Weights, name: &str, width: usize, eps: f32) -> Result<Self> {
        Ok(Self {
            weight: w.get(&format!("{name}.weight"), &[width])?,
            bias: w.get(&format!("{name}.bias"), &[width])?,
            eps,
        })
    }

    /// `x` [n, width], each row to mean 0 and deviation 1, then scaled and moved.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len()];
        layer_norm(&mut y, &mut [], x, &self.weight, &self.bias, self.eps);
        y
    }
}

/// Attention over packed sequences, sequence `s` in rows `starts[s]..starts[s + 1]`: `qkv` [rows, 3 d] -> [rows, d].
pub fn attend(qkv: &[f32], starts: &[usize], heads: usize, causal: bool) -> Vec<f32> {
    let rows = starts.last().copied().unwrap_or(0);
    let width = qkv.len() / (3 * rows.max(1));
    let shape = Shape {
        starts,
        heads,
        width,
        causal,
    };
    let mut weights = vec![0.0; shape.weights_len()];
    let mut out = vec![0.0; rows * width];
    attention(&mut out, &mut weights, qkv, shape, Dropout::NONE);
    out
}

/// Batch normalisation as it is after training: a factor and a summand for each channel.
#[derive(Debug)]
pub struct BatchNorm {
    /// `weight / sqrt(var + eps)`, [channels].
    pub scale: Vec<f32>,
    /// `bias - mean * scale`, [channels].
    pub shift: Vec<f32>,
}

impl BatchNorm {
    /// Reads `<name>.{weight, bias, running_mean, running_var}`, all [channels]; eps is 1e-5.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn read(w: &dyn Weights, name: &str, channels: usize) -> Result<Self> {
        let read = |part: &str| w.get(&format!("{name}.{part}"), &[channels]);
        let (weight, bias) = (read("weight")?, read("bias")?);
        let (mean, var) = (read("running_mean")?, read("running_var")?);
        let scale = |c: usize| f64::from(weight[c]) / (f64::from(var[c]) + 1e-5).sqrt();
        let shift = |c: usize| f64::from(bias[c]) - f64::from(mean[c]) * scale(c);
        Ok(Self {
            scale: (0..channels).map(|c| scale(c) as f32).collect(),
            shift: (0..channels).map(|c| shift(c) as f32).collect(),
        })
    }

    /// Normalises `x` [n, channels] in place.
    pub fn apply(&self, x: &mut [f32]) {
        for row in x.chunks_exact_mut(self.scale.len()) {
            let factors = self.scale.iter().zip(&self.shift);
            (row.iter_mut().zip(factors)).for_each(|(x, (scale, shift))| *x = *x * scale + shift);
        }
    }
}

/// `a + b`, number by number.
pub fn add(mut a: Vec<f32>, b: &[f32]) -> Vec<f32> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    a
}

/// From a tower's output to the shared space, [n, in] -> [n, d].
#[derive(Debug)]
pub enum Projection {
    /// `W2 relu(W1 x)`: WavCaps and LAION.
    Relu(Linear, Linear),
    /// `norm(e + W2 gelu(e))` with `e = W1 x`: MS-CLAP.
    Residual(Linear, Linear, Norm),
}

impl Projection {
    /// WavCaps' and LAION's: `<name><layers[0]>` [d, inputs] and `<name><layers[1]>` [d, d].
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn relu(
        w: &dyn Weights,
        [first, second]: [&str; 2],
        [dim, inputs]: [usize; 2],
    ) -> Result<Self> {
        Ok(Self::Relu(
            Linear::read(w, first, [dim, inputs])?,
            Linear::read(w, second, [dim, dim])?,
        ))
    }

    /// MS-CLAP's: `<name>.linear1`, `<name>.linear2` without biases and `<name>.layer_norm`.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn residual(w: &dyn Weights, name: &str, [dim, inputs]: [usize; 2]) -> Result<Self> {
        Ok(Self::Residual(
            Linear::without_bias(w, &format!("{name}.linear1"), [dim, inputs])?,
            Linear::without_bias(w, &format!("{name}.linear2"), [dim, dim])?,
            Norm::read(w, &format!("{name}.layer_norm"), dim, 1e-5)?,
        ))
    }

    /// The width `d` of the shared space.
    pub fn dim(&self) -> usize {
        match self {
            Self::Relu(_, last) | Self::Residual(_, last, _) => last.outputs(),
        }
    }

    /// The width of what goes in.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Relu(first, _) | Self::Residual(first, ..) => first.inputs(),
        }
    }

    /// `x` [n, in] -> [n, d], not yet of unit length.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        match self {
            Self::Relu(first, second) => {
                let mut hidden = first.forward(x);
                relu(&mut hidden);
                second.forward(&hidden)
            }
            Self::Residual(first, second, norm) => {
                let embedded = first.forward(x);
                let mut hidden = embedded.clone();
                gelu_erf(&mut hidden);
                norm.forward(&add(embedded, &second.forward(&hidden)))
            }
        }
    }
}
