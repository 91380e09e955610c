//! The vocabularies of the bundle: MiniLM's (BERT's) and GPT-2's -> [`Tokenizer`].

use super::Tokenizer;
use crate::assets;
use crate::error::{Error, Result};

/// MiniLM's whole vocabulary, which is BERT's.
///
/// # Errors
/// As [`assets::file`].
pub fn vocabulary() -> Result<Tokenizer> {
    let words = assets::file("mini/minilm/vocab.txt")?;
    Tokenizer::from_vocab_txt(&String::from_utf8_lossy(words))
}

/// GPT-2's tokenizer, as MS-CLAP 2023 frames texts; its files do not carry it. It follows whole from GPT-2's merges.
///
/// # Errors
/// Where there is no bundle.
pub fn gpt2() -> Result<Tokenizer> {
    let missing = "this build of wsac has no vocabulary of GPT-2; put its tokenizer.json, or vocab.json and \
                   merges.txt, beside the checkpoint, or set WSAC_BUNDLE to a folder laid out as `models/` of wsac's \
                   repository";
    let merges = assets::file("gpt2/merges.txt").map_err(|_| Error::Config(missing.into()))?;
    Tokenizer::from_gpt2_merges(&String::from_utf8_lossy(merges))
}
