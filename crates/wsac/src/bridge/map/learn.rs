//! Learning a map: sounds [C, d] and the texts of each [C][T, d] -> [`GapMap`], with its measurements on held-out clips.
//!
//! ```text
//! ridge:       W = (X^T X + lambda I)^-1 (X^T Y + lambda I)     X, Y about their means; lambda -> infinity is the shift
//! procrustes:  W = the orthogonal factor of X^T Y               (where the pairs do not determine it, as near I as possible)
//! ```
//!
//! Some clips are held out to measure the map; on the others lambda is chosen by cross-validation; then the map
//! is learned again from all.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::figures::{Figures, Learned};
use super::square::Square;
use super::{GapMap, Kind};
use crate::error::{Error, Result};
use wsac_encoders::embedding::{Embedding, Embeddings};
use wsac_nn::rng::Stream;

/// With fewer clips, nothing can be measured.
const LEAST: usize = 10;
/// The regularisation of the orthogonal factor towards the identity, as a share of the mean of the diagonal.
const FAINT: f64 = 1e-9;

/// How a map is learned. `Default` suits some hundreds of clips and more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearnOptions {
    /// The kind of map.
    pub kind: Kind,
    /// The regularisation strengths to try, as shares of the mean variance of a coordinate of the sounds.
    pub lambdas: Vec<f64>,
    /// The number of folds for choosing among them.
    pub folds: usize,
    /// The share of clips that is held out to measure the map.
    pub held_out: f64,
    /// The seed that selects these clips.
    pub seed: u64,
}

impl Default for LearnOptions {
    fn default() -> Self {
        Self {
            kind: Kind::Ridge,
            lambdas: vec![0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0],
            folds: 5,
            held_out: 0.2,
            seed: 0,
        }
    }
}

/// Audio embeddings, and the mean text embedding of each.
struct Pairs<'a> {
    audio: &'a Embeddings,
    texts: &'a [Embeddings],
    /// [C, d]
    targets: Vec<Vec<f32>>,
}

/// Centred embeddings, in f64.
struct Centred {
    audio_mean: Vec<f64>,
    text_mean: Vec<f64>,
    /// [N, d]
    x: Vec<f64>,
    y: Vec<f64>,
}

impl GapMap {
    /// Learns a map from `audio` [C, d] and the `texts` of each, and measures it.
    ///
    /// # Errors
    /// If there are fewer than ten clips, one has no text, widths differ, or the options are out of range.
    pub fn learn(audio: &Embeddings, texts: &[Embeddings], options: &LearnOptions) -> Result<Self> {
        let pairs = Pairs::new(audio, texts)?;
        options.check()?;
        let clips = audio.len();
        let order = Stream::new(&format!("gap/{}", options.seed)).shuffle(clips);
        let held = ((clips as f64 * options.held_out).round() as usize).clamp(1, clips / 2);
        let (held, rest) = order.split_at(held);
        let lambda = pairs.best_lambda(rest, options)?;
        let measured = pairs.solve(rest, options.kind, lambda)?;
        let shifted = pairs.solve(rest, Kind::Shift, None)?;
        let mut map = pairs.solve(&order, options.kind, lambda)?;
        map.learned = Some(Learned {
            clips,
            held_out: held.len(),
            lambda,
            before: pairs.figures(held, None)?,
            shifted: pairs.figures(held, Some(&shifted))?,
            after: pairs.figures(held, Some(&measured))?,
        });
        Ok(map)
    }
}

impl LearnOptions {
    fn check(&self) -> Result<()> {
        let positive = |x: &f64| *x > 0.0 && x.is_finite();
        if self.lambdas.is_empty() || !self.lambdas.iter().all(positive) {
            return Err(Error::Config(
                "the strengths of regularisation must be above 0, and at least one".into(),
            ));
        }
        if self.folds < 2 || !(self.held_out > 0.0 && self.held_out <= 0.5) {
            return Err(Error::Config(
                "a map is chosen on 2 folds or more, and measured on a share of the clips above 0 and up to 0.5".into(),
            ));
        }
        Ok(())
    }
}

impl<'a> Pairs<'a> {
    fn new(audio: &'a Embeddings, texts: &'a [Embeddings]) -> Result<Self> {
        let d = audio.dim();
        if audio.len() < LEAST {
            return Err(Error::Config(format!(
                "a map is learned from {LEAST} pairs or more, better hundreds, not from {}",
                audio.len()
            )));
        }
        if texts.len() != audio.len() || texts.iter().any(|t| t.is_empty() || t.dim() != d) {
            return Err(Error::Config(format!(
                "each of the {} recordings needs texts of width {d}; embed both with the same encoder",
                audio.len()
            )));
        }
        Ok(Self {
            audio,
            texts,
            targets: texts.iter().map(Embeddings::mean).collect(),
        })
    }

