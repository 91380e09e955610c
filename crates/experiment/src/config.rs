//! The configuration of an experiment: a TOML file -> [`Config`]. Paths in it are relative to the file.

mod source;
mod strategy;

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wsac::encoders::encoder::EmbeddingSpace;
use wsac::train::{Preset, TrainConfig};
use wsac::{Error, Result};

pub use source::{Probe, Published, Source};
use strategy::settings_from;
pub use strategy::{Inference, Named, Paraphrases};

/// A grid: every data set with every training strategy, inference strategy and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The title of the table.
    pub name: String,
    /// The encoder: `mini`, a model of the hub, a folder or a checkpoint.
    #[serde(default = "mini")]
    pub encoder: String,
    /// A decoder is trained for each seed; scores are means over them.
    #[serde(default = "one_seed")]
    pub seeds: Vec<u64>,
    /// The data sets: captions to train on and clips to caption.
    pub data: Vec<Source>,
    /// Settings of all trainings: a `preset` (`fast`, `paper`, `reference`) and keys of `train.toml`.
    #[serde(default)]
    pub train: toml::Table,
    /// The training strategies (section 3.1): a name, and the keys of `train.toml` that differ.
    pub training: Vec<Named>,
    /// The inference strategies (section 3.2).
    pub inference: Vec<Inference>,
}

fn mini() -> String {
    "mini".into()
}

fn one_seed() -> Vec<u64> {
    vec![0]
}

impl Config {
    /// Reads the configuration of an experiment; paths in it are relative to its file.
    ///
    /// # Errors
    /// If the file cannot be read, has an unknown setting, or describes an impossible experiment.
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
        settings_from(&mut config.train, folder);
        for strategy in &mut config.training {
            strategy.from(folder);
        }
        let here = folder.join(&config.encoder);
        if here.exists() {
            config.encoder = here.to_string_lossy().into_owned();
        }
        Ok(config)
    }

    /// Checks that nothing is missing, duplicated or out of range.
    ///
    /// # Errors
    /// Names the first setting that is.
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
        for strategy in &self.training {
            let checked = strategy.check();
            checked.map_err(|e| Error::Config(format!("training {:?}: {e}", strategy.name)))?;
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
            if self.paraphrases() && data.validation.is_none() {
                return wrong(format!(
                    "data {name:?}: paraphrases need validation; otherwise paraphrases of captions held out would be trained on"
                ));
            }
            if data.audio.is_none() == data.probe.is_none() {
                return wrong(format!(
                    "data {name:?}: give either audio = \"FOLDER\" with the recordings, or [data.probe] to let captions stand in for them"
                ));
            }
        }
        Ok(())
    }

    /// Whether a training learns from paraphrases, so that METEOR's word tables are needed.
    pub fn paraphrases(&self) -> bool {
        self.training.iter().any(|t| t.paraphrases.is_some())
    }

    /// The settings of training `strategy` with `seed`, for embeddings of `space`.
    ///
    /// # Errors
    /// If a setting is unknown or of the wrong kind.
    pub fn settings(
        &self,
        strategy: &Named,
        seed: u64,
        space: &EmbeddingSpace,
    ) -> Result<TrainConfig> {
        let wrong = |e: String| Error::Config(format!("training {:?}: {e}", strategy.name));
        let (mut all, mut own) = (self.train.clone(), strategy.settings.clone());
        let preset = (own.remove("preset"), all.remove("preset"));
        let preset = preset.0.or(preset.1);
        let preset: Option<Preset> = preset
            .map(toml::Value::try_into)
            .transpose()
            .map_err(|_| wrong("preset is one of fast, paper, reference".into()))?;
        let mut config = preset.unwrap_or_default().settings(space);
        for settings in [all, own] {
            let text = toml::to_string(&settings).map_err(|e| wrong(e.to_string()))?;
            config = config.with_toml(&text).map_err(|e| wrong(e.to_string()))?;
        }
        config.seed = seed;
        config.precision = config.precision.decided();
        config.check().map_err(|e| wrong(e.to_string()))?;
        Ok(config)
    }
}

/// `name` as a part of a file name: lower-case letters, digits and single dashes.
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
gpt2 = "gpt2"
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
                .settings(&config.training[i], 7, &EmbeddingSpace::clap("x", "x"))
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
        let gpt2 = noise.gpt2.expect("a folder beside the file");
        assert!(gpt2.is_absolute() && gpt2.ends_with("gpt2"), "{gpt2:?}");
        let all = parse(&SMALL.replace("epochs = 2", "gpt2 = \"of-all\"")).expect("a config");
        let none = all.settings(&all.training[0], 7, &EmbeddingSpace::clap("x", "x"));
        let gpt2 = none.expect("settings").gpt2.expect("that of all");
        assert!(gpt2.is_absolute() && gpt2.ends_with("of-all"), "{gpt2:?}");
        let plain = &config.inference[0];
        assert_eq!(
            (plain.beam, plain.parts, plain.rules, plain.name_sounds),
            (1, false, false, false)
        );
        assert_eq!(slug("Noise injection (auto)"), "noise-injection-auto");
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
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
        let error = config
            .settings(&config.training[0], 0, &EmbeddingSpace::mini())
            .expect_err("unknown")
            .to_string();
        assert!(error.contains("epoch") && error.contains("none"), "{error}");
    }
}
