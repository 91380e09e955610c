//! Feature fusion (LAION-CLAP, arXiv 2211.06687, "aff_2d"): a recording of any length in one image's width.
//!
//! A long recording becomes four channels [1001, 64]: the whole of it shrunk, and three windows from its front, middle
//! and back. The whole goes through the usual patches; the windows through patches three times as wide, side by side;
//! and attention over both says, channel by channel, how much of each is taken:
//!
//! ```text
//! w = sigmoid(local(x + y) + global(mean(x + y)))      out = 2 w x + 2 (1 - w) y      x, y [64 * 64, C]
//! ```

use wsac_nn::activation::{exp, relu};

use super::image::{MELS, PATCH, PATCHES, SIDE, patches};
use crate::error::Result;
use crate::models::hook::ForwardHook;
use crate::models::layers::{BatchNorm, Linear, add};
use wsac_tensors::weights::Weights;

/// Columns of a wide patch.
const WIDE: usize = 3 * PATCH;

/// The layers that only models with fusion have.
pub struct Fusion {
    mel_conv2d: Linear,
    local: [Linear; 2],
    global: [Linear; 2],
}

impl Fusion {
    /// Reads `<name>.mel_conv2d` and `<name>.fusion_model`; `None` where there is no such thing.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub fn read(w: &dyn Weights, name: &str, width: usize) -> Result<Option<Self>> {
        let wide = format!("{name}.mel_conv2d");
        if w.shape(&format!("{wide}.weight")).is_none() {
            return Ok(None);
        }
        let few = width / 4;
        let layer = |part: &str, at: usize, [to, from]: [usize; 2]| -> Result<Linear> {
            let name = format!("{name}.fusion_model.{part}");
            let norm = BatchNorm::read(w, &format!("{name}.{}", at + 1), to)?;
            Ok(Linear::convolution(w, &format!("{name}.{at}"), [to, from, 1, 1])?.then(&norm))
        };
        let pair = |part: &str, at: usize| -> Result<[Linear; 2]> {
            Ok([
                layer(part, at, [few, width])?,
                layer(part, at + 3, [width, few])?,
            ])
        };
        Ok(Some(Self {
            mel_conv2d: Linear::convolution(w, &wide, [width, 1, PATCH, WIDE])?,
            local: pair("local_att", 0)?,
            global: pair("global_att", 1)?,
        }))
    }

    /// `x` [64 * 64, C], the patches of the whole, and the images [256, 256] of three `parts` -> [64 * 64, C].
    pub fn forward(&self, x: Vec<f32>, parts: &[Vec<f32>], tap: &mut ForwardHook) -> Vec<f32> {
        let c = self.mel_conv2d.outputs();
        let across = SIDE / WIDE; // 21; three parts leave the last column of 64 empty
        let wide: Vec<Vec<f32>> = (parts.iter())
            .map(|part| self.mel_conv2d.forward(&patches(part, WIDE)))
            .collect();
        tap.show("patch_embed.mel_conv2d", || wide.concat());
        let mut y = vec![0.0; x.len()];
        for (row, y) in y.chunks_exact_mut(PATCHES * c).enumerate() {
            let columns = y.chunks_exact_mut(across * c).zip(&wide);
            columns
                .for_each(|(y, part)| y.copy_from_slice(&part[row * across * c..][..across * c]));
        }
        let sum = add(x.clone(), &y);
        let local = two(&self.local, &sum);
        let global = two(&self.global, &mean_of_rows(&sum, c));
        let weights = local
            .chunks_exact(c)
            .flat_map(|row| row.iter().zip(&global));
        let weights = weights.map(|(l, g)| 1.0 / (1.0 + exp(-(l + g))));
        let both = x.iter().zip(&y).zip(weights);
        both.map(|((x, y), w)| 2.0 * x * w + 2.0 * y * (1.0 - w))
            .collect()
    }
}

/// `W2 relu(W1 x)`, with batch norms folded in.
fn two([first, second]: &[Linear; 2], x: &[f32]) -> Vec<f32> {
    let mut hidden = first.forward(x);
    relu(&mut hidden);
    second.forward(&hidden)
}

/// The four channels [length, 64] of the `frames` [T, 64] of a long recording, T > `length`: the whole, front, middle
/// and back. The three windows begin at the first place of each third of the places where one can begin.
pub fn channels(frames: &[f32], length: usize) -> Vec<Vec<f32>> {
    let count = frames.len() / MELS;
    let window = |start: usize| frames[start * MELS..][..length * MELS].to_vec();
    let [front, middle, back] = starts(count, length);
    vec![
        shrunk(frames, length),
        window(front),
        window(middle),
        window(back),
    ]
}

/// Where the windows begin: `numpy.array_split(range(count - length + 1), 3)`, the first of each; 0 where it is empty.
fn starts(count: usize, length: usize) -> [usize; 3] {
    let places = count - length + 1;
    let size = |third: usize| places / 3 + usize::from(third < places % 3);
    let first = |third: usize| (0..third).map(size).sum::<usize>();
    [0, 1, 2].map(|third| if size(third) == 0 { 0 } else { first(third) })
}

/// `frames` [T, 64] -> [length, 64], linear along time without smoothing: PyTorch's `interpolate` with
/// `mode="bilinear", align_corners=False`, whose places are rounded to f32.
fn shrunk(frames: &[f32], length: usize) -> Vec<f32> {
    let count = frames.len() / MELS;
    let scale = count as f32 / length as f32;
    let mut out = Vec::with_capacity(length * MELS);
    for i in 0..length {
        let place = (scale * (i as f32 + 0.5) - 0.5).max(0.0);
        let before = (place as usize).min(count - 1);
        let after = (before + 1).min(count - 1);
        let t = (place - before as f32).clamp(0.0, 1.0);
        let pairs = frames[before * MELS..][..MELS]
            .iter()
            .zip(&frames[after * MELS..]);
        out.extend(pairs.map(|(a, b)| (1.0 - t) * a + t * b));
    }
    out
}

/// The mean of the rows of `x` [n, width].
pub(super) fn mean_of_rows(x: &[f32], width: usize) -> Vec<f32> {
    let mut sum = vec![0f64; width];
    for row in x.chunks_exact(width) {
        (sum.iter_mut().zip(row)).for_each(|(sum, x)| *sum += f64::from(*x));
    }
    let n = (x.len() / width).max(1) as f64;
    sum.iter().map(|sum| (sum / n) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_at_the_first_place_of_each_third() {
        assert_eq!(starts(1271, 1001), [0, 91, 181]);
        assert_eq!(starts(3001, 1001), [0, 667, 1334]);
        assert_eq!(starts(1002, 1001), [0, 1, 0]);
        assert_eq!(starts(1001, 1001), [0, 0, 0]);
    }
}
