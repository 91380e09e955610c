//! The fluency error detector of FENSE: captions -> the probabilities [N, 6] of six kinds of errors.
//!
//! ```text
//! p = sigmoid(W x + b),   x the last state of [CLS] in a BERT;   an error where p(error) > 0.9
//! ```
//!
//! Zhou et al. 2022, "Can Audio Captions Be Evaluated with Image Caption Metrics?"; the files are `echecker_clotho_`
//! `audiocaps_base.ckpt` and `.._tiny.ckpt` of release V0.1 of blmoistawinde/fense, read as aac-metrics 0.6.0 does.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::models::bert::{Bert, Kind, matrix};
use crate::models::layers::Linear;
use crate::models::packing;
use crate::tokenizer::Tokenizer;
use crate::tokenizer::builtin;
use wsac_tensors::weights::{WeightFile, WeightLoader, Weights};

/// The classes of the detector, in the order of its outputs: what was done to good captions to teach it, and whether
/// anything was.
pub const KINDS: [&str; 6] = [
    "add_tail",
    "repeat_event",
    "repeat_adv",
    "remove_conj",
    "remove_verb",
    "error",
];
/// A caption has an error where that is more probable than this.
pub const THRESHOLD: f32 = 0.9;
/// Longer captions are cut.
const MAX_TOKENS: usize = 64;
/// The width of a head in all BERTs that are known by name.
const HEAD: usize = 64;
/// The BERTs over the vocabulary of bert-base-uncased that have such heads; the first is that of the released `base`,
/// the second that of `tiny`.
const KNOWN: [&str; 8] = [
    "bert-base-uncased",
    "prajjwal1/bert-tiny",
    "prajjwal1/bert-mini",
    "prajjwal1/bert-small",
    "prajjwal1/bert-medium",
    "bert-large-uncased",
    "google-bert/bert-base-uncased",
    "google-bert/bert-large-uncased",
];
/// How the names of more of them begin; sizes follow, as in `L-2_H-128_A-2`.
const MINIATURES: &str = "google/bert_uncased_L-";

/// The model.
#[derive(Debug)]
pub struct FluencyDetector {
    tokenizer: Tokenizer,
    bert: Bert,
    head: Linear,
    model_type: String,
}

/// The probability of each of [`KINDS`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fluency(pub [f32; KINDS.len()]);

impl Fluency {
    /// The probability of any error.
    pub fn error(&self) -> f32 {
        self.0[KINDS.len() - 1]
    }

    /// Whether it is above [`THRESHOLD`].
    pub fn has_error(&self) -> bool {
        self.error() > THRESHOLD
    }
}

/// The SHA-256 of `echecker_clotho_audiocaps_base.ckpt` and `_tiny.ckpt`, as aac-metrics 0.6.0 (`fer.py`) has them.
const PUBLISHED: [&str; 2] = [
    "1a719f090af70614bbdb9f9437530b7e133c48cfa4a58d964de0d47fc974a2fa",
    "90ed0ac5033ec497ec66d4f68588053813e085671136dae312097c96c504f673",
];

/// Whether the file is one of the two detectors that FENSE published, by its checksum: only their error rate is FENSE's.
///
/// # Errors
/// Where it cannot be read.
pub fn is_published(path: impl AsRef<Path>) -> Result<bool> {
    has_checksum(path.as_ref(), &PUBLISHED)
}

fn has_checksum(path: &Path, checksums: &[&str]) -> Result<bool> {
    let mut hash = Sha256::new();
    let read = File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash));
    read.map_err(|e| Error::io(path, e))?;
    let digest = format!("{:x}", hash.finalize());
    Ok(checksums.contains(&digest.as_str()))
}

