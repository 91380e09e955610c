//! YAMNet (AudioSet's 521 classes; MobileNet v1): log-mel patches [N, 96, 64] -> embeddings [N, 1024] and logits [N, 521].
//!
//! Weights by the names of the published export with batch norm folded in; each layer is a convolution and a ReLU.
//! Source of the architecture: github.com/tensorflow/models, research/audioset/yamnet (Apache-2.0).

use rayon::prelude::*;
use wsac_nn::conv::{Extent, Window, bias_relu, conv3x3, depthwise3x3};
use wsac_nn::matmul::{Mat, Store, matmul};

use crate::audio::AudioStream;
use crate::embedding::dot;
use crate::error::{Error, Result};
use crate::mel::YamnetFrontEnd;
use crate::tensors::Tensors;

/// How many classes YAMNet knows.
pub const CLASSES: usize = 521;

/// The width of its embedding.
pub const WIDTH: usize = 1024;

/// Channels of the first layer.
const FIRST: usize = 32;

/// The 13 separable layers: input channels, output channels, and whether they halve the picture.
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
    /// The mean over the last picture, [N, 1024].
    pub embeddings: Vec<f32>,
    /// Before the sigmoid, [N, 521].
    pub logits: Vec<f32>,
}

/// The classes heard in each window of a recording, and how loud it was.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowScores {
    /// The score of each class in each window, [T, 521], each in (0, 1).
    pub scores: Vec<f32>,
    /// Seconds of the recording.
    pub duration: f64,
    /// The root of the mean square of all samples; full scale is 1.
    pub rms: f32,
    /// The largest magnitude of a sample.
    pub peak: f32,
}

impl WindowScores {
    /// Seconds from a window to the next.
    pub const HOP: f64 = YamnetFrontEnd::HOP_SECONDS;
    /// Seconds that a window covers.
    pub const WINDOW: f64 = YamnetFrontEnd::PATCH_SECONDS;

    /// How many windows there are; at least one.
    pub fn len(&self) -> usize {
        self.scores.len() / CLASSES
    }

    /// Whether there is no window.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The scores of window `t`, which begins `t * HOP` seconds into the recording: [521].
    pub fn window(&self, t: usize) -> &[f32] {
        &self.scores[t * CLASSES..(t + 1) * CLASSES]
    }

