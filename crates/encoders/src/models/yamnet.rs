//! YAMNet (AudioSet's 521 classes; MobileNet v1): log-mel patches [N, 96, 64] -> embeddings [N, 1024] and logits [N, 521].
//!
//! Weights by the names of the published export with batch norm folded in; each layer is a convolution and a ReLU.
//! Source of the architecture: github.com/tensorflow/models, research/audioset/yamnet (Apache-2.0).

use rayon::prelude::*;
use wsac_nn::conv::{Extent, Window, bias_relu, conv3x3, depthwise3x3};
use wsac_nn::matmul::{Mat, Store, matmul};

use crate::embedding::dot;
use crate::error::Result;
use wsac_audio::mel::YamnetFrontEnd;
use wsac_tensors::safetensors::Tensors;

/// How many classes YAMNet knows.
pub const CLASSES: usize = 521;

/// The width of its embedding.
pub const WIDTH: usize = 1024;

/// Channels of the first layer.
const FIRST: usize = 32;

/// The 13 separable layers: input channels, output channels, and whether they halve the feature map.
const LAYERS: [(usize, usize, bool); 13] = [
    (32, 64, false),
    (64, 128, true),
    (128, 128, false),
    (128, 256, true),
    (256, 256, false),
    (256, 512, true),
    (512, 512, false),
    (512, 512, false),
    (512, 512, false),
    (512, 512, false),
    (512, 512, false),
    (512, 1024, true),
    (1024, 1024, false),
];

/// How many patches go through the network at once: enough to fill the products, few enough for the cache.
const BATCH: usize = 16;

/// The network with its weights.
pub struct Yamnet {
    /// [9, 1, 32] and [32].
    first: (Vec<f32>, Vec<f32>),
    layers: Vec<Separable>,
    /// [521, 1024] and [521].
    classifier: (Vec<f32>, Vec<f32>),
}

/// A 3x3 convolution of each channel by itself, then a 1x1 convolution over the channels.
struct Separable {
    from: usize,
    to: usize,
    window: Window,
    /// [9, from] and [from].
    depthwise: (Vec<f32>, Vec<f32>),
    /// [from, to] and [to].
    pointwise: (Vec<f32>, Vec<f32>),
}

/// What [`Yamnet::forward`] gives for N patches.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// The mean over the last feature map, [N, 1024].
    pub embeddings: Vec<f32>,
    /// Before the sigmoid, [N, 521].
    pub logits: Vec<f32>,
}

impl Yamnet {
    /// The weights in `file`, stored as f32, f16 or bf16.
    ///
    /// # Errors
    /// Where a tensor is missing or has another shape.
    pub fn load(file: &Tensors) -> Result<Self> {
        let pair = |name: &str, shape: &[usize]| -> Result<(Vec<f32>, Vec<f32>)> {
            let weights = file.get(&format!("{name}.weight"), shape)?;
            Ok((weights, file.get(&format!("{name}.bias"), &shape[..1])?))
        };
        // The published order is output first; ours is output last, so that channels lie side by side.
        let output_last = |(weights, bias): (Vec<f32>, Vec<f32>)| {
            let outputs = bias.len();
            (transposed(&weights, outputs), bias)
        };
        let first = output_last(pair("layer1.fused", &[FIRST, 1, 3, 3])?);
        let layer = |(i, &(from, to, halve)): (usize, &(usize, usize, bool))| -> Result<Separable> {
            let name = format!("layer{}", i + 2);
            let depthwise = pair(&format!("{name}.depthwise_conv"), &[from, 1, 3, 3])?;
            let pointwise = pair(&format!("{name}.pointwise_conv"), &[to, from, 1, 1])?;
            Ok(Separable {
                from,
                to,
                window: if halve { Window::HALVE } else { Window::SAME },
                depthwise: output_last(depthwise),
                pointwise: output_last(pointwise),
            })
        };
        Ok(Self {
            first,
            layers: LAYERS
                .iter()
                .enumerate()
                .map(layer)
                .collect::<Result<_>>()?,
            classifier: pair("classifier", &[CLASSES, WIDTH])?,
        })
    }

    /// What its last layer looks for in an embedding, a row a class: [521, 1024].
    pub fn classifier(&self) -> &[f32] {
        &self.classifier.0
    }

    /// `patches` [N, 96, 64] of log-mel numbers -> embeddings [N, 1024] and logits [N, 521].
    ///
    /// # Panics
    /// Where `patches` is no whole number of patches.
    pub fn forward(&self, patches: &[f32]) -> Features {
        let n = patches.len() / YamnetFrontEnd::PATCH;
        let mut at = Extent {
            n,
            h: YamnetFrontEnd::FRAMES,
            w: YamnetFrontEnd::MELS,
            c: 1,
        };
        let to = Window::HALVE.output(at, FIRST);
        let mut between = Vec::new();
        let mut x = Vec::with_capacity(2 * to.numbers()); // the largest feature map, after layer 2
        x.resize(to.numbers(), 0.0);
        conv3x3(
            &mut x,
            patches,
            at,
            Window::HALVE,
            &self.first.0,
            &self.first.1,
        );
        at = to;
        for layer in &self.layers {
            at = layer.forward(&mut x, &mut between, at);
        }
        // Global average: [n, 3 * 2, 1024] -> [n, 1024].
        let pixels = at.h * at.w;
        let mut embeddings = vec![0.0; n * WIDTH];
        for (mean, picture) in embeddings
            .chunks_exact_mut(WIDTH)
            .zip(x.chunks_exact(pixels * WIDTH))
        {
            for pixel in picture.chunks_exact(WIDTH) {
                mean.iter_mut().zip(pixel).for_each(|(m, x)| *m += x);
            }
            mean.iter_mut().for_each(|m| *m /= pixels as f32);
        }
        // Not a matrix product: those sum a single row in another order, and a window must score the same alone.
        let classify = |embedding| {
            let weights = self.classifier.0.par_chunks_exact(WIDTH);
            let classes = weights.zip(&self.classifier.1);
            classes.map(move |(weights, bias)| dot(embedding, weights) + bias)
        };
        let embedding = embeddings.par_chunks_exact(WIDTH);
        let logits = embedding.flat_map(classify).collect();
        Features { embeddings, logits }
    }

