//! The identity of a run, so that it is only resumed with the same inputs: its settings, its texts, and the hash of all data.

use std::fs;
use std::path::Path;

use super::config::TrainConfig;
use super::hash::Hash;
use super::job::Job;
use super::plan::Plan;
use crate::decoder::Decoder;
use crate::error::{Error, Result};

/// The identity of a run.
pub(super) struct Identity {
    /// The settings as TOML.
    settings: String,
    /// The hash of texts, shares and space: all that older versions recorded of their data.
    texts: String,
    /// The hash of all data.
    data: String,
}

impl Identity {
    /// The identity of a run with these settings and data; `begun` is the pretrained decoder it starts from, if any.
    pub fn new(
        config: &TrainConfig,
        job: &Job,
        plan: &Plan,
        begun: Option<&Decoder>,
    ) -> Result<Self> {
        let settings = toml::to_string(config).map_err(|e| Error::Config(e.to_string()))?;
        let mut data = Hash::default();
        data.add(plan.data_hash(job));
        data.add_numbers(begun.map_or(&[], |decoder| decoder.weights()));
        Ok(Self {
            settings,
            texts: plan.fingerprint.clone(),
            data: data.finish(),
        })
    }

    /// Its text in a checkpoint, and in `train.toml`, where the hashes are comments.
    pub fn written(&self) -> String {
        format!("{}# data {}\n", self.older(), self.data)
    }

    /// Its text in checkpoints of older versions.
    fn older(&self) -> String {
        format!("{}\n# texts {}\n", self.settings, self.texts)
    }

    /// Whether a checkpoint belongs to this run; one of an older version records less.
    pub fn is(&self, checkpoint: &str) -> bool {
        checkpoint == self.written() || checkpoint == self.older()
    }

    /// Whether the `train.toml` of a finished run matches this one; older ones record the settings alone.
    pub fn is_of(&self, config: &TrainConfig, train_toml: &Path) -> bool {
        let Ok(text) = fs::read_to_string(train_toml) else {
            return false;
        };
        if text.lines().any(|line| line.starts_with("# data ")) {
            return text == self.written();
        }
        TrainConfig::default()
            .with_toml(&text)
            .is_ok_and(|settings| settings == *config)
    }
}
