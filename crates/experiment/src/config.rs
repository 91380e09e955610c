//! What an experiment is: a TOML file -> [`Config`]. Paths in it are relative to the file.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wsac::bridge::Strategy;
use wsac::captioner::Rerank;
use wsac::clap::Space;
use wsac::train::TrainConfig;
use wsac::{Error, Result};

/// A grid: every data set with every training strategy, inference strategy and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the table is called.
    pub name: String,
    /// The encoder: `mini`, a model of the hub, a folder or a checkpoint.
    #[serde(default = "mini")]
    pub encoder: String,
    /// A decoder is trained for each seed; scores are their means.
    #[serde(default = "one_seed")]
    pub seeds: Vec<u64>,
    /// What is captioned and what is learned from.
    pub data: Vec<Source>,
    /// Settings of all trainings: a `preset` (`fast`, `paper`, `reference`) and keys of `train.toml`.
    #[serde(default)]
    pub train: toml::Table,
    /// The training strategies (section 3.1): a name, and the keys of `train.toml` that make the difference.
    pub training: Vec<Named>,
    /// The inference strategies (section 3.2).
    pub inference: Vec<Inference>,
}

/// A training strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// As it stands in the table.
    pub name: String,
    /// A finished captioner to use instead of training: a run folder, or `mini`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What differs from [`Config::train`].
    #[serde(flatten)]
    pub settings: toml::Table,
}

/// Where a data set lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// As it stands in the table.
    pub name: String,
    /// Captions to learn from, which are also the memory.
    pub train: PathBuf,
    /// Learn from the first so many clips only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<usize>,
    /// Captions for the validation loss and the gap; without them a share of `train` is held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// The clips to caption: `file_name,caption_1,..`, or `file_name,label` with `keywords`, or `file_a,label_a,file_b,..`
    /// for mixtures of two.
    pub test: PathBuf,
    /// Caption the first so many clips only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_test: Option<usize>,
    /// The folder of the recordings that `test` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<PathBuf>,
    /// How a clip's name becomes that of its file, `{}` standing for it; without, the name itself, or with `.wav`, `.flac`..
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The folder of recordings that `validation` names: the gap is measured between both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_audio: Option<PathBuf>,
    /// The modality gap as `wsac gap -o` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<PathBuf>,
    /// Regular expressions that a true caption of a label has: `{"strict": {label: pattern}, "lenient": {..}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keywords: Option<PathBuf>,
    /// Stand in for recordings by another caption of the same clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// Scores that others have published for the same data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
}

/// How far the stand-in for a recording lies from its caption: `unit(text + gap + noise)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The gap is measured between these recordings (a folder) and the captions of `validation`, else of `train`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordings: Option<PathBuf>,
    /// Without recordings: the length of a gap in a direction drawn at random.
    #[serde(default = "gap_length")]
    pub gap: f64,
    /// The variance of normal noise added to each coordinate; the paper's estimate from captions of one clip (section
    /// 3.1.1) where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// The seed of both.
    #[serde(default)]
    pub seed: u64,
}

/// A row of somebody else's table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Training strategy, or system.
    pub training: String,
    /// Inference strategy.
    #[serde(default)]
    pub inference: String,
    /// Where the numbers stand.
    pub source: String,
    /// Metric -> score, as a share (0.403, not 40.3).
    pub scores: std::collections::BTreeMap<String, f64>,
}

