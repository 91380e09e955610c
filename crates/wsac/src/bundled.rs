//! The files of `models/mini` and `models/gpt2`, built into the library by the feature `bundled`, so that no file need be
//! found or fetched.

use std::borrow::Cow;
use std::path::Path;

use crate::clap::AudioTower;
use crate::clap::SentenceBert;
use crate::clap::mini::Mini;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::tensors::Tensors;
use crate::tokenizer::Tokenizer;

#[cfg(feature = "bundled")]
macro_rules! built_in {
    ($($mini:literal),*; $($other:literal),*) => {
        &[
            $(($mini, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/mini/", $mini))),)*
            $(($other, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/", $other))),)*
        ]
    };
}

/// Names below `models/mini`, for the last below `models`, and contents.
#[cfg(feature = "bundled")]
pub const FILES: &[(&str, &[u8])] = built_in![
    "yamnet.safetensors",
    "classes.csv",
    "classes.safetensors",
    "config.json",
    "decoder.safetensors",
    "tokenizer.json",
    "memory.safetensors",
    "clauses.safetensors",
    "minilm/model.safetensors",
    "minilm/vocab.txt";
    "gpt2/merges.txt"
];

/// Nothing: this build has no model.
#[cfg(not(feature = "bundled"))]
pub const FILES: &[(&str, &[u8])] = &[];

/// A part of the model, for people who ask what they have.
pub struct Part {
    /// What it is.
    pub what: &'static str,
    /// Under what terms it may be used.
    pub licence: &'static str,
    /// Its files.
    pub files: &'static [&'static str],
}

/// The parts of the model.
pub const PARTS: &[Part] = &[
    Part {
        what: "YAMNet",
        licence: "Apache-2.0",
        files: &["yamnet.safetensors"],
    },
    Part {
        what: "AudioSet's classes in words and vectors",
        licence: "CC BY-SA 4.0",
        files: &["classes.csv", "classes.safetensors"],
    },
    Part {
        what: "decoder",
        licence: "learned from AudioCaps train captions: MIT file, README asks for academic use",
        files: &["config.json", "decoder.safetensors", "tokenizer.json"],
    },
    Part {
        what: "memory of captions and clauses",
        licence: "AudioCaps train captions: MIT file, README asks for academic use",
        files: &["memory.safetensors", "clauses.safetensors"],
    },
    Part {
        what: "MiniLM",
        licence: "Apache-2.0",
        files: &["minilm/model.safetensors", "minilm/vocab.txt"],
    },
    Part {
        what: "GPT-2's merges, for other models",
        licence: "modified MIT (OpenAI)",
        files: &["gpt2/merges.txt"],
    },
];

/// The content of the file called `name`, as in [`FILES`].
///
/// # Errors
/// Where this build has none.
pub fn file(name: &str) -> Result<&'static [u8]> {
    let found = FILES.iter().find(|(n, _)| *n == name);
    found.map(|(_, bytes)| *bytes).ok_or_else(|| {
        Error::Config(format!(
            "this build of wsac has no {name} of the model mini; build it with the feature `bundled`"
        ))
    })
}

/// MiniLM's whole vocabulary.
///
/// # Errors
/// As [`file`].
pub fn vocabulary() -> Result<Tokenizer> {
    let words = file("minilm/vocab.txt")?;
    Tokenizer::from_vocab_txt(&String::from_utf8_lossy(words))
}

/// GPT-2's tokenizer, as MS-CLAP 2023 frames texts; its files do not carry it. It follows whole from GPT-2's merges.
///
/// # Errors
/// Where this build has none.
pub fn gpt2() -> Result<Tokenizer> {
    let missing = "this build of wsac has no vocabulary of GPT-2; put its tokenizer.json, or vocab.json and \
                   merges.txt, beside the checkpoint, or build wsac with the feature `bundled`";
    let merges = file("gpt2/merges.txt").map_err(|_| Error::Config(missing.into()))?;
    Tokenizer::from_gpt2_merges(&String::from_utf8_lossy(merges))
}

/// MiniLM, the text tower of `mini`.
///
/// # Errors
/// As [`file`].
pub fn text_tower() -> Result<SentenceBert> {
    let name = "minilm/model.safetensors";
    SentenceBert::minilm(vocabulary()?, &Tensors::parse(name, file(name)?)?)
}

/// YAMNet and the class vectors, the audio tower of `mini`.
///
/// # Errors
/// As [`file`].
pub fn audio_tower() -> Result<Box<dyn AudioTower>> {
    Ok(Box::new(Mini::bundled()?))
}

/// The captioner of `mini`: decoder, vocabulary and memory.
///
/// # Errors
/// Where this build has none.
pub fn model() -> Result<Model> {
    Model::read(Path::new("mini"), |name| {
        Ok(file(name).ok().map(Cow::Borrowed))
    })
}
