//! The folder of a BERT or a RoBERTa as Hugging Face's transformers writes it -> its network and its tokenizer.
//!
//! | file | content |
//! |---|---|
//! | `config.json` | which of the two, its heads and its epsilon; all other sizes are those of its tensors |
//! | `model.safetensors`, `pytorch_model.bin` | the network |
//! | `tokenizer.json`, `vocab.txt`, or `vocab.json` and `merges.txt` | the words |
//! | `tokenizer_config.json` | after how many tokens a text is cut |
//!
//! Whatever would change a state and is not known here is refused.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::models::bert::{Bert, Kind};
use crate::tokenizer::Tokenizer;
use wsac_tensors::weights::folder::{CONFIG, json, weights_in};
use wsac_tensors::weights::{WeightFile, WeightLoader, Weights};

/// What a folder holds.
#[derive(Debug)]
pub struct BertFolder {
    /// The network.
    pub bert: Bert,
    /// Texts to the ids that it knows.
    pub tokenizer: Tokenizer,
    /// After how many tokens its makers cut a text, where they said so.
    pub longest: Option<usize>,
}

impl BertFolder {
    /// Opens `folder`, with the weights of another file where given.
    ///
    /// # Errors
    /// Where something is missing or damaged, or the model is neither a BERT over an uncased vocabulary nor a RoBERTa.
    pub fn open(folder: &Path, weights: Option<&Path>) -> Result<Self> {
        let config = config(folder)?;
        let weights = match weights {
            Some(file) => file.to_path_buf(),
            None => weights_in(folder)?,
        };
        let bert = read(&WeightFile::open(weights)?, &config)?;
        let (tokenizer, longest) = tokens(folder)?;
        Ok(Self {
            bert,
            tokenizer,
            longest,
        })
    }
}

/// RoBERTa's `model_type`.
const ROBERTA: &str = "roberta";

/// What of `config.json` changes a state.
#[derive(Deserialize)]
struct Config {
    #[serde(default = "bert")]
    model_type: String,
    num_attention_heads: usize,
    num_hidden_layers: Option<usize>,
    #[serde(default = "eps")]
    layer_norm_eps: f32,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
}

fn bert() -> String {
    "bert".into()
}

fn eps() -> f32 {
    Kind::BERT.eps
}

fn gelu() -> String {
    "gelu".into()
}

fn absolute() -> String {
    "absolute".into()
}

/// What of `tokenizer_config.json` does.
#[derive(Default, Deserialize)]
struct Tokens {
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    add_prefix_space: Option<bool>,
    model_max_length: Option<f64>,
}

/// The settings in `folder` of a BERT that is known.
fn config(folder: &Path) -> Result<Config> {
    let path = folder.join(CONFIG);
    let wrong = |why: String| Err(Error::model(&path, why));
    let Some(config) = json::<Config>(&path)? else {
        return wrong(
            "is missing; give the whole folder of a model, as transformers and sentence-transformers write it"
                .into(),
        );
    };
    let Config {
        model_type,
        hidden_act,
        position_embedding_type,
        ..
    } = &config;
    if !matches!(model_type.as_str(), "bert" | ROBERTA) {
        return wrong(format!(
            "is of a {model_type:?}; only a BERT or a RoBERTa is known"
        ));
    }
    if !matches!(hidden_act.as_str(), "gelu" | "gelu_python") {
        return wrong(format!(
            "asks for the activation {hidden_act:?}; only gelu is known"
        ));
    }
    if position_embedding_type != "absolute" {
        return wrong(format!(
            "asks for {position_embedding_type:?} positions; only absolute ones are known"
        ));
    }
    Ok(config)
}

/// The network of `file`, whose tensors may all be called `bert.` or `roberta.`, as those of a model with a head are.
fn read(file: &dyn Weights, config: &Config) -> Result<Bert> {
    let reading = WeightLoader::new(file);
    let words = |prefix: &&str| {
        let name = format!("{prefix}embeddings.word_embeddings.weight");
        file.shape(&name).is_some()
    };
    let prefix = ["bert.", "roberta."].into_iter().find(words);
    let kind = Kind {
        heads: config.num_attention_heads,
        eps: config.layer_norm_eps,
        first_position: match config.model_type.as_str() {
            ROBERTA => 2,
            _ => Kind::BERT.first_position,
        },
    };
    let bert = Bert::read(&reading, prefix.unwrap_or_default(), kind)?;
    reading.finish(|_| true)?;
    match config.num_hidden_layers {
        Some(told) if told != bert.depth() => Err(Error::model(
            file.path(),
            format!(
                "has {} layers, but its {CONFIG} tells of {told}",
                bert.depth()
            ),
        )),
        _ => Ok(bert),
    }
}

/// What texts are split with, and after how many tokens they are cut.
fn tokens(folder: &Path) -> Result<(Tokenizer, Option<usize>)> {
    let path = folder.join("tokenizer_config.json");
    let settings: Tokens = json(&path)?.unwrap_or_default();
    if [
        settings.do_lower_case,
        settings.strip_accents,
        settings.tokenize_chinese_chars,
    ]
    .contains(&Some(false))
    {
        let why = "keeps case or accents, or does not part Chinese characters; only an uncased BERT's words are known";
        return Err(Error::model(path, why));
    }
    if settings.add_prefix_space == Some(true) {
        let why = "puts a space before every text, which wsac does not";
        return Err(Error::model(path, why));
    }
    let tokenizer = Tokenizer::find(folder)?.ok_or_else(|| {
        Error::model(
            folder,
            "has no tokenizer; put the tokenizer.json, vocab.txt, or vocab.json and merges.txt of the model there",
        )
    })?;
    let length = |length: f64| length.clamp(0.0, 1e9) as usize;
    Ok((tokenizer, settings.model_max_length.map(length)))
}

/// What the model in `folder` is called: the folder's name; of a snapshot in the cache of the hub the model's, without its
/// owner.
pub fn name_of(folder: &Path) -> String {
    let path = std::path::absolute(folder).unwrap_or_else(|_| folder.into());
    let mut names = path
        .components()
        .rev()
        .map(|name| name.as_os_str().to_string_lossy());
    let own = names.next().unwrap_or_default();
    // The cache of the hub: models--OWNER--NAME/snapshots/REVISION.
    match (names.next().as_deref(), names.next()) {
        (Some("snapshots"), Some(model)) if model.starts_with("models--") => {
            model.rsplit("--").next().unwrap_or_default().to_owned()
        }
        _ => own.into_owned(),
    }
}
