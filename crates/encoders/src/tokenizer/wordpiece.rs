//! BERT's uncased WordPiece: caption text -> token ids `[CLS] ... [SEP]` and back, with the whole vocabulary or only
//! the tokens that a set of captions uses.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use serde::Deserialize;
use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::wordpiece::WordPiece as Model;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, TokenizerImpl};

use super::join::join;
use crate::error::{Error, Result};

type Pieces =
    TokenizerImpl<Model, BertNormalizer, BertPreTokenizer, TemplateProcessing, WordPieceDecoder>;

const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
/// A longer word becomes one `[UNK]`, as in BERT.
const MAX_CHARS_PER_WORD: usize = 100;

/// An uncased BERT's vocabulary, whole or pruned.
#[derive(Debug, Clone)]
pub(super) struct WordPiece {
    words: Arc<[String]>,
    special: [Option<u32>; 5],
    /// Built when the first text is encoded: decoding alone needs only `words`.
    pieces: OnceLock<Arc<Pieces>>,
    /// The tokenizer this one was pruned from and the new id of each of its ids.
    origin: Option<Arc<(WordPiece, Vec<u32>)>>,
}

impl WordPiece {
    /// A tokenizer over `words`, whose index is their id. `##` marks a piece that continues a word.
    ///
    /// # Errors
    /// Where a word occurs twice or one of `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` is missing.
    pub fn from_vocab(words: Vec<String>) -> Result<Self> {
        let special = SPECIAL.map(|s| words.iter().position(|w| w == s).map(|i| i as u32));
        if let Some(i) = special[..4].iter().position(Option::is_none) {
            return Err(Error::Config(format!(
                "the vocabulary has no {}; it must be that of an uncased BERT",
                SPECIAL[i]
            )));
        }
        let mut seen = std::collections::HashSet::with_capacity(words.len());
        if let Some(twice) = words.iter().find(|w| !seen.insert(w.as_str())) {
            return Err(Error::Config(format!(
                "the vocabulary has the word {twice:?} twice"
            )));
        }
        Ok(Self {
            words: words.into(),
            special,
            pieces: OnceLock::new(),
            origin: None,
        })
    }

    /// Keeps the special tokens and those among the first `max_len` ids of some caption; all others become `[UNK]`.
    ///
    /// The new id of a kept token is the rank of its old one. The result splits words with the whole vocabulary and then
    /// renames ids, so a kept token has the same place in a caption as before. (Saved and loaded, it splits with the kept
    /// tokens alone: the same for every word whose pieces were all kept.)
    pub fn prune(&self, captions: &[&str], max_len: usize) -> Self {
        let mut kept: BTreeSet<u32> = captions
            .par_chunks(1024)
            .map(|part| {
                let ids = |c: &&str| self.encode(c).into_iter().take(max_len);
                part.iter().flat_map(ids).collect()
            })
            .reduce(BTreeSet::new, |a: BTreeSet<u32>, b| &a | &b);
        kept.extend(self.special[..4].iter().flatten());
        let rank = |id: u32| kept.range(..id).count() as u32;
        let mut new_ids = vec![rank(self.unk()); self.len()];
        for (new, &old) in kept.iter().enumerate() {
            new_ids[old as usize] = new as u32;
        }
        Self {
            words: kept
                .iter()
                .map(|&i| self.words[i as usize].clone())
                .collect(),
            special: self
                .special
                .map(|s| s.filter(|id| kept.contains(id)).map(rank)),
            pieces: OnceLock::new(),
            origin: Some(Arc::new((self.clone(), new_ids))),
        }
    }

