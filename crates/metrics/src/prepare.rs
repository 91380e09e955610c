//! Making METEOR's word tables: the texts of METEOR 1.5 -> one packed file, always the same bytes.
//!
//! With the feature `prepare`, [`Sources::read`] finds the texts in the wheel of pycocoevalcap 1.2, in its jar and
//! `paraphrase-en.gz`, or in a folder with these.

#[cfg(feature = "prepare")]
mod read;

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::meteor::paraphrases;
use crate::tables::Tables;
use crate::{Error, Result, wordnet};

const NOTICE: &str = include_str!("prepare/notice.txt");

/// A text of METEOR 1.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Words and the offsets of their synsets.
    Synsets,
    /// Base forms and their irregular forms.
    Exceptions,
    /// Function words.
    FunctionWords,
    /// Abbreviations that end in a full stop.
    Prefixes,
    /// The paraphrase table.
    Paraphrases,
}

impl Source {
    /// All of them, in the order in which [`Sources`] keeps them.
    pub const ALL: [Self; 5] = [
        Self::Synsets,
        Self::Exceptions,
        Self::FunctionWords,
        Self::Prefixes,
        Self::Paraphrases,
    ];

    /// The name of its file, without folders and `.gz`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Synsets => "english.synsets",
            Self::Exceptions => "english.exceptions",
            Self::FunctionWords => "english.words",
            Self::Prefixes => "english.prefixes",
            Self::Paraphrases => "paraphrase-en",
        }
    }

    /// The SHA-256 of the text (uncompressed) in METEOR 1.5 as pycocoevalcap 1.2 carries it.
    pub fn pin(self) -> &'static str {
        match self {
            Self::Synsets => "20b7cf6ae1cba2395d714d8c2ec2992e88c6d1c75c7c30aa480c6a2a9bb8fef9",
            Self::Exceptions => "5feb8fcb5b349d035df1a448149c2ccc860bf32e4b9eea8c8e4f113e90a5a962",
            Self::FunctionWords => {
                "2ae0d5b8c29e2993a0f442b065b946d1a17fbfe8538e66bf5931c4a248cf4c3a"
            }
            Self::Prefixes => "bd909f364224748976f9b8b7cdeb4f9be3bf7c8e66a10f1ed268b12d904ab876",
            Self::Paraphrases => "6517f02111d8cf105da48074b35d8372cdce76b5ad011b10c7b4424d14f521fb",
        }
    }
}

/// The texts that the tables are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources([String; 5]);

impl Sources {
    /// Texts in the order of [`Source::ALL`].
    pub fn new(texts: [String; 5]) -> Self {
        Self(texts)
    }

    fn text(&self, source: Source) -> &str {
        &self.0[source as usize]
    }

    fn sha256(&self, source: Source) -> String {
        format!("{:x}", Sha256::digest(self.text(source)))
    }

    /// Checks that these are the texts of METEOR 1.5, so that the scores are those of the original.
    ///
    /// # Errors
    /// Where a text is another one.
    pub fn check(&self) -> Result<()> {
        for source in Source::ALL {
            let (found, pin) = (self.sha256(source), source.pin());
            if found != pin {
                return Err(Error::data(
                    source.name(),
                    format!(
                        "not the text of METEOR 1.5 in pycocoevalcap 1.2 (SHA-256 {found}, but {pin} is needed), so the \
                         scores would be others"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The bytes of the file that [`Tables::open`] reads: the same for the same texts.
    ///
    /// Needs about 1 GB of memory for METEOR's own texts.
    ///
    /// # Errors
    /// Where a text has not the form of METEOR's.
    pub fn pack(&self) -> Result<Vec<u8>> {
        let mut notice = NOTICE.to_owned();
        for source in Source::ALL {
            // Writing to a string cannot fail.
            let _ = writeln!(notice, "{}  {}", self.sha256(source), source.name());
        }
        let (synsets, exceptions) =
            wordnet::pack(self.text(Source::Synsets), self.text(Source::Exceptions))?;
        let [vocabulary, phrases, lists] = paraphrases::pack(self.text(Source::Paraphrases))?;
        Ok(Tables::pack(&[
            notice.into_bytes(),
            synsets,
            exceptions,
            self.text(Source::FunctionWords).into(),
            self.text(Source::Prefixes).into(),
            vocabulary,
            phrases,
            lists,
        ]))
    }
}

#[cfg(test)]
mod tests;
