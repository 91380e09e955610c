//! Every training setting with its allowed range: the one place where settings are checked, wherever they come
//! from.

use std::fmt;

use super::config::{Noise, Optimizer, TrainConfig};
use super::schedule::Schedule;
use crate::decoder::Mapper;
use crate::error::{Error, Result};
use crate::prompt::Prompting;

/// The most pieces in a prompt: their random numbers are taken from 64 for each caption, two for each piece.
const MOST_PIECES: usize = 32;

/// The allowed values of a setting.
#[derive(Debug, Clone, Copy)]
enum Range {
    /// Both ends included.
    From(f64, f64),
    /// The lower end excluded.
    Above(f64, f64),
    /// The upper end excluded.
    Below(f64, f64),
}
use Range::{Above, Below, From};

impl Range {
    fn contains(self, value: f64) -> bool {
        match self {
            From(low, high) => low <= value && value <= high,
            Above(low, high) => low < value && value <= high,
            Below(low, high) => low <= value && value < high,
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            From(low, high) => write!(f, "at least {low} and at most {high}"),
            Above(low, high) => write!(f, "above {low} and at most {high}"),
            Below(low, high) => write!(f, "at least {low} and below {high}"),
        }
    }
}

/// A setting's name, its value as written and as a number, and its range.
struct Setting {
    name: String,
    written: String,
    value: f64,
    range: Range,
}

impl TrainConfig {
    /// Checks these settings.
    ///
    /// # Errors
    /// If one is out of its range, or several contradict each other; the message gives the name, the value and the range.
    pub fn check(&self) -> Result<()> {
        for setting in self.all_settings() {
            let Setting {
                name,
                written,
                value,
                range,
            } = setting;
            if !range.contains(value) {
                return Err(Error::Config(format!(
                    "{name} is {written}; it must be {range}"
                )));
            }
        }
        let wrong = |what: String| Err(Error::Config(what));
        let shares: f64 = self.replace.iter().map(|r| r.share).sum();
        if shares > 1.0 {
            return wrong(format!(
                "replace: the shares are {shares} together; they must be 1 at most"
            ));
        }
        if let Some(r) = self.replace.iter().find(|r| r.low >= r.high) {
            let (low, high) = (r.low, r.high);
            return wrong(format!(
                "replace: low is {low} and high {high}; low must be below high"
            ));
        }
        let width = self.decoder.width;
        let heads = match self.decoder.mapper {
            Mapper::Transformer { heads, .. } => vec![("mapper.heads", heads)],
            _ => Vec::new(),
        };
        for (name, heads) in [("heads", self.decoder.heads)].into_iter().chain(heads) {
            if !width.is_multiple_of(heads) {
                return wrong(format!(
                    "decoder.width is {width}; it must be a multiple of decoder.{name}, {heads}"
                ));
            }
        }
        self.prompt.check()
    }

