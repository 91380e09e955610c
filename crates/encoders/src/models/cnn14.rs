//! CNN14 (PANNs, arXiv 1912.10211): log-mel frames [T, 64] -> the embedding of a recording [2048].
//!
//! ```text
//! bn0 -> 6 x (conv 3x3, BN, ReLU, conv 3x3, BN, ReLU, mean of 2x2) -> mean over mel -> max + mean over time [-> fc1, ReLU]
//! ```
//!
//! Images are turned so that time is the row: [64, T, 1], then [64 / 2^i, T / 2^i, 64 * 2^(i - 1)] after block i.
//! Batch norms are folded into the convolutions. Source of the architecture: github.com/qiuqiangkong/audioset_tagging_cnn.

use wsac_nn::activation::relu;
use wsac_nn::image::{After, Conv3x3, Image};

use crate::error::Result;
use crate::models::hook::ForwardHook;
use crate::models::layers::{BatchNorm, Linear};
use wsac_tensors::weights::Weights;

/// Mel bands of a frame.
const MELS: usize = 64;

/// Output channels of the six blocks.
const CHANNELS: [usize; 6] = [64, 128, 256, 512, 1024, 2048];

/// How CNN14 ends; its makers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// WavCaps: the last block pools too, and its features are the embedding.
    Pooled,
    /// PANNs and MS-CLAP 2022: the last block does not pool; a linear layer and a ReLU follow.
    Dense,
}

/// The network with its weights.
pub struct Cnn14 {
    bn0: BatchNorm,
    blocks: Vec<[Conv3x3; 2]>,
    last: After,
    fc1: Option<Linear>,
}

impl Cnn14 {
    /// The width of the embedding.
    pub const WIDTH: usize = 2048;

    /// The fewest frames that give an embedding: five or six poolings leave one or two.
    pub const LEAST: usize = 64;

    /// Reads `<prefix>bn0`, `<prefix>conv_block1` to `6`, and `<prefix>fc1` where it ends so.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn read(w: &dyn Weights, prefix: &str, ending: Ending) -> Result<Self> {
        let inputs = [1].into_iter().chain(CHANNELS);
        let block = |(i, (from, to)): (usize, (usize, usize))| -> Result<[Conv3x3; 2]> {
            let name = format!("{prefix}conv_block{}", i + 1);
            Ok([conv(w, &name, 1, [to, from])?, conv(w, &name, 2, [to, to])?])
        };
        let fc1 = || Linear::read(w, &format!("{prefix}fc1"), [Self::WIDTH; 2]);
        Ok(Self {
            bn0: BatchNorm::read(w, &format!("{prefix}bn0"), MELS)?,
            blocks: (inputs.zip(CHANNELS).enumerate().map(block)).collect::<Result<_>>()?,
            last: match ending {
                Ending::Pooled => After::ReluPool,
                Ending::Dense => After::Relu,
            },
            fc1: (ending == Ending::Dense).then(fc1).transpose()?,
        })
    }

    /// `frames` [T, 64] in dB -> the embedding [2048]. T is at least [`Cnn14::LEAST`]; fewer give zeros.
    ///
    /// `tap` is shown `bn0` [T, 64] and the images after each block, `conv_block1` to `6`, as [mel, time, channels].
    pub fn forward(&self, mut frames: Vec<f32>, tap: &mut ForwardHook) -> Vec<f32> {
        self.bn0.apply(&mut frames);
        tap.show("bn0", || frames.clone());
        let mut x = Image::zeros(MELS, frames.len() / MELS, 1);
        for (mel, row) in x.rows_mut().enumerate() {
            let band = frames[mel..].iter().step_by(MELS);
            row.iter_mut().zip(band).for_each(|(x, frame)| *x = *frame);
        }
        drop(frames);
        let last = self.blocks.len() - 1;
        for (i, [first, second]) in self.blocks.iter().enumerate() {
            let after = if i < last { After::ReluPool } else { self.last };
            x = second.forward(&first.forward(&x, After::Relu), after);
            tap.show(&format!("conv_block{}", i + 1), || {
                x.rows().flatten().copied().collect()
            });
        }
        let mut features = max_plus_mean(&x);
        if let Some(fc1) = &self.fc1 {
            features = fc1.forward(&features);
            relu(&mut features);
        }
        features
    }
}

/// `x` [mel, time, c]: the mean over mel, then the largest plus the mean over time: [c].
fn max_plus_mean(x: &Image) -> Vec<f32> {
    let [mels, time, c] = x.shape();
    let mut over_mel = vec![0.0; time * c];
    for row in x.rows() {
        over_mel.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    let (mut largest, mut sum) = (vec![0f32; c], vec![0f64; c]); // after a ReLU nothing is below 0
    for frame in over_mel.chunks_exact(c) {
        for ((largest, sum), x) in largest.iter_mut().zip(&mut sum).zip(frame) {
            let x = x / mels as f32;
            *largest = largest.max(x);
            *sum += f64::from(x);
        }
    }
    let n = time.max(1) as f64;
    (largest.iter().zip(sum))
        .map(|(max, sum)| max + (sum / n) as f32)
        .collect()
}

/// Convolution `number` of a block with its batch norm folded in. Stored [out, in, time, mel]; our rows are mel.
fn conv(w: &dyn Weights, block: &str, number: usize, [to, from]: [usize; 2]) -> Result<Conv3x3> {
    let weight = w.get(&format!("{block}.conv{number}.weight"), &[to, from, 3, 3])?;
    let BatchNorm { scale, shift } = BatchNorm::read(w, &format!("{block}.bn{number}"), to)?;
    let conv = Conv3x3::new(from, shift, |o, i, mel, time| {
        weight[((o * from + i) * 3 + time) * 3 + mel] * scale[o]
    });
    Ok(conv.in_precision(w.precision()))
}