/// An inference strategy: how a sound's embedding is brought to the decoder, and how words are searched for. The defaults
/// are the paper's: the recording as one point, greedy, no rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inference {
    /// As it stands in the table.
    pub name: String,
    /// Direct, nearest or projection; without it, what the captioner does best by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// The temperature of a projection; without it the encoder's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<f32>,
    /// A projection onto the so many nearest captions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// Whether similarities are measured from the memory's mean; without it as the encoder wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<bool>,
    /// Whether the captions of the data set's `train` take the place of the model's own memory: what a finished captioner
    /// gains by leaning on the data set (a captioner that was trained here leans on them in any case).
    #[serde(default)]
    pub train_memory: bool,
    /// Whether the memory is rid of captions that say the same; with `near` also of those above that cosine to another.
    #[serde(default)]
    pub dedup: bool,
    /// See `dedup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<f32>,
    /// Whether sounds are first moved by a map that was learned from the validation pairs (`wsac gap learn`).
    #[serde(default)]
    pub gap_map: bool,
    /// The share of the sound's own embedding in what a bridge gives, in [0, 1].
    #[serde(default)]
    pub blend: f32,
    /// How the candidates of a search are ranked; without it the likeliest is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerank: Option<Rerank>,
    /// How many captions are searched side by side; 1 is greedy.
    #[serde(default = "greedy")]
    pub beam: usize,
    /// The most tokens of a caption.
    #[serde(default = "thirty")]
    pub max_tokens: usize,
    /// Whether a recording of several sounds is told by its parts, where the encoder hears parts.
    #[serde(default)]
    pub parts: bool,
    /// Whether captions keep to the rules of style (no echo, no order that was not heard).
    #[serde(default)]
    pub rules: bool,
    /// Whether, of a beam's captions, one that names the sounds heard is preferred.
    #[serde(default)]
    pub name_sounds: bool,
}

fn mini() -> String {
    "mini".into()
}

fn one_seed() -> Vec<u64> {
    vec![0]
}

fn gap_length() -> f64 {
    0.4
}

fn greedy() -> usize {
    1
}

fn thirty() -> usize {
    30
}

impl Config {
    /// Reads an experiment; paths in it are taken from where it lies.
    ///
    /// # Errors
    /// Where the file cannot be read, names an unknown setting, or describes nothing that can be done.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
        let wrong =
            |reason: String| Error::Config(format!("{}: {}", path.display(), reason.trim_end()));
        let mut config: Self = toml::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        config.check().map_err(|e| wrong(e.to_string()))?;
        let path = std::path::absolute(path).map_err(|e| Error::io(path, e))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for data in &mut config.data {
            data.from(folder);
        }
        for model in config.training.iter_mut().filter_map(|t| t.model.as_mut()) {
            if model != "mini" {
                *model = folder.join(&*model).to_string_lossy().into_owned();
            }
        }
        let here = folder.join(&config.encoder);
        if here.exists() {
            config.encoder = here.to_string_lossy().into_owned();
        }
        Ok(config)
    }

    /// Says what is missing, twice there or out of range.
    ///
    /// # Errors
    /// Where something is.
    pub fn check(&self) -> Result<()> {
        let wrong = |what: String| Err(Error::Config(what));
        for (what, none) in [
            ("[[data]]", self.data.is_empty()),
            ("[[training]]", self.training.is_empty()),
            ("[[inference]]", self.inference.is_empty()),
            ("seeds", self.seeds.is_empty()),
        ] {
            if none {
                return wrong(format!("{what} is empty; an experiment needs at least one"));
            }
        }
        let names = |list: &mut dyn Iterator<Item = &str>| -> Option<String> {
            let mut seen = Vec::new();
            for name in list {
                if seen.contains(&slug(name)) {
                    return Some(name.to_owned());
                }
                seen.push(slug(name));
            }
            None
        };
        for (what, twice) in [
            ("data", names(&mut self.data.iter().map(|d| &*d.name))),
            (
                "training",
                names(&mut self.training.iter().map(|t| &*t.name)),
            ),
            (
                "inference",
                names(&mut self.inference.iter().map(|i| &*i.name)),
            ),
        ] {
            if let Some(name) = twice {
                return wrong(format!(
                    "two [[{what}]] are called {name:?}; give each its own name"
                ));
            }
        }
        for inference in &self.inference {
            if inference.beam == 0 || inference.max_tokens == 0 {
                return wrong(format!(
                    "{}: beam and max_tokens must be at least 1",
                    inference.name
                ));
            }
        }
        for data in &self.data {
            let name = &data.name;
            if data.audio.is_none() == data.probe.is_none() {
                return wrong(format!(
                    "data {name:?}: give either audio = \"FOLDER\" with the recordings, or [data.probe] to let captions stand in"
                ));
            }
        }
        Ok(())
    }

    /// The settings of training `strategy` with `seed`, for embeddings of `space`.
    ///
    /// # Errors
    /// Where a setting is unknown or of the wrong kind.
    pub fn settings(&self, strategy: &Named, seed: u64, space: &Space) -> Result<TrainConfig> {
        let wrong = |e: String| Error::Config(format!("training {:?}: {e}", strategy.name));
        let (mut all, mut own) = (self.train.clone(), strategy.settings.clone());
        let preset = (own.remove("preset"), all.remove("preset"));
        let preset = preset.0.or(preset.1);
        let mut config = match preset.as_ref().and_then(toml::Value::as_str) {
            Some("fast") | None => TrainConfig::default(),
            Some("paper") => TrainConfig::paper(),
            Some("reference") => TrainConfig::reference(),
            Some(other) => {
                return Err(wrong(format!(
                    "preset {other:?} is none of fast, paper, reference"
                )));
            }
        };
        if !space.hears_parts {
            (config.clauses, config.joined) = (0.0, 0.0);
        }
        for settings in [all, own] {
            let text = toml::to_string(&settings).map_err(|e| wrong(e.to_string()))?;
            config = config.with_toml(&text).map_err(|e| wrong(e.to_string()))?;
        }
        config.seed = seed;
        config.precision = config.precision.decided();
        Ok(config)
    }
}

