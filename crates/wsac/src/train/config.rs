//! The settings of a training run, as written in `train.toml`: the paper's, the reference code's and the fast default.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use wsac_nn::optim::{Adam, Rule};

use super::schedule::Schedule;
use crate::bridge::Compat;
use crate::decoder::{Config, Mapper};
use crate::prompt::Prompting;
use wsac_encoders::compute_dtype::ComputeDtype;

/// The settings of a run. `Default` is our fast preset; a TOML file may set any of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// The random seed. Change it to see how much results vary by chance.
    pub seed: u64,
    /// Passes over the captions. Fewer for a quick look; more for small files.
    pub epochs: usize,
    /// A run has at least this many steps, in more epochs if necessary, so that a small file is learned too.
    pub min_steps: usize,
    /// The batch size, in captions.
    pub batch: usize,
    /// The peak learning rate.
    pub lr: f64,
    /// Whether an epoch's last, smaller batch is left out (as in the reference code).
    pub drop_last: bool,
    /// The longest caption in tokens, `[CLS]` and `[SEP]` included; longer ones are cut.
    pub max_tokens: usize,
    /// Whether a cut caption keeps its `[SEP]`. The reference code loses it.
    pub keep_sep: bool,
    /// The share of captions of several clauses that are learned from the embeddings of their clauses instead of their own,
    /// so that the decoder learns to join sounds that are encoded separately. 0 is the paper.
    pub clauses: f64,
    /// The share of examples in which two short captions, drawn at random, are joined ("... while ...") and learned from
    /// both embeddings: sounds that never occur together in the captions may in a recording. 0 is the paper.
    pub joined: f64,
    /// Instance replacement: shares of examples that are learned from a related embedding instead of their own, so that the
    /// decoder learns what the captions of a clip have in common. Noise is added on top. Empty is the paper.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<Replace>,
    /// The prompt before the prefix. None is the paper.
    #[serde(skip_serializing_if = "Prompting::is_none")]
    pub prompt: Prompting,
    /// The dropout probability.
    pub dropout: f32,
    /// Gradients are clipped to this L2 norm; 0 in a file is `None`.
    #[serde(with = "zero_is_none")]
    pub clip: Option<f32>,
    /// Noise injection (section 3.1.1).
    pub noise: Noise,
    /// Whether noisy embeddings are scaled back to unit length. The paper does not, the reference code does.
    pub renormalise: bool,
    /// Embedding shift (section 3.1.2) by the gap given to the run.
    pub shift: bool,
    /// The order of normalising, noise and shift.
    pub compat: Compat,
    /// The share of clips held out for the validation loss if no validation file is given.
    pub validation: f64,
    /// The optimiser.
    pub optimizer: Optimizer,
    /// The learning rate schedule.
    pub schedule: Schedule,
    /// The precision of matrix products; a run records what `auto` resolved to.
    pub precision: ComputeDtype,
    /// The Hugging Face folder of a GPT-2 to start from: its sizes, vocabulary and weights replace the decoder's, except for
    /// the mapper and the prefix. Use a lower `lr` (1e-4), unless it is frozen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpt2: Option<PathBuf>,
    /// Whether only the mapper is trained and the language model is frozen (as in ClapCap). For use with `gpt2`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub freeze: bool,
    /// The decoder's shape; `vocab` and `embedding` are filled in from the captions and the encoder.
    pub decoder: Config,
}

/// TOML has no null: without this, `None` would be left out of train.toml and read back as the default.
mod zero_is_none {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<f32>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f32(value.unwrap_or(0.0))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f32>, D::Error> {
        Ok(Some(f32::deserialize(from)?).filter(|&value| value != 0.0))
    }
}

/// How much noise is injected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    /// The variance that section 3.1.1 estimates from captions of the same clip; the encoder's default if no clip has two.
    Auto,
    /// This variance; 0 is none.
    Variance(f64),
}

/// A share of examples that are learned from a related embedding.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// The share of examples.
    pub share: f64,
    /// Whose embedding replaces their own.
    pub by: Related,
    /// The least similarity of [`Related::Near`], measured from the centre that the space uses.
    #[serde(default = "low")]
    pub low: f32,
    /// Its greatest similarity.
    #[serde(default = "high")]
    pub high: f32,
}