    /// The windows in order.
    pub fn windows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.scores.chunks_exact(CLASSES)
    }

    /// The mean of the `k` highest scores of each class over all windows (of all, where there are fewer): [521].
    pub fn pooled(&self, k: usize) -> Vec<f32> {
        let k = k.clamp(1, self.len().max(1));
        let pool = |class: usize| {
            let mut scores: Vec<f32> = self.windows().map(|w| w[class]).collect();
            scores.sort_by(|a, b| b.total_cmp(a));
            scores.iter().take(k).sum::<f32>() / k as f32
        };
        (0..CLASSES).map(pool).collect()
    }

    /// Whether every sample was exactly zero.
    pub fn is_silent(&self) -> bool {
        self.peak == 0.0
    }
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
        let mut x = Vec::with_capacity(2 * to.numbers()); // the largest picture, after layer 2
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
        // Not a matrix product: those sum a single row in another order, and a window is to be heard alike alone.
        let classify = |embedding| {
            let weights = self.classifier.0.par_chunks_exact(WIDTH);
            let classes = weights.zip(&self.classifier.1);
            classes.map(move |(weights, bias)| dot(embedding, weights) + bias)
        };
        let embedding = embeddings.par_chunks_exact(WIDTH);
        let logits = embedding.flat_map(classify).collect();
        Features { embeddings, logits }
    }

    /// Listens to a whole recording at 16 kHz, a few patches at a time: memory grows only by the scores, 4 kB a second.
    ///
    /// # Errors
    /// Where `sound` is not at 16 kHz, or breaks as in [`AudioStream::next_block`].
    pub fn listen(&self, sound: &mut AudioStream) -> Result<WindowScores> {
        if sound.rate() != YamnetFrontEnd::RATE {
            let (is, wanted) = (sound.rate(), YamnetFrontEnd::RATE);
            return Err(Error::Config(format!(
                "YAMNet listens at {wanted} Hz, not {is} Hz"
            )));
        }
        let mut front_end = YamnetFrontEnd::new();
        let (mut patches, mut scores) = (Vec::new(), Vec::new());
        let (mut samples, mut squares, mut peak) = (0usize, 0f64, 0f32);
        while let Some(block) = sound.next_block()? {
            samples += block.len();
            for &x in &block {
                squares += f64::from(x) * f64::from(x);
                peak = peak.max(x.abs());
            }
            front_end.push(&block, &mut patches);
            while patches.len() >= BATCH * YamnetFrontEnd::PATCH {
                let rest = patches.split_off(BATCH * YamnetFrontEnd::PATCH);
                self.score(&patches, &mut scores);
                patches = rest;
            }
        }
        front_end.finish(&mut patches);
        for batch in patches.chunks(BATCH * YamnetFrontEnd::PATCH) {
            self.score(batch, &mut scores);
        }
        Ok(WindowScores {
            scores,
            duration: samples as f64 / f64::from(YamnetFrontEnd::RATE),
            rms: (squares / samples.max(1) as f64).sqrt() as f32,
            peak,
        })
    }

    fn score(&self, patches: &[f32], scores: &mut Vec<f32>) {
        let logits = self.forward(patches).logits;
        scores.extend(logits.iter().map(|x| 1.0 / (1.0 + (-x).exp())));
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
    use crate::audio::{Source, Waveform};
    use crate::golden::{assert_close, json, numbers, shared, yamnet_signal};
    use crate::tensors::TensorFile;

    fn yamnet() -> Option<Yamnet> {
        let path = shared("models/yamnet/yamnet_f32.safetensors")?;
        let bytes = std::fs::read(&path).unwrap();
        Some(Yamnet::load(&Tensors::parse(&path, &bytes).unwrap()).unwrap())
    }

    fn patches(samples: &[f32]) -> Vec<f32> {
        let (mut front_end, mut patches) = (YamnetFrontEnd::new(), Vec::new());
        front_end.push(samples, &mut patches);
        front_end.finish(&mut patches);
        patches
    }

    #[test]
    fn embeddings_and_logits_equal_the_golden_ones() {
        let (Some(yamnet), Some(golden)) = (yamnet(), json("golden/yamnet/synthetic.json")) else {
            return;
        };
        let heard = yamnet.forward(&patches(&yamnet_signal()));
        for t in 0..6 {
            let embedding = &heard.embeddings[t * WIDTH..][..WIDTH];
            assert_close(
                "embedding",
                embedding,
                &numbers(&golden["embedding"][t]),
                1e-3,
            );
            let logits = &heard.logits[t * CLASSES..][..CLASSES];
            assert_close("logits", logits, &numbers(&golden["logits"][t]), 1e-3);
        }
    }

    #[test]
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
    fn real_clips_are_heard_as_in_the_golden_run() {
        let (Some(yamnet), Some(golden), Some(names)) = (
            yamnet(),
            json("golden/yamnet/esc10_clips.json"),
            shared("models/yamnet/yamnet_class_map.csv"),
        ) else {
            return;
        };
        let names: Vec<String> = csv::Reader::from_path(names)
            .unwrap()
            .records()
            .map(|row| row.unwrap()[2].to_owned())
            .collect();
        for clip in golden.as_array().unwrap() {
            let file = clip["file"].as_str().unwrap();
            let Some(path) = shared(&format!("audio/esc10/{file}")) else {
                return;
            };
            let mut sound = AudioStream::open(&Source::from(path), 16_000).unwrap();
            let heard = yamnet.listen(&mut sound).unwrap();
            assert_eq!(
                heard.len() as u64,
                clip["n_patches"].as_u64().unwrap(),
                "{file}"
            );
            let samples = (heard.duration * 16_000.0).round() as u64;
            assert_eq!(samples, clip["samples_16k"].as_u64().unwrap(), "{file}");
            let rms = clip["decoded_rms"].as_f64().unwrap() as f32;
            assert!(
                (heard.rms / rms - 1.0).abs() < 0.1,
                "{file}: {} {rms}",
                heard.rms
            );
            let pooled = heard.pooled(3);
            let top = clip["top3_pooled"].as_array().unwrap();
            let mut order: Vec<usize> = (0..CLASSES).collect();
            order.sort_by(|&a, &b| pooled[b].total_cmp(&pooled[a]));
            assert_eq!(names[order[0]], top[0][0].as_str().unwrap(), "{file}");
            for sound in top {
                let (name, score) = (sound[0].as_str().unwrap(), sound[1].as_f64().unwrap());
                let class = names.iter().position(|n| n == name).unwrap();
                let ours = f64::from(pooled[class]);
                assert!((ours - score).abs() < 0.02, "{file}: {name} {ours} {score}");
            }
        }
    }

    #[test]
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
        let wave = Waveform {
            samples: yamnet_signal(),
            rate: 16_000,
        };
        let hear =
            |net: &Yamnet| net.listen(&mut AudioStream::from_waveform(&wave, 16_000).unwrap());
        let (a, b) = (hear(&yamnet).unwrap(), hear(&half).unwrap());
        assert_close("scores", &b.scores, &a.scores, 5e-3);
    }

    #[test]
    fn silence_is_known_and_other_rates_are_refused() {
        let Some(yamnet) = yamnet() else { return };
        let wave = Waveform {
            samples: vec![0.0; 100],
            rate: 8_000,
        };
        let heard = yamnet.listen(&mut AudioStream::from_waveform(&wave, 16_000).unwrap());
        let heard = heard.unwrap();
        assert!(heard.is_silent() && heard.len() == 1 && heard.rms == 0.0);
        assert_eq!(heard.duration, 0.0125);
        assert!(
            yamnet
                .listen(&mut AudioStream::from_waveform(&wave, 8_000).unwrap())
                .is_err()
        );
    }

    #[test]
    fn pooling_takes_the_highest_windows() {
        let mut scores = vec![0.0; 4 * CLASSES];
        for (t, score) in [0.1, 0.9, 0.5, 0.7].into_iter().enumerate() {
            scores[t * CLASSES + 3] = score;
        }
        let heard = WindowScores {
            scores,
            duration: 2.4,
            rms: 0.1,
            peak: 0.5,
        };
        assert!((heard.pooled(3)[3] - 0.7).abs() < 1e-6);
        assert!((heard.pooled(9)[3] - 0.55).abs() < 1e-6);
    }
}