    /// The strength with which, fold by fold, held-out texts lie most in the direction that the map predicts.
    fn best_lambda(&self, clips: &[usize], options: &LearnOptions) -> Result<Option<f64>> {
        if options.kind != Kind::Ridge {
            return Ok(None);
        }
        let folds = options.folds.min(clips.len());
        let left_out = |fold: usize| clips.iter().copied().skip(fold).step_by(folds);
        let mut sums = vec![0.0; options.lambdas.len()];
        for fold in 0..folds {
            let out: Vec<usize> = left_out(fold).collect();
            let kept: Vec<usize> = (clips.iter().copied().enumerate())
                .filter_map(|(i, clip)| (i % folds != fold).then_some(clip))
                .collect();
            let centred = self.centred(&kept);
            let products = centred.products();
            let scores: Vec<f64> = (options.lambdas.par_iter())
                .map(|&lambda| {
                    let map = centred.map(Kind::Ridge, Some(lambda), &products)?;
                    Ok(out.iter().map(|&clip| self.direction(clip, &map)).sum())
                })
                .collect::<Result<_>>()?;
            sums.iter_mut().zip(scores).for_each(|(sum, s)| *sum += s);
        }
        // Of equal ones the stronger, which is the more cautious.
        let better = |best: usize, i: usize| if sums[i] >= sums[best] { i } else { best };
        let best = (0..sums.len()).fold(0, better);
        Ok(Some(options.lambdas[best]))
    }

    /// The cosine of the mapped sound of `clip` and its text, both from the mean of texts, so that a map that pulls everything
    /// together gains nothing.
    fn direction(&self, clip: usize, map: &GapMap) -> f64 {
        let from = |point: &[f32]| {
            let moved = point.iter().zip(&map.text_mean).map(|(x, m)| x - m);
            Embedding::new(moved.collect())
        };
        let (mapped, text) = (map.place(self.audio.row(clip)), &self.targets[clip]);
        let cosine = || Some(from(&mapped)?.cosine(&from(text)?));
        cosine().map_or(0.0, f64::from)
    }

    fn solve(&self, clips: &[usize], kind: Kind, lambda: Option<f64>) -> Result<GapMap> {
        let centred = self.centred(clips);
        let products = match kind {
            Kind::Shift => None,
            Kind::Ridge | Kind::Procrustes => Some(centred.products()),
        };
        match products {
            None => Ok(centred.shift()),
            Some(products) => centred.map(kind, lambda, &products),
        }
    }

    fn figures(&self, clips: &[usize], map: Option<&GapMap>) -> Result<Figures> {
        let mut audio = Embeddings::empty(self.audio.dim());
        for &clip in clips {
            let sound = self.audio.get(clip);
            audio.push(&match map {
                Some(map) => map.apply(&sound)?,
                None => sound,
            });
        }
        let texts: Vec<&Embeddings> = clips.iter().map(|&clip| &self.texts[clip]).collect();
        Figures::of(&audio, &texts)
    }

    fn centred(&self, clips: &[usize]) -> Centred {
        let d = self.audio.dim();
        let about_mean = |rows: Vec<&[f32]>| -> (Vec<f64>, Vec<f64>) {
            let mut mean = vec![0.0; d];
            for row in &rows {
                (mean.iter_mut().zip(*row)).for_each(|(m, x)| *m += f64::from(*x));
            }
            mean.iter_mut().for_each(|m| *m /= rows.len() as f64);
            let about = |row: &[f32]| -> Vec<f64> {
                row.iter()
                    .zip(&mean)
                    .map(|(x, m)| f64::from(*x) - m)
                    .collect()
            };
            let rows = rows.iter().flat_map(|row| about(row)).collect();
            (mean, rows)
        };
        let (audio_mean, x) = about_mean(clips.iter().map(|&c| self.audio.row(c)).collect());
        let (text_mean, y) = about_mean(clips.iter().map(|&c| &self.targets[c][..]).collect());
        Centred {
            audio_mean,
            text_mean,
            x,
            y,
        }
    }
}

impl Centred {
    /// `X^T X` and `X^T Y`.
    fn products(&self) -> (Square, Square) {
        let d = self.audio_mean.len();
        (
            Square::product(d, &self.x, &self.x),
            Square::product(d, &self.x, &self.y),
        )
    }

    fn shift(&self) -> GapMap {
        let narrow = |x: &[f64]| x.iter().map(|x| *x as f32).collect();
        GapMap {
            kind: Kind::Shift,
            audio_mean: narrow(&self.audio_mean),
            text_mean: narrow(&self.text_mean),
            linear: None,
            learned: None,
        }
    }

    fn map(&self, kind: Kind, lambda: Option<f64>, of: &(Square, Square)) -> Result<GapMap> {
        let (xx, xy) = of;
        let unit = xx.trace() / xx.d as f64;
        let linear = match kind {
            Kind::Procrustes => xy.plus_diagonal(FAINT * unit).orthogonal(),
            Kind::Ridge | Kind::Shift => {
                let strength = lambda.unwrap_or(f64::MAX).min(1e12) * unit;
                let left = xx.plus_diagonal(strength);
                left.solve(&xy.plus_diagonal(strength))
            }
        };
        let linear = linear.ok_or_else(|| {
            Error::Config(
                "no map can be learned from these pairs: the sounds or the texts are all the same"
                    .into(),
            )
        })?;
        let mut map = self.shift();
        map.kind = kind;
        map.linear = Some(linear.rows.into_iter().map(|x| x as f32).collect());
        Ok(map)
    }
}