    /// The ids of `text`, `[CLS]` first and `[SEP]` last.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        if let Some(origin) = &self.origin {
            let (whole, new_ids) = origin.as_ref();
            return whole
                .encode(text)
                .iter()
                .map(|&id| new_ids[id as usize])
                .collect();
        }
        let mut ids = vec![self.cls()];
        // The pieces fail only without an [UNK], which `from_vocab` has seen to.
        if let Ok(encoding) = self.pieces().encode_fast(text, false) {
            ids.extend_from_slice(encoding.get_ids());
        }
        ids.push(self.sep());
        ids
    }

    /// The text of `ids`: pieces joined, special tokens left out, spaces as people type them around punctuation.
    /// Ids outside the vocabulary are left out.
    pub fn decode(&self, ids: &[u32]) -> String {
        let special: Vec<u32> = self.special.iter().flatten().copied().collect();
        let mut words: Vec<String> = Vec::new();
        for &id in ids.iter().filter(|id| !special.contains(id)) {
            match self.words.get(id as usize).map(String::as_str) {
                None => {}
                Some(piece) => match (piece.strip_prefix("##"), words.last_mut()) {
                    (Some(rest), Some(word)) => word.push_str(rest),
                    _ => words.push(piece.trim_start_matches("##").to_owned()),
                },
            }
        }
        join(&words)
    }

    /// The vocabulary in the order of the ids.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    fn len(&self) -> usize {
        self.words.len()
    }

    /// The id that fills a batch up.
    pub fn pad(&self) -> u32 {
        self.special[0].unwrap_or(0)
    }

    /// The id of everything outside the vocabulary.
    pub fn unk(&self) -> u32 {
        self.special[1].unwrap_or(0)
    }

    /// The id every text begins with.
    pub fn cls(&self) -> u32 {
        self.special[2].unwrap_or(0)
    }

    /// The id every text ends with.
    pub fn sep(&self) -> u32 {
        self.special[3].unwrap_or(0)
    }

    /// The vocabulary and settings as a Hugging Face `tokenizer.json`.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        self.pieces()
            .to_string(false)
            .map_err(|e| Error::Config(format!("the tokenizer cannot be written: {e}")))
    }

    /// Reads a Hugging Face `tokenizer.json` that holds an uncased BERT WordPiece; else says why not.
    pub fn from_json(json: &[u8]) -> std::result::Result<Self, String> {
        let file: TokenizerJson = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        if file.model.kind != "WordPiece" || !file.normalizer.is_some_and(|n| n.lowercase) {
            return Err(format!(
                "it is a {} model; an uncased BERT WordPiece or a byte-level BPE is needed",
                file.model.kind
            ));
        }
        let mut vocab = file.model.vocab;
        vocab.extend(file.added_tokens.into_iter().map(|t| (t.content, t.id)));
        let words = in_order(vocab)?;
        Self::from_vocab(words).map_err(|e| e.to_string())
    }

    fn pieces(&self) -> &Pieces {
        self.pieces.get_or_init(|| {
            Arc::new(build_pieces(&self.words).expect("from_vocab has checked the vocabulary"))
        })
    }
}

/// The crate's parts, put together as Hugging Face's `BertTokenizer` does.
fn build_pieces(words: &[String]) -> tokenizers::Result<Pieces> {
    let vocab = Model::read_bytes(words.join("\n").as_bytes())?;
    let specials: Vec<(String, u32)> = SPECIAL
        .iter()
        .filter_map(|s| vocab.get(*s).map(|&id| ((*s).to_owned(), id)))
        .collect();
    let model = Model::builder()
        .vocab(vocab)
        .max_input_chars_per_word(MAX_CHARS_PER_WORD)
        .build()?;
    let template = TemplateProcessing::builder()
        .try_single("[CLS] $A [SEP]")?
        .special_tokens(specials.clone())
        .build()?;
    let mut pieces = Pieces::new(model);
    pieces.with_normalizer(Some(BertNormalizer::new(true, true, None, true)))?;
    pieces.with_pre_tokenizer(Some(BertPreTokenizer));
    pieces.with_post_processor(Some(template));
    pieces.with_decoder(Some(WordPieceDecoder::default()));
    pieces.add_special_tokens(
        specials
            .iter()
            .map(|(s, _)| AddedToken::from(s.as_str(), true)),
    )?;
    Ok(pieces)
}

/// The words of `vocab` in the order of their ids, which must be `0..n`.
pub(super) fn in_order(
    vocab: impl IntoIterator<Item = (String, u32), IntoIter: ExactSizeIterator>,
) -> std::result::Result<Vec<String>, String> {
    let vocab = vocab.into_iter();
    let mut words = vec![None; vocab.len()];
    for (word, id) in vocab {
        let slot = (words.get_mut(id as usize))
            .ok_or_else(|| format!("the id {id} of {word:?} leaves gaps"))?;
        *slot = Some(word);
    }
    let words: Option<Vec<String>> = words.into_iter().collect();
    words.ok_or_else(|| "two words have the same id".to_owned())
}

#[derive(Deserialize)]
struct TokenizerJson {
    model: ModelJson,
    normalizer: Option<NormalizerJson>,
    #[serde(default)]
    added_tokens: Vec<AddedJson>,
}

#[derive(Deserialize)]
struct ModelJson {
    #[serde(rename = "type", default = "word_piece")]
    kind: String,
    vocab: HashMap<String, u32>,
}

fn word_piece() -> String {
    "WordPiece".into()
}

#[derive(Deserialize)]
struct NormalizerJson {
    #[serde(default)]
    lowercase: bool,
}

#[derive(Deserialize)]
struct AddedJson {
    id: u32,
    content: String,
}
