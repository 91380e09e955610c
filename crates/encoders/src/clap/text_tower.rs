//! The text tower of every family of CLAP checkpoints: texts -> unit embeddings [N, d].
//!
//! | family | tokens | encoder | projection |
//! |---|---|---|---|
//! | WavCaps | BERT's, at most 30 | BERT, first state | relu |
//! | LAION | RoBERTa's, at most 77 | RoBERTa, pooled | relu |
//! | MS-CLAP 2022 | BERT's, at most 100 | BERT, first state | residual |
//! | MS-CLAP 2023 | GPT-2's, at most 77 | GPT-2, state at the end | residual |
//!
//! Texts are read as they are, as the paper's code does (WavCaps' own training took punctuation out before).

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::clap::family::Family;
use crate::embedding::Embeddings;
use crate::error::{Error, Result};
use crate::models::bert::{self, Bert, Kind};
use crate::models::gpt2::Gpt2;
use crate::models::layers::Projection;
use crate::models::packing;
use crate::models::roberta::Roberta;
use crate::tokenizer::Tokenizer;
use crate::tokenizer::builtin;
use crate::towers::TextTower;
use wsac_tensors::weights::Weights;

/// The width of a head in BERT, RoBERTa and GPT-2 of any size.
const HEAD: usize = 64;
/// `layer_norm_eps` of Hugging Face's `ClapTextModel` where its configuration has none.
const HF_EPS: f64 = 1e-12;
/// RoBERTa's as published, which LAION's own code uses.
const ROBERTA_EPS: f64 = 1e-5;

/// What lies beside the weights.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextFiles<'a> {
    /// Where a tokenizer may lie: `tokenizer.json`, `vocab.json` and `merges.txt`, or `vocab.txt`.
    pub folder: Option<&'a Path>,
    /// The `config.json` of a Hugging Face folder.
    pub config: Option<&'a Value>,
}

/// A checkpoint's text tower.
#[derive(Debug)]
pub struct ClapText {
    encoder: Encoder,
    projection: Projection,
    tokens: Tokens,
}

#[derive(Debug)]
enum Encoder {
    Bert(Bert),
    Roberta(Roberta),
    Gpt2(Gpt2),
}

/// How a family splits its texts.
#[derive(Debug)]
struct Tokens {
    /// `None` where neither the files nor this build have it.
    tokenizer: Option<Tokenizer>,
    max: usize,
    /// Whether a text that is too long keeps its last token.
    keep_end: bool,
    /// Where the files should lie, for messages.
    place: PathBuf,
}

impl ClapText {
    /// Reads the text tower of a checkpoint of `family`. A missing tokenizer is reported at the first text, so that
    /// a checkpoint can encode audio without one.
    ///
    /// # Errors
    /// Where the family has no texts, tensors are missing or of another shape, or the tokenizer is another model's.
    pub fn load(family: Family, weights: &dyn Weights, files: &TextFiles) -> Result<Self> {
        let heads = |name: &str| -> Result<usize> {
            let stated = files
                .config
                .and_then(|c| c["text_config"]["num_attention_heads"].as_u64());
            Ok(stated.map_or(bert::matrix(weights, name)?[1] / HEAD, |n| n as usize))
        };
        let bert = |prefix: &str| -> Result<Encoder> {
            let heads = heads(&format!("{prefix}embeddings.word_embeddings.weight"))?;
            let kind = Kind {
                heads,
                ..Kind::BERT
            };
            Bert::read(weights, prefix, kind).map(Encoder::Bert)
        };
        let roberta = |prefix: &str, eps: f64| -> Result<Encoder> {
            let heads = heads(&format!("{prefix}embeddings.word_embeddings.weight"))?;
            Roberta::read(weights, prefix, heads, eps as f32).map(Encoder::Roberta)
        };
        let encoder = match family {
            Family::WavCapsCnn14 | Family::WavCapsHtsat => bert("text_encoder.text_encoder.")?,
            Family::MsClap2022 => bert("caption_encoder.base.")?,
            Family::MsClap2023 => {
                let prefix = "caption_encoder.base.";
                let heads = heads(&format!("{prefix}wte.weight"))?;
                Encoder::Gpt2(Gpt2::read(weights, prefix, heads)?)
            }
            Family::Laion => roberta("text_branch.", ROBERTA_EPS)?,
            Family::LaionHf => {
                let stated = files
                    .config
                    .and_then(|c| c["text_config"]["layer_norm_eps"].as_f64());
                roberta("text_model.", stated.unwrap_or(HF_EPS))?
            }
            Family::Panns => {
                return Err(Error::model(
                    weights.path(),
                    "is PANNs' CNN14, which has no text tower; captions need a CLAP that reads texts",
                ));
            }
        };
        let relu = |layers: [&str; 2]| {
            let shape = bert::matrix(weights, &format!("{}.weight", layers[0]))?;
            Projection::relu(weights, layers, shape)
        };
        let residual = |name: &str| {
            let shape = bert::matrix(weights, &format!("{name}.linear1.weight"))?;
            Projection::residual(weights, name, shape)
        };
        let projection = match family {
            Family::WavCapsCnn14 | Family::WavCapsHtsat => relu(["text_proj.0", "text_proj.2"])?,
            Family::Laion => relu(["text_projection.0", "text_projection.2"])?,
            Family::LaionHf => relu(["text_projection.linear1", "text_projection.linear2"])?,
            _ => residual("caption_encoder.projection")?,
        };
        let (takes, gives) = (projection.inputs(), encoder.width());
        if takes != gives {
            return Err(Error::model(
                weights.path(),
                format!("its text encoder is {gives} wide, but its text projection takes {takes}"),
            ));
        }
        let tokens = Tokens::find(family, weights.path(), files)?;
        if let Some(tokenizer) = &tokens.tokenizer
            && tokenizer.len() != encoder.vocabulary()
        {
            let (words, rows) = (tokenizer.len(), encoder.vocabulary());
            return Err(Error::model(
                &tokens.place,
                format!(
                    "has a tokenizer of {words} words, but the text encoder of {family} knows {rows}"
                ),
            ));
        }
        Ok(Self {
            encoder,
            projection,
            tokens,
        })
    }

