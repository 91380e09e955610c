//! `[[data]]`: where a data set lies -> [`Source`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where a data set lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// As it stands in the table.
    pub name: String,
    /// Training captions, which are also the memory.
    pub train: PathBuf,
    /// Train on the first so many clips only.
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
    pub scores: BTreeMap<String, f64>,
}

fn gap_length() -> f64 {
    0.4
}

impl Source {
    /// Takes paths from `folder`.
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