fn low() -> f32 {
    0.75
}

fn high() -> f32 {
    0.95
}

/// Whose embedding a caption is learned from instead of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Related {
    /// Another caption of the same clip.
    Clip,
    /// One of the nearest captions of other clips, in a band of similarity.
    Near,
    /// The projection of a caption of the same clip, or of itself, on the captions of all other clips: where a
    /// recording of that clip would be projected.
    Projection,
}

impl Related {
    /// Whether it is of the same clip.
    pub(super) fn is_of_its_clip(self) -> bool {
        self != Self::Near
    }
}

/// The optimiser and its weight decay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Optimizer {
    /// Adam (the paper).
    Adam,
    /// AdamW with decoupled weight decay.
    AdamW {
        /// The decay.
        weight_decay: f32,
    },
    /// The reference code's older AdamW (eps 1e-6, decay after the step).
    ReferenceAdamW {
        /// The decay.
        weight_decay: f32,
    },
}

impl Optimizer {
    /// A fresh state for `n` weights.
    pub fn state(self, n: usize) -> Adam {
        match self {
            Self::Adam => Adam::new(Rule::Adam, 1e-8, n),
            Self::AdamW { weight_decay } => Adam::new(Rule::AdamW { weight_decay }, 1e-8, n),
            Self::ReferenceAdamW { weight_decay } => {
                Adam::new(Rule::HfAdamW { weight_decay }, 1e-6, n)
            }
        }
    }
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            epochs: 5,
            min_steps: 600,
            batch: 96,
            lr: 1.5e-3,
            drop_last: false,
            max_tokens: 32,
            keep_sep: true,
            clauses: 0.4,
            joined: 0.15,
            replace: Vec::new(),
            prompt: Prompting::None,
            dropout: 0.1,
            clip: Some(1.0),
            noise: Noise::Auto,
            renormalise: true,
            shift: false,
            compat: Compat::Paper,
            validation: 0.02,
            optimizer: Optimizer::AdamW { weight_decay: 0.02 },
            schedule: Schedule::Cosine { warmup_steps: 100 },
            precision: ComputeDtype::Auto,
            gpt2: None,
            freeze: false,
            decoder: Config {
                width: 256,
                ..Config::default()
            },
        }
    }
}

impl TrainConfig {
    /// The steps of an epoch of this many captions.
    pub(super) fn steps_per_epoch(&self, captions: usize) -> usize {
        let batch = self.batch.max(1);
        if self.drop_last {
            captions / batch
        } else {
            captions.div_ceil(batch)
        }
    }

    /// The epochs of a run with this many steps each: more than asked for if these are fewer than [`Self::min_steps`].
    pub(super) fn all_epochs(&self, steps_per_epoch: usize) -> usize {
        self.epochs
            .max(self.min_steps.div_ceil(steps_per_epoch.max(1)))
    }

    /// The paper's settings (section 4): 30 epochs of batch 64, Adam, 2e-5 after 5 epochs of warm-up, x 0.2 every 10.
    pub fn paper() -> Self {
        Self {
            epochs: 30,
            min_steps: 0,
            batch: 64,
            lr: 2e-5,
            clauses: 0.0,
            joined: 0.0,
            clip: None,
            renormalise: false,
            optimizer: Optimizer::Adam,
            schedule: Schedule::Paper {
                warmup_epochs: 5,
                factor: 0.2,
                every: 10,
            },
            precision: ComputeDtype::F32,
            decoder: Config::default(),
            ..Self::default()
        }
    }

    /// The reference code's settings, where they differ from the paper's.
    pub fn reference() -> Self {
        Self {
            lr: 1e-5,
            drop_last: true,
            max_tokens: 22,
            keep_sep: false,
            noise: Noise::Variance(0.001),
            renormalise: true,
            compat: Compat::Reference,
            optimizer: Optimizer::ReferenceAdamW { weight_decay: 0.02 },
            schedule: Schedule::Linear { warmup_steps: 100 },
            decoder: Config {
                mapper: Mapper::Linear,
                ..Config::default()
            },
            ..Self::paper()
        }
    }
}