    /// `patches` [N, 96, 64] of log-mel numbers -> the score of each class in each, [N, 521], in (0, 1).
    ///
    /// # Panics
    /// Where `patches` is no whole number of patches.
    pub fn scores(&self, patches: &[f32]) -> Vec<f32> {
        let batches = patches.chunks(BATCH * YamnetFrontEnd::PATCH);
        let logits = batches.flat_map(|batch| self.forward(batch).logits);
        logits.map(|x| 1.0 / (1.0 + (-x).exp())).collect()
    }
}

impl Separable {
    /// Turns `x` [n, h, w, from] into [n, h', w', to], by way of `between`, and gives its extent. The two buffers go
    /// through all layers: fresh memory for each would cost as much as its convolution.
    fn forward(&self, x: &mut Vec<f32>, between: &mut Vec<f32>, extent: Extent) -> Extent {
        let (kernel, bias) = &self.depthwise;
        let filtered = self.window.output(extent, self.from);
        between.resize(filtered.numbers(), 0.0);
        depthwise3x3(between, x, extent, self.window, kernel, bias);

        let (weights, bias) = &self.pointwise;
        let (pixels, c) = (filtered.pixels(), self.to);
        x.resize(pixels * c, 0.0);
        let between = Mat::new(between, pixels, self.from);
        matmul(x, between, Mat::new(weights, self.from, c), Store::Set);
        bias_relu(x, bias);
        Extent { c, ..filtered }
    }
}

/// [rows, cols] -> [cols, rows], in squares that fit the cache.
fn transposed(x: &[f32], rows: usize) -> Vec<f32> {
    const SIDE: usize = 32;
    let cols = x.len() / rows;
    let mut out = vec![0.0; x.len()];
    for top in (0..rows).step_by(SIDE) {
        for left in (0..cols).step_by(SIDE) {
            for c in left..cols.min(left + SIDE) {
                for r in top..rows.min(top + SIDE) {
                    out[c * rows + r] = x[r * cols + c];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::golden::{assert_close, json, numbers, shared, yamnet_signal};
    use wsac_tensors::safetensors::TensorFile;

    fn yamnet() -> Option<Yamnet> {
        let path = shared("models/yamnet/yamnet_f32.safetensors")?;
        let bytes = std::fs::read(&path).unwrap();
        Some(Yamnet::load(&Tensors::parse(&path, &bytes).unwrap()).unwrap())
    }

    fn patches(samples: &[f32]) -> Vec<f32> {
        YamnetFrontEnd::new().hear(samples)
    }

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn embeddings_and_logits_equal_the_golden_ones() {
        let (Some(yamnet), Some(golden)) = (yamnet(), json("golden/yamnet/synthetic.json")) else {
            return;
        };
        let analysis = yamnet.forward(&patches(&yamnet_signal()));
        for t in 0..6 {
            let embedding = &analysis.embeddings[t * WIDTH..][..WIDTH];
            assert_close(
                "embedding",
                embedding,
                &numbers(&golden["embedding"][t]),
                1e-3,
            );
            let logits = &analysis.logits[t * CLASSES..][..CLASSES];
            assert_close("logits", logits, &numbers(&golden["logits"][t]), 1e-3);
        }
    }

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn a_batch_is_its_patches_and_threads_do_not_change_a_bit() {
        let Some(yamnet) = yamnet() else { return };
        let signal = yamnet_signal().repeat(4);
        let patches = patches(&signal);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| yamnet.forward(&patches))
        };
        let all = run(1);
        assert!(all == run(2) && all == run(5));
        for (t, patch) in patches.chunks_exact(YamnetFrontEnd::PATCH).enumerate() {
            let one = yamnet.forward(patch);
            assert_eq!(one.embeddings, all.embeddings[t * WIDTH..][..WIDTH], "{t}");
            assert_eq!(one.logits, all.logits[t * CLASSES..][..CLASSES], "{t}");
        }
    }

    #[test]
    #[cfg_attr(no_golden, ignore = "needs the shared golden values")]
    fn f16_weights_hear_the_same() {
        let (Some(yamnet), Some(path)) = (yamnet(), shared("models/yamnet/yamnet_f32.safetensors"))
        else {
            return;
        };
        let bytes = std::fs::read(&path).unwrap();
        let whole = Tensors::parse(&path, &bytes).unwrap();
        let mut half = TensorFile::new();
        for name in whole.names() {
            let shape = whole.shape(name).unwrap();
            half.f16(name, &shape, &whole.get(name, &shape).unwrap());
        }
        let bytes = half.to_bytes().unwrap();
        let half = Yamnet::load(&Tensors::parse("f16", &bytes).unwrap()).unwrap();
        let patches = patches(&yamnet_signal());
        let (a, b) = (yamnet.scores(&patches), half.scores(&patches));
        assert_close("scores", &b, &a, 5e-3);
    }
}
