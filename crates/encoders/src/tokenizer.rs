//! Tokenizers: caption text -> token ids and back, BERT's WordPiece or the byte-level BPE of GPT-2 and RoBERTa.
//!
//! The pieces are the `tokenizers` crate's; files are its `tokenizer.json`, so other tools read them too.

mod bpe;
pub mod builtin;
mod join;
mod wordpiece;

use std::path::Path;

use rayon::prelude::*;

use crate::error::{Error, Result};
use bpe::Bpe;
use wordpiece::WordPiece;

/// Text to token ids and back. Ids are indices into the vocabulary, `0..len()`.
#[derive(Debug, Clone)]
pub struct Tokenizer(Kind);

#[derive(Debug, Clone)]
enum Kind {
    WordPiece(WordPiece),
    Bpe(Bpe),
}

use Kind::{Bpe as ByBytes, WordPiece as ByWords};

impl Tokenizer {
    /// An uncased BERT's tokenizer over `words`, whose index is their id. `##` marks a piece that continues a word.
    ///
    /// # Errors
    /// Where a word occurs twice or one of `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` is missing.
    pub fn from_vocab(words: Vec<String>) -> Result<Self> {
        Ok(Self(ByWords(WordPiece::from_vocab(words)?)))
    }

    /// A tokenizer over a `vocab.txt`: one word a line, in the order of the ids.
    ///
    /// # Errors
    /// As [`Tokenizer::from_vocab`].
    pub fn from_vocab_txt(text: &str) -> Result<Self> {
        Self::from_vocab(text.lines().map(str::to_owned).collect())
    }

    /// GPT-2's tokenizer from its `merges` alone (its `vocab.bpe` or `merges.txt`), framing texts as MS-CLAP does:
    /// `"text <|endoftext|>"`, where a `!` is always the id 0.
    ///
    /// # Errors
    /// Where a line is no pair of pieces.
    pub fn from_gpt2_merges(merges: &str) -> Result<Self> {
        let bpe = Bpe::gpt2(merges).map_err(|why| Error::Config(format!("GPT-2's {why}")))?;
        Ok(Self(ByBytes(bpe)))
    }