    /// All numeric settings. `decoder.vocab` and `decoder.embedding` are filled in by the run.
    #[rustfmt::skip]
    fn all_settings(&self) -> Vec<Setting> {
        let mut all = Vec::new();
        let mut add = |name: &str, written: String, range| {
            // The value is parsed from its written form, so that an f32 is compared as the user wrote it.
            let value = written.parse().unwrap_or(f64::NAN);
            all.push(Setting { name: name.to_owned(), written, value, range });
        };
        macro_rules! settings {
            ($($name:expr, $value:expr, $range:expr;)*) => {{ $(add($name, ($value).to_string(), $range);)* }};
        }
        let decoder = &self.decoder;
        settings! {
            "epochs",            self.epochs,      From(1.0, 1e6);
            "min_steps",         self.min_steps,   From(0.0, 1e9);
            "batch",             self.batch,       From(1.0, 1e6);
            "lr",                self.lr,          Above(0.0, 1.0);
            "max_tokens",        self.max_tokens,  From(3.0, 4096.0);
            "clauses",           self.clauses,     From(0.0, 1.0);
            "joined",            self.joined,      From(0.0, 1.0);
            "dropout",           self.dropout,     Below(0.0, 1.0);
            "validation",        self.validation,  Below(0.0, 1.0);
            "decoder.width",     decoder.width,     From(1.0, 16384.0);
            "decoder.layers",    decoder.layers,    From(1.0, 256.0);
            "decoder.heads",     decoder.heads,     From(1.0, 1024.0);
            "decoder.positions", decoder.positions, From(1.0, 65536.0);
            "decoder.prefix",    decoder.prefix,    From(1.0, 1024.0);
        }
        if let Some(clip) = self.clip {
            settings! { "clip", clip, From(0.0, 1e6); }
        }
        if let Noise::Variance(variance) = self.noise {
            settings! { "noise", variance, From(0.0, 100.0); }
        }
        if let Mapper::Transformer { layers, heads, rows } = decoder.mapper {
            settings! {
                "decoder.mapper.layers", layers, From(0.0, 256.0);
                "decoder.mapper.heads",  heads,  From(1.0, 1024.0);
                "decoder.mapper.rows",   rows,   From(1.0, 1024.0);
            }
        }
        match self.optimizer {
            Optimizer::Adam => {}
            Optimizer::AdamW { weight_decay } | Optimizer::ReferenceAdamW { weight_decay } => {
                settings! { "optimizer.weight_decay", weight_decay, From(0.0, 1.0); }
            }
        }
        match self.schedule {
            Schedule::Constant => {}
            Schedule::Linear { warmup_steps } | Schedule::Cosine { warmup_steps } => {
                settings! { "schedule.warmup_steps", warmup_steps, From(0.0, 1e9); }
            }
            Schedule::Paper { warmup_epochs, factor, every } => settings! {
                "schedule.warmup_epochs", warmup_epochs, From(0.0, 1e6);
                "schedule.factor",        factor,        Above(0.0, 10.0);
                "schedule.every",         every,         From(1.0, 1e6);
            },
        }
        for replace in &self.replace {
            settings! {
                "replace.share", replace.share, From(0.0, 1.0);
                "replace.low",   replace.low,   From(-1.0, 1.0);
                "replace.high",  replace.high,  From(-1.0, 1.0);
            }
        }
        if let Prompting::Captions { low, high, .. } = self.prompt {
            settings! { "prompt.low", low, From(-1.0, 1.0); "prompt.high", high, From(-1.0, 1.0); }
        }
        if !self.prompt.is_none() {
            settings! {
                "prompt.most", self.prompt.most(), From(1.0, MOST_PIECES as f64);
                "prompt.mask", self.prompt.mask(), Below(0.0, 1.0);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_trained_to_the_end_or_panicked() {
        for (text, name) in [
            ("epochs = 0", "epochs is 0"),
            ("batch = 0", "batch is 0"),
            ("lr = nan", "lr is NaN"),
            ("lr = inf", "lr is inf"),
            ("lr = -1.0", "lr is -1"),
            ("max_tokens = 0", "max_tokens is 0"),
            ("clauses = 1.5", "clauses is 1.5"),
            ("joined = -0.1", "joined is -0.1"),
            ("dropout = 2.0", "dropout is 2"),
            ("dropout = 1.0", "dropout is 1"),
            ("dropout = nan", "dropout is NaN"),
            ("clip = -1.0", "clip is -1"),
            ("clip = nan", "clip is NaN"),
            ("validation = 5.0", "validation is 5"),
            ("noise = { variance = -0.1 }", "noise is -0.1"),
            ("noise = { variance = inf }", "noise is inf"),
            (
                "optimizer = { kind = \"adam-w\", weight_decay = nan }",
                "optimizer.weight_decay is NaN",
            ),
            (
                "schedule = { kind = \"paper\", warmup_epochs = 1, factor = 0.5, every = 0 }",
                "schedule.every is 0",
            ),
            (
                "replace = [{ by = \"near\", share = 2.0 }]",
                "replace.share is 2",
            ),
            (
                "replace = [{ by = \"near\", share = 0.2, low = nan }]",
                "replace.low is NaN",
            ),
            (
                "replace = [{ by = \"near\", share = 0.2, low = 0.9, high = 0.8 }]",
                "low must be below high",
            ),
            (
                "prompt = { kind = \"captions\", most = 40 }",
                "prompt.most is 40",
            ),
            (
                "prompt = { kind = \"captions\", low = nan }",
                "prompt.low is NaN",
            ),
            (
                "prompt = { kind = \"keywords\", mask = 1.0 }",
                "prompt.mask is 1",
            ),
            ("[decoder]\nlayers = 0", "decoder.layers is 0"),
            ("[decoder]\nheads = 0", "decoder.heads is 0"),
            ("[decoder]\nwidth = 100000", "decoder.width is 100000"),
            ("[decoder]\nwidth = 30", "a multiple of decoder.heads, 4"),
            ("[decoder]\nprefix = 0", "decoder.prefix is 0"),
        ] {
            let config = TrainConfig::default().with_toml(text).expect(text);
            let said = config.check().expect_err(text).to_string();
            assert!(said.contains(name), "{text}: {said}");
        }
        for preset in [
            TrainConfig::default(),
            TrainConfig::paper(),
            TrainConfig::reference(),
        ] {
            preset.check().expect("a preset");
        }
        let said = TrainConfig {
            dropout: 2.0,
            ..TrainConfig::default()
        }
        .check();
        let said = said.expect_err("dropout").to_string();
        assert_eq!(said, "dropout is 2; it must be at least 0 and below 1");
        let off = TrainConfig::default().with_toml("clip = 0\nvalidation = 0");
        assert_eq!(off.expect("settings").clip, None);
    }
}
