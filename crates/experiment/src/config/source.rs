//! `[[data]]`: the files of a data set -> [`Source`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The files of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name in tables.
    pub name: String,
    /// Training captions, which are also the memory.
    pub train: PathBuf,
    /// Train on the first this many clips only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<usize>,
    /// Captions for the validation loss and the gap; if not given, a share of `train` is held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// The clips to caption: `file_name,caption_1,..`, or `file_name,label` with `keywords`, or `file_a,label_a,file_b,..`
    /// for mixtures of two.
    pub test: PathBuf,
    /// Caption the first this many clips only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_test: Option<usize>,
    /// The folder of the recordings that `test` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<PathBuf>,
    /// The file name of a clip, `{}` standing for the clip's name; by default the name itself, or with `.wav`, `.flac`..
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The folder of recordings that `validation` names: the gap is measured between both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_audio: Option<PathBuf>,
    /// The modality gap as `wsac gap -o` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<PathBuf>,
    /// Regular expressions that a correct caption of a label matches: `{"strict": {label: pattern}, "lenient": {..}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keywords: Option<PathBuf>,
    /// Use another caption of the same clip in place of each recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// Published scores of others for the same data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
}

/// How the embedding that replaces a recording's is made from a caption's: `unit(text + gap + noise)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The gap is measured between these recordings (a folder) and the captions of `validation`, else of `train`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordings: Option<PathBuf>,
    /// Without recordings: the length of a gap in a random direction.
    #[serde(default = "gap_length")]
    pub gap: f64,
    /// The variance of normal noise added to each coordinate; the paper's estimate from captions of one clip (section
    /// 3.1.1) by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// The seed of both.
    #[serde(default)]
    pub seed: u64,
}

/// A row of a published table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Training strategy, or system.
    pub training: String,
    /// Inference strategy.
    #[serde(default)]
    pub inference: String,
    /// The source of the numbers.
    pub source: String,
    /// Metric -> score, as a share (0.403, not 40.3).
    pub scores: BTreeMap<String, f64>,
}

fn gap_length() -> f64 {
    0.4
}

impl Source {
    /// Resolves paths relative to `folder`.
    pub(super) fn from(&mut self, folder: &Path) {
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