    /// The tokenizer in a Hugging Face `folder`: `tokenizer.json`, or `vocab.json` and `merges.txt`, or `vocab.txt`.
    /// `None` where it has none.
    ///
    /// # Errors
    /// Where the files are there, but cannot be read or are of no kind that is known.
    pub fn find(folder: &Path) -> Result<Option<Self>> {
        let read = |name: &str| -> Result<Option<Vec<u8>>> {
            let path = folder.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(e) => Err(Error::io(path, e)),
            }
        };
        if let Some(json) = read("tokenizer.json")? {
            return Self::from_json(&json, folder.join("tokenizer.json")).map(Some);
        }
        if let (Some(vocab), Some(merges)) = (read("vocab.json")?, read("merges.txt")?) {
            let bpe = Bpe::from_files(&vocab, &String::from_utf8_lossy(&merges));
            return bpe.map(|bpe| Some(Self(ByBytes(bpe)))).map_err(|why| {
                let why = format!("no tokenizer that wsac can use: {why}");
                Error::model(folder.join("vocab.json"), why)
            });
        }
        let words = read("vocab.txt")?;
        words
            .map(|words| Self::from_vocab_txt(&String::from_utf8_lossy(&words)))
            .transpose()
    }

    /// Keeps the special tokens and those among the first `max_len` ids of some caption; all others become `[UNK]`.
    ///
    /// The new id of a kept token is the rank of its old one. The result splits words with the whole vocabulary and then
    /// renames ids, so a kept token has the same place in a caption as before. (Saved and loaded, it splits with the kept
    /// tokens alone: the same for every word whose pieces were all kept.) A BPE stays whole: its pieces stand on each
    /// other.
    pub fn prune<'a>(&self, captions: impl IntoIterator<Item = &'a str>, max_len: usize) -> Self {
        match &self.0 {
            ByWords(words) => {
                let captions: Vec<&str> = captions.into_iter().collect();
                Self(ByWords(words.prune(&captions, max_len)))
            }
            ByBytes(_) => self.clone(),
        }
    }

    /// The ids of `text`, framed: `[CLS] .. [SEP]`, `<s> .. </s>`, or GPT-2's `.. <|endoftext|>`.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        match &self.0 {
            ByWords(words) => words.encode(text),
            ByBytes(bpe) => bpe.encode(text),
        }
    }

    /// At most `max_len` ids of `text`. A longer text keeps its final [`Tokenizer::sep`] where `keep_sep` (as encoders
    /// expect), else it is cut off and never ends (as the decoder's targets in the reference code).
    pub fn encode_truncated(&self, text: &str, max_len: usize, keep_sep: bool) -> Vec<u32> {
        let mut ids = self.encode(text);
        if ids.len() > max_len {
            ids.truncate(max_len);
            if let (true, Some(last)) = (keep_sep, ids.last_mut()) {
                *last = self.sep();
            }
        }
        ids
    }

    /// [`Tokenizer::encode_truncated`] of each of `texts`, on all threads.
    pub fn encode_batch(&self, texts: &[&str], max_len: usize, keep_sep: bool) -> Vec<Vec<u32>> {
        texts
            .par_iter()
            .map(|text| self.encode_truncated(text, max_len, keep_sep))
            .collect()
    }

    /// The text of `ids`: pieces joined, special tokens left out, spaces as people type them around punctuation.
    /// Ids outside the vocabulary are left out.
    pub fn decode(&self, ids: &[u32]) -> String {
        match &self.0 {
            ByWords(words) => words.decode(ids),
            ByBytes(bpe) => bpe.decode(ids),
        }
    }

    /// The vocabulary in the order of the ids.
    pub fn words(&self) -> &[String] {
        match &self.0 {
            ByWords(words) => words.words(),
            ByBytes(bpe) => bpe.words(),
        }
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.words().len()
    }

    /// Whether there are no ids; never, since the special tokens are always there.
    pub fn is_empty(&self) -> bool {
        self.words().is_empty()
    }

    /// The id that fills a batch up.
    pub fn pad(&self) -> u32 {
        match &self.0 {
            ByWords(words) => words.pad(),
            ByBytes(bpe) => bpe.pad(),
        }
    }

    /// The id of everything outside the vocabulary.
    pub fn unk(&self) -> u32 {
        match &self.0 {
            ByWords(words) => words.unk(),
            ByBytes(bpe) => bpe.unk(),
        }
    }

    /// The id every text begins with (GPT-2's begin with none of their own: that of their end).
    pub fn cls(&self) -> u32 {
        match &self.0 {
            ByWords(words) => words.cls(),
            ByBytes(bpe) => bpe.begin(),
        }
    }

    /// The id every text ends with; of GPT-2's `" <|endoftext|>"` the first, 220, at which ClapCap stops.
    pub fn sep(&self) -> u32 {
        match &self.0 {
            ByWords(words) => words.sep(),
            ByBytes(bpe) => bpe.end(),
        }
    }

    /// The ids that a caption should not have, its end aside: what is unknown, and what fills up or frames a text.
    pub fn silent(&self) -> Vec<u32> {
        match &self.0 {
            ByWords(words) => vec![words.unk(), words.pad()],
            ByBytes(bpe) => bpe.silent(),
        }
    }

    /// Of each id, whether it only goes on with a word ("##s").
    pub fn continuing(&self) -> Vec<bool> {
        let goes_on: fn(&String) -> bool = match &self.0 {
            ByWords(_) => |piece| piece.starts_with("##"),
            ByBytes(_) => |piece| piece.starts_with(char::is_alphabetic) && !piece.starts_with('Ġ'),
        };
        self.words().iter().map(goes_on).collect()
    }

    /// The vocabulary and settings as a Hugging Face `tokenizer.json`.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        match &self.0 {
            ByWords(words) => words.to_json(),
            ByBytes(bpe) => bpe.to_json(),
        }
    }

    /// Reads a Hugging Face `tokenizer.json` that holds an uncased BERT WordPiece, or the BPE of GPT-2 or RoBERTa.
    /// `path` is for messages only.
    ///
    /// # Errors
    /// Where it is something else, or its ids are not `0..n`.
    pub fn from_json(json: &[u8], path: impl AsRef<Path>) -> Result<Self> {
        #[derive(serde::Deserialize)]
        struct File {
            model: Model,
        }
        #[derive(serde::Deserialize)]
        struct Model {
            #[serde(rename = "type")]
            kind: Option<String>,
            merges: Option<serde::de::IgnoredAny>,
        }
        // Old files do not say what they are, but only a BPE has merges.
        let is_bpe = |model: &Model| match model.kind.as_deref() {
            Some(kind) => kind == "BPE",
            None => model.merges.is_some(),
        };
        let read = match serde_json::from_slice::<File>(json) {
            Ok(file) if is_bpe(&file.model) => Bpe::from_json(json).map(ByBytes),
            Ok(_) => WordPiece::from_json(json).map(ByWords),
            Err(e) => Err(e.to_string()),
        };
        read.map(Self)
            .map_err(|why| Error::model(path, format!("no tokenizer that wsac can use: {why}")))
    }

    /// Writes [`Tokenizer::to_json`] to `path`.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        std::fs::write(&path, self.to_json()?).map_err(|e| Error::io(path, e))
    }

    /// Reads [`Tokenizer::from_json`] from `path`.
    ///
    /// # Errors
    /// Where the file cannot be read or is no such tokenizer.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let json = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        Self::from_json(&json, path)
    }
}

#[cfg(test)]
mod tests;
