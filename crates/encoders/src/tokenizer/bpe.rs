//! The byte-level BPE of GPT-2 and RoBERTa: caption text -> token ids, framed as each model's texts are, and back.
//!
//! ```text
//! RoBERTa   <s> pieces </s>                          CLAP of LAION
//! GPT-2     pieces of "text <|endoftext|>"           MS-CLAP 2023, whose padding "!" (id 0) is never part of a piece
//! ```

use std::sync::Arc;

use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer as Pieces};

use super::wordpiece::in_order;
use crate::error::{Error, Result};

/// Where GPT-2's texts end.
const END_OF_TEXT: &str = "<|endoftext|>";
/// What MS-CLAP fills GPT-2's texts up with: its id is 0.
const GPT2_PAD: &str = "!";
/// RoBERTa's special tokens.
const ROBERTA: [&str; 4] = ["<s>", "<pad>", "</s>", "<unk>"];
const MASK: &str = "<mask>";

/// A byte-level BPE and how it frames texts.
#[derive(Debug, Clone)]
pub(super) struct Bpe {
    pieces: Arc<Pieces>,
    words: Arc<[String]>,
    frame: Frame,
}

/// How texts begin and end.
#[derive(Debug, Clone, PartialEq)]
struct Frame {
    begin: Option<u32>,
    /// The first id of what ends a text.
    end: u32,
    pad: u32,
    unk: u32,
    /// What ends a text, where that is split together with it.
    suffix: Option<String>,
    /// Ids that are no part of a text.
    silent: Vec<u32>,
}

impl Bpe {
    /// GPT-2's, which the merges define completely: 256 bytes, a piece a merge, and the end of a text.
    pub fn gpt2(merges: &str) -> std::result::Result<Self, String> {
        let merges = read_merges(merges)?;
        let bytes = byte_letters().into_iter().map(String::from);
        let merged = merges.iter().map(|(a, b)| format!("{a}{b}"));
        let words = bytes.chain(merged).chain([END_OF_TEXT.to_owned()]);
        Self::build(words.zip(0..).collect(), merges)
    }

    /// A `vocab.json` and a `merges.txt`.
    pub fn from_files(vocab: &[u8], merges: &str) -> std::result::Result<Self, String> {
        let vocab: std::collections::HashMap<String, u32> =
            serde_json::from_slice(vocab).map_err(|e| format!("vocab.json: {e}"))?;
        Self::build(vocab.into_iter().collect(), read_merges(merges)?)
    }

    /// A Hugging Face `tokenizer.json`.
    pub fn from_json(json: &[u8]) -> std::result::Result<Self, String> {
        Self::new(Pieces::from_bytes(json).map_err(|e| format!("as a BPE: {e}"))?)
    }

    fn build(vocab: Vocab, merges: Merges) -> std::result::Result<Self, String> {
        let model = BPE::builder().vocab_and_merges(vocab, merges).build();
        let mut pieces = Pieces::new(model.map_err(|e| e.to_string())?);
        pieces.with_pre_tokenizer(Some(ByteLevel::default().add_prefix_space(false)));
        pieces.with_decoder(Some(ByteLevel::default()));
        Self::new(pieces)
    }

