//! What METEOR knows of words and phrases: synsets, paraphrases, function words.

use std::collections::HashSet;

use super::paraphrases::Paraphrases;
use crate::Result;
use crate::tables::{Section, Tables};
use crate::wordnet::WordNet;

/// What is known of words and phrases.
#[derive(Debug, Clone)]
pub(super) struct Resources {
    pub wordnet: WordNet,
    pub paraphrases: Paraphrases,
    pub function_words: HashSet<String>,
}

impl Resources {
    /// Those of `tables`.
    ///
    /// # Errors
    /// Where they make no sense.
    pub fn new(tables: &Tables) -> Result<Self> {
        let function_words = tables.text(Section::FunctionWords)?;
        let function_words = function_words.lines().map(|word| word.trim().to_owned());
        Ok(Self {
            wordnet: WordNet::new(tables)?,
            paraphrases: Paraphrases::new(tables)?,
            function_words: function_words.collect(),
        })
    }
}
