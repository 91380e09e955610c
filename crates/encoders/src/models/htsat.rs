//! HTSAT (arXiv 2202.00874), a Swin transformer over sound: log-mel frames [T, 64] -> an embedding [8 C].
//!
//! ```text
//! bn0 -> stretch to 1024 frames -> fold into an image [256, 256] -> patches of 4x4: [64 * 64, C]
//!     -> 4 stages of blocks: [64 * 64, C] [32 * 32, 2 C] [16 * 16, 4 C] [8 * 8, 8 C] -> norm -> mean over the tokens
//! ```
//!
//! C is 96 (tiny) or 128 (base); all sizes are read from the weights, under the names of the original code or those of
//! Hugging Face. Models with feature fusion take four channels for a long recording, see [`fusion`].

mod block;
pub mod fusion;
mod image;

use crate::error::{Error, Result};
use crate::models::hook::ForwardHook;
use crate::models::layers::{BatchNorm, Linear, Norm};
use block::{EPS, Names, Stage};
use fusion::{Fusion, mean_of_rows};
pub use image::FRAMES;
use image::{MELS, PATCH, PATCHES, folded, patches};
use wsac_tensors::weights::Weights;

/// The network with its weights.
pub struct Htsat {
    bn0: BatchNorm,
    proj: Linear,
    fusion: Option<Fusion>,
    norm0: Norm,
    stages: Vec<Stage>,
    norm: Norm,
}

impl Htsat {
    /// Reads the network whose names begin with `prefix`.
    ///
    /// # Errors
    /// As [`Weights::get`]; where the sizes are not those of an HTSAT.
    pub fn read(w: &dyn Weights, prefix: &str) -> Result<Self> {
        let names = match w.shape(&format!("{prefix}batch_norm.weight")) {
            Some(_) => Names::HuggingFace,
            None => Names::Original,
        };
        let patch = format!("{prefix}patch_embed");
        let first = format!("{patch}.proj.weight");
        let width = match w.shape(&first).as_deref() {
            Some(&[width, 1, PATCH, PATCH]) if width > 0 => width,
            Some(shape) => {
                let reason =
                    format!("tensor {first} has shape {shape:?}, not [96 or 128, 1, 4, 4]");
                return Err(Error::model(w.path(), reason));
            }
            None => return Err(Error::model(w.path(), format!("tensor {first} is missing"))),
        };
        let bn0 = match names {
            Names::Original => "bn0",
            Names::HuggingFace => "batch_norm",
        };
        let stage = |i: usize| {
            Stage::read(
                w,
                &format!("{prefix}layers.{i}"),
                names,
                width << i,
                PATCHES >> i,
            )
        };
        let stages = (0..4).map(stage).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            bn0: BatchNorm::read(w, &format!("{prefix}{bn0}"), MELS)?,
            proj: Linear::convolution(w, &format!("{patch}.proj"), [width, 1, PATCH, PATCH])?,
            fusion: Fusion::read(w, &patch, width)?,
            norm0: Norm::read(w, &format!("{patch}.norm"), width, EPS)?,
            stages,
            norm: Norm::read(w, &format!("{prefix}norm"), width << 3, EPS)?,
        })
    }

    /// The width of the embedding.
    pub fn width(&self) -> usize {
        self.proj.outputs() << 3
    }

    /// Whether long recordings are encoded whole, as four channels.
    pub fn fuses(&self) -> bool {
        self.fusion.is_some()
    }

    /// `channels` of frames [T, 64] in dB, T from 1 to [`FRAMES`] (more are left out) -> the embedding.
    ///
    /// The first channel is the recording; where the model [fuses](Self::fuses), three more are its
    /// [front, middle and back](fusion::channels). `tap` is shown `bn0` [channels, T, 64], `image` [channels, 256,
    /// 256], the stages of `patch_embed`, `layers.i.blocks.j` and `layers.i.downsample` [tokens, width], `norm`.
    pub fn forward(&self, mut channels: Vec<Vec<f32>>, tap: &mut ForwardHook) -> Vec<f32> {
        channels
            .iter_mut()
            .for_each(|frames| self.bn0.apply(frames));
        tap.show("bn0", || channels.concat());
        let images: Vec<Vec<f32>> = channels.iter().map(|frames| folded(frames)).collect();
        tap.show("image", || images.concat());
        let Some((whole, parts)) = images.split_first() else {
            return vec![0.0; self.width()];
        };
        let mut x = self.proj.forward(&patches(whole, PATCH));
        tap.show("patch_embed.proj", || x.clone());
        if let (Some(fusion), [_, ..]) = (&self.fusion, parts) {
            x = fusion.forward(x, parts, tap);
            tap.show("patch_embed.fusion_model", || x.clone());
        }
        x = self.norm0.forward(&x);
        tap.show("patch_embed", || x.clone());
        for (i, stage) in self.stages.iter().enumerate() {
            x = stage.forward(x, &format!("layers.{i}"), tap);
        }
        x = self.norm.forward(&x);
        tap.show("norm", || x.clone());
        mean_of_rows(&x, self.width())
    }
}