    fn new(mut pieces: Pieces) -> std::result::Result<Self, String> {
        let wrong = |e: tokenizers::Error| e.to_string();
        pieces.with_padding(None);
        pieces.with_truncation(None).map_err(wrong)?;
        let special = |word: &&str| AddedToken::from(*word, true);
        let roberta = ROBERTA.map(|word| pieces.token_to_id(word));
        let frame = if let [Some(begin), Some(pad), Some(end), Some(unk)] = roberta {
            let words = ROBERTA.iter().map(special);
            // A mask takes the space before it along.
            let mask = special(&MASK).lstrip(true);
            let mask = pieces.token_to_id(MASK).map(|_| mask);
            pieces
                .add_special_tokens(words.chain(mask))
                .map_err(wrong)?;
            Frame {
                begin: Some(begin),
                end,
                pad,
                unk,
                suffix: None,
                silent: vec![begin, pad, end, unk],
            }
        } else if let (Some(last), Some(pad)) = (
            pieces.token_to_id(END_OF_TEXT),
            pieces.token_to_id(GPT2_PAD),
        ) {
            let words = [END_OF_TEXT, GPT2_PAD];
            (pieces.add_special_tokens(words.iter().map(special))).map_err(wrong)?;
            let suffix = format!(" {END_OF_TEXT}");
            let ids = pieces.encode_fast(suffix.as_str(), false).map_err(wrong)?;
            let end = ids.get_ids().first().copied().unwrap_or(last);
            Frame {
                begin: None,
                end,
                pad,
                unk: last,
                suffix: Some(suffix),
                silent: vec![last],
            }
        } else {
            return Err(format!(
                "it is a BPE with neither RoBERTa's {} nor GPT-2's {END_OF_TEXT}",
                ROBERTA.join(" ")
            ));
        };
        let words = in_order(pieces.get_vocab(true))?.into();
        Ok(Self {
            pieces: Arc::new(pieces),
            words,
            frame,
        })
    }

    /// The ids of `text` with what frames it.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let Frame { begin, end, .. } = self.frame;
        let suffix = self.frame.suffix.as_deref();
        let text = [text, suffix.unwrap_or_default()].concat();
        let mut ids: Vec<u32> = begin.into_iter().collect();
        // A byte-level BPE fails at no text.
        if let Ok(encoding) = self.pieces.encode_fast(text, false) {
            ids.extend_from_slice(encoding.get_ids());
        }
        if suffix.is_none() {
            ids.push(end);
        }
        ids
    }

    /// The text of `ids`, without what frames it.
    pub fn decode(&self, ids: &[u32]) -> String {
        let known = |id: &&u32| (**id as usize) < self.words.len();
        let told = |id: &&u32| !self.frame.silent.contains(id);
        let ids: Vec<u32> = ids.iter().filter(known).filter(told).copied().collect();
        let text = self.pieces.decode(&ids, false).unwrap_or_default();
        text.trim().to_owned()
    }

    pub fn words(&self) -> &[String] {
        &self.words
    }

    pub fn begin(&self) -> u32 {
        self.frame.begin.unwrap_or(self.frame.end)
    }

    pub fn end(&self) -> u32 {
        self.frame.end
    }

    pub fn pad(&self) -> u32 {
        self.frame.pad
    }

    pub fn unk(&self) -> u32 {
        self.frame.unk
    }

    /// The ids that no caption has, but for its end.
    pub fn silent(&self) -> Vec<u32> {
        let silent = self.frame.silent.iter().copied();
        silent.filter(|&id| id != self.frame.end).collect()
    }

    /// As a Hugging Face `tokenizer.json`.
    pub fn to_json(&self) -> Result<String> {
        self.pieces
            .to_string(false)
            .map_err(|e| Error::Config(format!("the tokenizer cannot be written: {e}")))
    }
}

/// The letter that stands for each byte, in the order of GPT-2's ids: first the bytes that print, then the others.
fn byte_letters() -> Vec<char> {
    let prints = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    let printing = (0..=u8::MAX).filter(prints).map(char::from);
    let others = (0..=u8::MAX).filter(|byte| !prints(byte)).count() as u32;
    let standing_in = (256..256 + others).filter_map(char::from_u32);
    printing.chain(standing_in).collect()
}

/// The pairs of a `merges.txt`, one a line behind a line with its version.
fn read_merges(text: &str) -> std::result::Result<Merges, String> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with("#version"));
    let pair = |(i, line): (usize, &str)| match line.split_once(' ') {
        Some((a, b)) if !a.is_empty() && !b.is_empty() => Ok((a.to_owned(), b.to_owned())),
        _ => Err(format!("merges, line {}: {line:?} is no pair", i + 1)),
    };
    lines.map(pair).collect()
}
