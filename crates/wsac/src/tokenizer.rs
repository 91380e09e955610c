//! BERT's uncased WordPiece: caption text -> token ids `[CLS] ... [SEP]` and back, with the whole vocabulary or only
//! the tokens that a set of captions uses.
//!
//! The pieces are the `tokenizers` crate's; files are its `tokenizer.json`, so other tools read them too.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use serde::Deserialize;
use tokenizers::decoders::wordpiece::WordPiece as WordPieceDecoder;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, TokenizerImpl};

use crate::error::{Error, Result};

type Pieces = TokenizerImpl<
    WordPiece,
    BertNormalizer,
    BertPreTokenizer,
    TemplateProcessing,
    WordPieceDecoder,
>;

const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
/// A longer word becomes one `[UNK]`, as in BERT.
const MAX_CHARS_PER_WORD: usize = 100;
/// What may follow an apostrophe without a space: "dog's", "don't", "rock'n".
const CONTRACTIONS: [&str; 9] = ["s", "t", "m", "d", "n", "re", "ve", "ll", "em"];

/// Text to token ids and back. Ids are indices into the vocabulary, `0..len()`.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    words: Arc<[String]>,
    special: [Option<u32>; 5],
    /// Built when the first text is encoded: decoding alone needs only `words`.
    pieces: OnceLock<Arc<Pieces>>,
    /// The tokenizer this one was pruned from and the new id of each of its ids.
    origin: Option<Arc<(Tokenizer, Vec<u32>)>>,
}

impl Tokenizer {
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

    /// A tokenizer over a `vocab.txt`: one word a line, in the order of the ids.
    ///
    /// # Errors
    /// As [`Tokenizer::from_vocab`].
    pub fn from_vocab_txt(text: &str) -> Result<Self> {
        Self::from_vocab(text.lines().map(str::to_owned).collect())
    }