impl FluencyDetector {
    /// Opens a checkpoint `{model_type, num_classes, state_dict}`. Nothing in it is executed.
    ///
    /// # Errors
    /// Where it cannot be read ([`WeightFile::open`]), does not say which BERT it is or is none that is known, or this
    /// build has no vocabulary.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let file = WeightFile::open(path)?;
        let model_type = file.setting("model_type").ok_or_else(|| {
            Error::model(
                file.path(),
                "does not say which BERT it is (model_type), so it is no fluency error detector; \
                 echecker_clotho_audiocaps_base.ckpt of github.com/blmoistawinde/fense is one",
            )
        })?;
        Self::new(&file, model_type, builtin::vocabulary()?)
    }

    /// The detector of `weights` (`encoder.*` and `clf.*`), a `model_type` with the vocabulary of `tokenizer`.
    ///
    /// # Errors
    /// Where the `model_type` is unknown, tensors are missing, of another shape, damaged or too many.
    pub fn new(weights: &dyn Weights, model_type: &str, tokenizer: Tokenizer) -> Result<Self> {
        let wrong = |why: String| Error::model(weights.path(), why);
        if !KNOWN.contains(&model_type) && !model_type.starts_with(MINIATURES) {
            return Err(wrong(format!(
                "is a {model_type:?}; detectors are known that are a BERT over bert-base-uncased's vocabulary ({}, ..)",
                KNOWN[..2].join(", ")
            )));
        }
        let words = matrix(weights, "encoder.embeddings.word_embeddings.weight")?;
        if words[0] != tokenizer.len() {
            return Err(wrong(format!(
                "knows {} words, but the vocabulary of {model_type} has {}",
                words[0],
                tokenizer.len()
            )));
        }
        if !words[1].is_multiple_of(HEAD) {
            let width = words[1];
            return Err(wrong(format!(
                "is {width} wide, but {model_type} has heads of {HEAD}"
            )));
        }
        let reading = WeightLoader::new(weights);
        let kind = Kind {
            heads: words[1] / HEAD,
            ..Kind::BERT
        };
        let bert = Bert::read(&reading, "encoder.", kind)?;
        let head = Linear::read(&reading, "clf", [KINDS.len(), bert.width()])?;
        let unused = |name: &str| name.starts_with("encoder.pooler.") || name.ends_with("_ids");
        let left = reading.finish(unused)?;
        if !left.0.is_empty() {
            return Err(wrong(format!(
                "holds tensors that no fluency error detector has: {left}"
            )));
        }
        Ok(Self {
            tokenizer,
            bert,
            head,
            model_type: model_type.to_owned(),
        })
    }

    /// The BERT that it was made of, e.g. `bert-base-uncased`.
    pub fn model_type(&self) -> &str {
        &self.model_type
    }

    /// The probabilities of errors in each of `captions`, in their order. `on_progress` receives now and then how many are
    /// done.
    pub fn detect(&self, captions: &[&str], on_progress: &mut dyn FnMut(usize)) -> Vec<Fluency> {
        let plain: Vec<String> = captions.iter().map(|caption| plain(caption)).collect();
        let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
        let most = MAX_TOKENS.min(self.bert.max_tokens());
        let ids = self.tokenizer.encode_batch(&plain, most, true);
        let rows = packing::rows(&ids, KINDS.len(), |block| self.forward(block), on_progress);
        let (rows, _) = rows.as_chunks();
        rows.iter().copied().map(Fluency).collect()
    }

    /// Packed `captions` -> [captions, 6].
    fn forward(&self, captions: &[&[u32]]) -> Vec<f32> {
        let (x, starts) = self.bert.forward(captions);
        let first = packing::pick(&x, &starts, self.bert.width(), |_| 0);
        let mut p = self.head.forward(&first);
        p.iter_mut().for_each(|p| *p = 1.0 / (1.0 + (-*p).exp()));
        p
    }
}

/// `caption` without what is neither of a word nor white space, as Python's `[^\w\s]` has it, in lower case.
fn plain(caption: &str) -> String {
    // Python counts U+001C to U+001F as white space, Unicode does not; its \w has no marks, that of this crate has.
    static OTHERS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[^\p{L}\p{N}_\s\x1c-\x1f]+").expect("a valid expression"));
    OTHERS.replace_all(caption, "").to_lowercase()
}

#[cfg(test)]
mod tests;
