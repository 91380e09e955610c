//! How recordings are captioned, as users say it: values by name, those not given being the model's own -> [`CaptionOptions`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::options::CaptionOptions;
use super::ranking::{Measure, Rerank};
use crate::bridge::{Bridge, GapMap, Strategy};
use crate::error::{Error, Result};
use crate::generate::{Sampling, Search};
use crate::model::Model;

/// The widest beam.
const WIDEST: usize = 64;

/// The settings of captions. `Default` is what works best for the model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How the gap between audio and text embeddings is bridged.
    pub strategy: Option<Strategy>,
    /// The temperature of the projection.
    pub tau: Option<f32>,
    /// How many of the nearest captions a projection takes.
    pub top_k: Option<usize>,
    /// The width of the beam, 1 to 64; 1 is greedy search.
    pub beam: Option<usize>,
    /// Whether words are sampled at random instead.
    pub sample: bool,
    /// With `sample`: below 1 is safer, above 1 more varied.
    pub temperature: f32,
    /// With `sample`: the share of the probability that words are drawn from.
    pub top_p: f32,
    /// With `sample`: equal seeds give equal captions.
    pub seed: u64,
    /// The file of a map across the modality gap, applied first.
    pub gap_map: Option<PathBuf>,
    /// How much of the audio embedding is mixed into the decoder's input, 0 to 1.
    pub blend: f32,
    /// How candidates are ranked.
    pub rerank: Option<RankedBy>,
    /// With `rerank`: the weight of a caption's mean log-probability (nats a word).
    pub rerank_alpha: f32,
    /// With `rerank`: the widths of further beams.
    pub rerank_widths: Vec<usize>,
    /// With `rerank`: how many of the nearest captions of the memory are candidates too.
    pub rerank_nearest: usize,
}

/// How candidates are ranked, without settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RankedBy {
    /// The similarity to the audio (CLAP-Refine).
    #[serde(alias = "clap")]
    Similarity,
    /// The agreement of candidates and nearest captions (minimum Bayes risk).
    Consensus,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            strategy: None,
            tau: None,
            top_k: None,
            beam: None,
            sample: false,
            temperature: 1.0,
            top_p: 0.9,
            seed: 0,
            gap_map: None,
            blend: 0.0,
            rerank: None,
            rerank_alpha: 0.0,
            rerank_widths: Vec::new(),
            rerank_nearest: 0,
        }
    }
}

impl Settings {
    /// Says what contradicts itself or is out of range, before anything is read.
    ///
    /// # Errors
    /// Names it.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::Config(what));
        self.bridge(Bridge::Direct)?;
        match self.beam {
            Some(_) if self.sample => {
                return wrong("words are sampled or searched with a beam, not both".into());
            }
            Some(width) if !(1..=WIDEST).contains(&width) => {
                return wrong(format!(
                    "a beam is 1 to {WIDEST} captions wide, not {width}"
                ));
            }
            _ => {}
        }
        self.sampling("").check()?;
        if !(0.0..=1.0).contains(&self.blend) {
            return wrong(format!(
                "the share of the sound in a blend is 0 to 1, not {}",
                self.blend
            ));
        }
        match self.rerank() {
            Some(rerank) => rerank.check(),
            None => Ok(()),
        }
    }

    /// The options of all recordings; settings not given are the best for `model`.
    ///
    /// # Errors
    /// As [`Settings::check`], and if the gap map cannot be read.
    pub fn options(&self, model: &Model) -> Result<CaptionOptions> {
        self.check()?;
        let mut options = CaptionOptions::of(model);
        options.bridge = self.bridge(model.card.bridge)?;
        if let Some(width) = self.beam {
            options.search = Search::of_width(width);
        }
        options.blend = self.blend;
        if let Some(path) = &self.gap_map {
            options.gap_map = Some(Arc::new(GapMap::load(path)?));
        }
        options.rerank = self.rerank();
        Ok(options)
    }

    /// The options of the recording `name`: each has its own random stream, so its caption does not depend on the others.
    pub fn for_recording(&self, options: &CaptionOptions, name: &Path) -> CaptionOptions {
        let mut options = options.clone();
        if self.sample {
            options.search = self.sampling(&name.to_string_lossy());
        }
        options
    }

    fn sampling(&self, name: &str) -> Search {
        Search::Sample(Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            stream: format!("seed{}/{name}", self.seed),
            ..Sampling::default()
        })
    }

    /// The bridge asked for; settings not given are as in `own`.
    fn bridge(&self, own: Bridge) -> Result<Option<Bridge>> {
        Strategy::bridge(self.strategy, self.tau, self.top_k, own)
    }

    fn rerank(&self) -> Option<Rerank> {
        let by = match self.rerank? {
            RankedBy::Similarity => Measure::default(),
            RankedBy::Consensus => Measure::consensus(),
        };
        Some(Rerank {
            by: by.with_alpha(self.rerank_alpha),
            widths: self.rerank_widths.clone(),
            nearest: self.rerank_nearest,
            ..Rerank::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_refused_by_name() {
        let refused = |settings: Settings| match settings.check() {
            Ok(()) => panic!("taken: {settings:?}"),
            Err(error) => error.to_string(),
        };
        let own = Settings::default;
        assert!(own().check().is_ok());
        let wide = refused(Settings {
            beam: Some(65),
            ..own()
        });
        assert!(wide.contains("1 to 64"), "{wide}");
        let both = refused(Settings {
            beam: Some(2),
            sample: true,
            ..own()
        });
        assert!(both.contains("not both"), "{both}");
        let hot = refused(Settings {
            temperature: 0.0,
            ..own()
        });
        assert!(hot.contains("temperature"), "{hot}");
        let blend = refused(Settings {
            blend: f32::NAN,
            ..own()
        });
        assert!(blend.contains("blend"), "{blend}");
        let tau = refused(Settings {
            strategy: Some(Strategy::Nearest),
            tau: Some(0.1),
            ..own()
        });
        assert!(tau.contains("tau and top-k"), "{tau}");
    }
}