    /// Keeps the special tokens and those among the first `max_len` ids of some caption; all others become `[UNK]`.
    ///
    /// The new id of a kept token is the rank of its old one. The result splits words with the whole vocabulary and then
    /// renames ids, so a kept token has the same place in a caption as before. (Saved and loaded, it splits with the kept
    /// tokens alone: the same for every word whose pieces were all kept.)
    pub fn prune<'a>(&self, captions: impl IntoIterator<Item = &'a str>, max_len: usize) -> Self {
        let captions: Vec<&str> = captions.into_iter().collect();
        let mut kept: BTreeSet<u32> = captions
            .par_chunks(1024)
            .map(|part| {
                let ids = |c: &&str| self.encode_truncated(c, max_len, false);
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

    /// At most `max_len` ids of `text`. A longer text keeps its final `[SEP]` where `keep_sep` (as encoders expect),
    /// else it is cut off and never ends (as the decoder's targets in the reference code).
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

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are no ids; never, since the special tokens are always there.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
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

    /// Reads a Hugging Face `tokenizer.json` that holds an uncased BERT WordPiece. `path` is for messages only.
    ///
    /// # Errors
    /// Where it is something else, or its ids are not `0..n`.
    pub fn from_json(json: &[u8], path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let wrong =
            |why: String| Error::model(path, format!("no tokenizer that wsac can use: {why}"));
        let file: TokenizerJson = serde_json::from_slice(json).map_err(|e| wrong(e.to_string()))?;
        if file.model.kind != "WordPiece" || !file.normalizer.is_some_and(|n| n.lowercase) {
            return Err(wrong(format!(
                "it is a {} model; an uncased BERT WordPiece is needed",
                file.model.kind
            )));
        }
        let mut vocab = file.model.vocab;
        vocab.extend(file.added_tokens.into_iter().map(|t| (t.content, t.id)));
        let mut words = vec![None; vocab.len()];
        for (word, id) in vocab {
            let slot = words
                .get_mut(id as usize)
                .ok_or_else(|| wrong(format!("the id {id} of {word:?} leaves gaps")))?;
            *slot = Some(word);
        }
        let words: Option<Vec<String>> = words.into_iter().collect();
        Self::from_vocab(words.ok_or_else(|| wrong("two words have the same id".into()))?)
            .map_err(|e| wrong(e.to_string()))
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

    fn pieces(&self) -> &Pieces {
        self.pieces.get_or_init(|| {
            Arc::new(build_pieces(&self.words).expect("from_vocab has checked the vocabulary"))
        })
    }
}

/// The crate's parts, put together as Hugging Face's `BertTokenizer` does.
fn build_pieces(words: &[String]) -> tokenizers::Result<Pieces> {
    let vocab = WordPiece::read_bytes(words.join("\n").as_bytes())?;
    let specials: Vec<(String, u32)> = SPECIAL
        .iter()
        .filter_map(|s| vocab.get(*s).map(|&id| ((*s).to_owned(), id)))
        .collect();
    let model = WordPiece::builder()
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

#[derive(Deserialize)]
struct TokenizerJson {
    model: ModelJson,
    normalizer: Option<NormalizerJson>,
    #[serde(default)]
    added_tokens: Vec<AddedJson>,
}

#[derive(Deserialize)]
struct ModelJson {
    #[serde(rename = "type")]
    kind: String,
    vocab: HashMap<String, u32>,
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

/// Words and punctuation to a line of text.
fn join(words: &[String]) -> String {
    let mut text = String::new();
    let mut glue = true;
    let mut quote_is_open = false;
    for (i, word) in words.iter().enumerate() {
        let before = i.checked_sub(1).map_or("", |j| words[j].as_str());
        let (left, right) = match word.as_str() {
            "." | "," | ";" | ":" | "!" | "?" | ")" | "]" | "%" => (true, false),
            "(" | "[" | "$" | "#" => (false, true),
            "-" | "/" => (true, true),
            "'" | "’" => (
                true,
                words
                    .get(i + 1)
                    .is_some_and(|next| CONTRACTIONS.contains(&next.as_str())),
            ),
            "\"" => {
                quote_is_open = !quote_is_open;
                (!quote_is_open, quote_is_open)
            }
            w => {
                let decimals = w.bytes().all(|b| b.is_ascii_digit())
                    && matches!(before, "." | ",")
                    && words.get(i.wrapping_sub(2)).is_some_and(|n| {
                        n.bytes().all(|b| b.is_ascii_digit()) && (before == "." || w.len() == 3)
                    });
                (decimals, false)
            }
        };
        if !(glue || left) {
            text.push(' ');
        }
        text.push_str(word);
        glue = right;
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::golden;
    use sha2::{Digest, Sha256};

    const VOCAB: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/mini/minilm/vocab.txt"
    );

    fn whole() -> Tokenizer {
        Tokenizer::from_vocab_txt(&std::fs::read_to_string(VOCAB).unwrap()).unwrap()
    }

    fn ids(value: &serde_json::Value) -> Vec<u32> {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn ids_equal_the_golden_ones() {
        let Some(golden) = golden::json("golden/wsac/dev/tokens.json") else {
            return;
        };
        let tokenizer = whole();
        assert_eq!(tokenizer.len(), golden["vocab_size"]);
        for row in golden["rows"].as_array().unwrap() {
            let text = row["text"].as_str().unwrap();
            assert_eq!(tokenizer.encode(text), ids(&row["ids"]), "{text:?}");
            let encoder = tokenizer.encode_truncated(text, 30, true);
            assert_eq!(encoder, ids(&row["encoder_30"]), "{text:?}");
            let mut target = tokenizer.encode_truncated(text, 22, false);
            let lost = !target.contains(&tokenizer.sep());
            assert_eq!(lost, row["lost_sep_at_22"], "{text:?}");
            target.resize(22, tokenizer.pad());
            assert_eq!(target, ids(&row["reference_target_22"]), "{text:?}");
        }
    }

    #[test]
    fn the_pruned_vocabulary_is_that_of_the_yardstick() {
        let read = |name: &str| golden::json(&format!("golden/wsac/yardstick/{name}"));
        let (Some(golden), Some(train), Some(val)) = (
            read("clean_seed0.json"),
            read("clotho_train_texts.json"),
            read("clotho_val_texts.json"),
        ) else {
            return;
        };
        let texts = |v: &serde_json::Value| -> Vec<String> {
            serde_json::from_value(v.clone()).unwrap_or_else(|_| {
                serde_json::from_value(v["texts"].clone()).expect("a list of texts")
            })
        };
        let whole = whole();
        let (train, val) = (texts(&train), texts(&val));
        let pruned = whole.prune(train.iter().map(String::as_str), 22);
        let hash = |bytes: Vec<u8>| -> String {
            Sha256::digest(bytes)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect()
        };
        let id_of: HashMap<&str, u32> = (0..)
            .zip(whole.words())
            .map(|(i, w)| (w.as_str(), i))
            .collect();
        let kept: Vec<u8> = pruned
            .words()
            .iter()
            .flat_map(|w| id_of[w.as_str()].to_le_bytes())
            .collect();
        let data = &golden["data"];
        assert_eq!(pruned.len(), golden["hyper"]["vocab"]);
        assert_eq!(hash(kept), data["kept_ids_sha256"]);
        for (texts, key) in [(&train, "train_ids_sha256"), (&val, "val_ids_sha256")] {
            let rows = texts.iter().flat_map(|text| {
                let mut row = pruned.encode_truncated(text, 22, false);
                row.resize(22, pruned.pad());
                row.into_iter().flat_map(|id| (id as u16).to_le_bytes())
            });
            assert_eq!(hash(rows.collect()), data[key]);
        }
    }

    #[test]
    fn a_saved_tokenizer_encodes_and_decodes_as_before() {
        let texts = ["A dog barks.", "Rain falls, then thunder; a man's voice!"];
        let pruned = whole().prune(texts, 30);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokenizer.json");
        pruned.save(&file).unwrap();
        let loaded = Tokenizer::load(&file).unwrap();
        assert_eq!(loaded.words(), pruned.words());
        let theirs = tokenizers::Tokenizer::from_file(&file).unwrap();
        for text in texts {
            let ids = pruned.encode(text);
            assert_eq!(loaded.encode(text), ids);
            assert_eq!(theirs.encode(text, true).unwrap().get_ids(), ids);
            assert_eq!(loaded.decode(&ids), text.to_lowercase());
        }
        assert!(loaded.encode("a zebra").contains(&loaded.unk()));
        assert!(pruned.encode("a zebra").contains(&pruned.unk()));
    }

    #[test]
    fn decoded_text_is_spaced_as_people_type() {
        let tokenizer = whole();
        for text in [
            "a high-pitched beep, then silence.",
            "someone says \"hello\" (twice), and the dogs' barking doesn't stop",
            "an engine idles at 1,000 rpm for 3.5 seconds",
            "in 1999, 20 men and/or women clap",
        ] {
            assert_eq!(tokenizer.decode(&tokenizer.encode(text)), text);
        }
        assert_eq!(
            tokenizer.decode(&[101, 9_999_999, 100, 3899, 102, 0]),
            "dog"
        );
        assert_eq!(tokenizer.decode(&[]), "");
    }

    #[test]
    fn wrong_vocabularies_are_told() {
        let words = |s: &str| s.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let error = |v: &str| Tokenizer::from_vocab(words(v)).unwrap_err().to_string();
        assert!(error("[PAD] [UNK] [CLS] dog").contains("[SEP]"));
        assert!(error("[PAD] [UNK] [CLS] [SEP] dog dog").contains("twice"));
        let json = br#"{"model":{"type":"BPE","vocab":{}}}"#;
        let error = Tokenizer::from_json(json, "t.json")
            .unwrap_err()
            .to_string();
        assert!(error.contains("t.json") && error.contains("BPE"), "{error}");
    }
}