impl Source {
    fn from(&mut self, folder: &Path) {
        let paths = [
            Some(&mut self.train),
            Some(&mut self.test),
            self.validation.as_mut(),
            self.audio.as_mut(),
            self.validation_audio.as_mut(),
            self.gap.as_mut(),
            self.keywords.as_mut(),
            self.probe.as_mut().and_then(|p| p.recordings.as_mut()),
        ];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }
}

/// `name` as a part of a file's name: lower-case letters, digits and single dashes.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
name = "Small"
[[data]]
name = "Mine"
train = "train.csv"
test = "test.csv"
[data.probe]
[train]
preset = "paper"
epochs = 2
[[training]]
name = "none"
noise = { variance = 0.0 }
[[training]]
name = "Noise injection"
[training.decoder]
layers = 2
[[inference]]
name = "projection"
strategy = "projection"
"#;

    fn parse(text: &str) -> Result<Config> {
        let folder = tempfile::tempdir().map_err(|e| Error::io(".", e))?;
        let path = folder.path().join("small.toml");
        fs::write(&path, text).map_err(|e| Error::io(&path, e))?;
        let mut config = Config::read(&path)?;
        config.data[0].train = config.data[0]
            .train
            .strip_prefix(folder.path())
            .expect("beside the file")
            .into();
        Ok(config)
    }

    #[test]
    fn strategies_lie_over_the_settings_of_all_and_the_defaults_are_the_papers() {
        let config = parse(SMALL).expect("a config");
        assert_eq!(config.seeds, [0]);
        assert_eq!(config.data[0].train, Path::new("train.csv"));
        let settings = |i: usize| {
            config
                .settings(&config.training[i], 7, &Space::clap("x", "x"))
                .expect("settings")
        };
        let (none, noise) = (settings(0), settings(1));
        let variance = |v| wsac::train::Noise::Variance(v);
        assert_eq!(
            (none.epochs, none.batch, none.noise, none.seed),
            (2, 64, variance(0.0), 7)
        );
        assert_eq!(
            (noise.noise, noise.decoder.layers, noise.decoder.width),
            (wsac::train::Noise::Auto, 2, 768)
        );
        let plain = &config.inference[0];
        assert_eq!(
            (plain.beam, plain.parts, plain.rules, plain.name_sounds),
            (1, false, false, false)
        );
        assert_eq!(slug("Noise injection (auto)"), "noise-injection-auto");
    }

    #[test]
    fn what_cannot_be_done_is_told() {
        let refused = |from: &str, to: &str| {
            parse(&SMALL.replace(from, to))
                .expect_err("refused")
                .to_string()
        };
        assert!(refused("[data.probe]", "").contains("[data.probe]"));
        assert!(refused("Noise injection", "None").contains("two [[training]]"));
        assert!(refused("strategy = \"projection\"", "stratgy = \"x\"").contains("stratgy"));
        assert!(refused("strategy = \"projection\"", "beam = 0").contains("at least 1"));
        let config = parse(&SMALL.replace("epochs = 2", "epoch = 2")).expect("read");
        let told = config
            .settings(&config.training[0], 0, &Space::mini())
            .expect_err("unknown")
            .to_string();
        assert!(told.contains("epoch") && told.contains("none"), "{told}");
    }
}