    /// What its texts are split with.
    ///
    /// # Errors
    /// Where there is none; the message says which files to put where.
    pub fn tokenizer(&self) -> Result<&Tokenizer> {
        let wanted = match &self.encoder {
            Encoder::Bert(_) => "an uncased BERT's tokenizer.json, or its vocab.txt",
            Encoder::Roberta(_) => {
                "roberta-base's tokenizer.json, or its vocab.json and merges.txt (from huggingface.co/roberta-base)"
            }
            Encoder::Gpt2(_) => "gpt2's tokenizer.json, or its vocab.json and merges.txt",
        };
        let missing = || {
            let why = format!("has no tokenizer, so no text can be read; put {wanted} there");
            Error::model(&self.tokens.place, why)
        };
        self.tokens.tokenizer.as_ref().ok_or_else(missing)
    }

    /// As [`TextTower::embed`], of texts that are split into `ids` already, framed as the family does it.
    ///
    /// # Errors
    /// Where a text is empty, too long, or has an id that the encoder does not know.
    pub fn embed_ids(
        &self,
        ids: &[Vec<u32>],
        on_progress: &mut dyn FnMut(usize),
    ) -> Result<Embeddings> {
        let (most, known) = (self.encoder.max_tokens(), self.encoder.vocabulary());
        let fits = |ids: &Vec<u32>| {
            (1..=most).contains(&ids.len()) && ids.iter().all(|&id| (id as usize) < known)
        };
        if let Some(i) = ids.iter().position(|ids| !fits(ids)) {
            return Err(Error::Config(format!(
                "text {i} must have 1 to {most} ids below {known}"
            )));
        }
        packing::embed(
            ids,
            self.dim(),
            |block| self.projection.forward(&self.encoder.forward(block)),
            on_progress,
        )
    }
}

impl TextTower for ClapText {
    fn dim(&self) -> usize {
        self.projection.dim()
    }

    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings> {
        let Tokens { max, keep_end, .. } = self.tokens;
        let ids = (self.tokenizer()?).encode_batch(texts, max, keep_end);
        self.embed_ids(&ids, on_progress)
    }
}

impl Encoder {
    fn width(&self) -> usize {
        match self {
            Self::Bert(bert) => bert.width(),
            Self::Roberta(roberta) => roberta.bert().width(),
            Self::Gpt2(gpt2) => gpt2.width(),
        }
    }

    fn vocabulary(&self) -> usize {
        match self {
            Self::Bert(bert) => bert.vocabulary(),
            Self::Roberta(roberta) => roberta.bert().vocabulary(),
            Self::Gpt2(gpt2) => gpt2.vocabulary(),
        }
    }

    fn max_tokens(&self) -> usize {
        match self {
            Self::Bert(bert) => bert.max_tokens(),
            Self::Roberta(roberta) => roberta.bert().max_tokens(),
            Self::Gpt2(gpt2) => gpt2.max_tokens(),
        }
    }

    /// Packed `texts` -> [texts, width].
    fn forward(&self, texts: &[&[u32]]) -> Vec<f32> {
        match self {
            Self::Bert(bert) => {
                let (x, starts) = bert.forward(texts);
                packing::pick(&x, &starts, bert.width(), |_| 0)
            }
            Self::Roberta(roberta) => roberta.forward(texts),
            Self::Gpt2(gpt2) => gpt2.forward(texts),
        }
    }
}

impl Tokens {
    /// The tokenizer beside the weights, else the one that is built in.
    fn find(family: Family, weights: &Path, files: &TextFiles) -> Result<Self> {
        let beside = files.folder.map(Tokenizer::find).transpose()?.flatten();
        // Only RoBERTa's is never built in.
        let (built_in, max, keep_end) = match family {
            Family::WavCapsCnn14 | Family::WavCapsHtsat => (builtin::vocabulary().ok(), 30, true),
            Family::MsClap2022 => (builtin::vocabulary().ok(), 100, true),
            Family::MsClap2023 => (builtin::gpt2().ok(), 77, false),
            Family::Laion | Family::LaionHf | Family::Panns => (None, 77, true),
        };
        let place = files.folder.or(weights.parent()).unwrap_or(weights);
        Ok(Self {
            tokenizer: beside.or(built_in),
            max,
            keep_end,
            place: place.to_path_buf(),
        })
    }
}

#[cfg(test)]
mod tests;
