//! The folder of a model as sentence-transformers writes it -> [`SentenceBert`].
//!
//! | file | content |
//! |---|---|
//! | `modules.json` | which parts follow each other, and their folders; may be missing |
//! | `config.json` | heads and epsilon of the BERT; all other sizes are those of its tensors |
//! | `model.safetensors`, `pytorch_model.bin` | the BERT |
//! | `tokenizer.json` or `vocab.txt` | the words |
//! | `tokenizer_config.json`, `sentence_bert_config.json` | after how many tokens a text is cut |
//! | `1_Pooling/config.json` | how states become one embedding |
//!
//! Whatever would change an embedding and is not known here is refused.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::SentenceBert;
use crate::error::{Error, Result};
use crate::models::bert::{Bert, Kind};
use crate::tokenizer::Tokenizer;
use wsac_tensors::weights::folder::{CONFIG, json, weights_in};
use wsac_tensors::weights::{WeightFile, WeightLoader, Weights};

/// The pooling folder if no list of modules names one.
const POOLING: &str = "1_Pooling";

/// A part of the model.
#[derive(Deserialize)]
struct Module {
    /// Its folder.
    path: String,
    /// The Python class.
    #[serde(rename = "type")]
    class: String,
}

/// What of `config.json` changes an embedding.
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
    model_max_length: Option<f64>,
}

/// What of `sentence_bert_config.json` does.
#[derive(Default, Deserialize)]
struct Lengths {
    max_seq_length: Option<usize>,
}

/// What of `config_sentence_transformers.json` does.
#[derive(Default, Deserialize)]
struct Prompts {
    default_prompt_name: Option<String>,
}

impl SentenceBert {
    /// Opens the `folder` of a model as sentence-transformers writes it: `config.json`, the weights, the tokenizer, and
    /// `1_Pooling/config.json`. (Or the file of weights in it.)
    ///
    /// # Errors
    /// Where something is missing or damaged, or the model is no BERT with mean pooling over an uncased vocabulary.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        open(folder.as_ref())
    }
}

/// Opens the model of `path`: its folder, or the file of weights in it.
fn open(path: &Path) -> Result<SentenceBert> {
    let root = match path.is_file() {
        true => path.parent().unwrap_or(path),
        false => path,
    };
    let (folder, pooling) = modules(root)?;
    check_pooling(&pooling)?;
    let prompts: Prompts =
        json(&root.join("config_sentence_transformers.json"))?.unwrap_or_default();
    if let Some(prompt) = prompts.default_prompt_name {
        return Err(Error::model(
            root,
            format!("puts the prompt {prompt:?} before every text, which wsac does not"),
        ));
    }
    let config = config(&folder)?;
    let weights = match path.is_file() {
        true => path.to_path_buf(),
        false => weights_in(&folder)?,
    };
    let bert = read(&WeightFile::open(weights)?, &config)?;
    let (tokenizer, longest) = tokens(&folder)?;
    SentenceBert::new(called(root), tokenizer, bert, longest)
        .map_err(|why| Error::model(&folder, why.to_string()))
}

/// The folders of the transformer and of the pooling.
fn modules(root: &Path) -> Result<(PathBuf, PathBuf)> {
    let list = root.join("modules.json");
    let Some(modules) = json::<Vec<Module>>(&list)? else {
        return Ok((root.to_path_buf(), root.join(POOLING)));
    };
    let (mut transformer, mut pooling) = (root.to_path_buf(), root.join(POOLING));
    for Module { path, class } in &modules {
        let inside = |c: Component| matches!(c, Component::Normal(_));
        if !Path::new(path).components().all(inside) {
            return Err(Error::model(
                &list,
                format!("names {path:?}, which is no folder in it"),
            ));
        }
        match class.rsplit('.').next().unwrap_or(class) {
            "Transformer" => transformer = root.join(path),
            "Pooling" => pooling = root.join(path),
            // Embeddings are of unit length here whether the model asks for it or not, as in aac-metrics.
            "Normalize" => {}
            other => {
                let why = format!("has a part {other:?}; only a BERT with mean pooling is known");
                return Err(Error::model(&list, why));
            }
        }
    }
    Ok((transformer, pooling))
}

/// Whether the pooling in `folder` is the mean; without a setting it is, as in sentence-transformers.
fn check_pooling(folder: &Path) -> Result<()> {
    let path = folder.join(CONFIG);
    let Some(config) = json::<Map<String, Value>>(&path)? else {
        return Ok(());
    };
    let modes = match config.get("pooling_mode") {
        Some(Value::String(mode)) => vec![mode.as_str()],
        Some(Value::Array(modes)) => modes.iter().filter_map(Value::as_str).collect(),
        _ => {
            let modes = config.iter().filter(|(_, on)| **on == Value::Bool(true));
            modes
                .filter_map(|(mode, _)| mode.strip_prefix("pooling_mode_"))
                .collect()
        }
    };
    match modes[..] {
        ["mean" | "mean_tokens"] => Ok(()),
        _ => {
            let why = format!(
                "pools by {}; only the mean of all tokens is known",
                modes.join(" and ")
            );
            Err(Error::model(path, why))
        }
    }
}

/// The settings in `folder` of a BERT that is known.
fn config(folder: &Path) -> Result<Config> {
    let path = folder.join(CONFIG);
    let wrong = |why: String| Err(Error::model(&path, why));
    let Some(config) = json::<Config>(&path)? else {
        return wrong(
            "is missing; give the whole folder of a model, as sentence-transformers writes it"
                .into(),
        );
    };
    let Config {
        model_type,
        hidden_act,
        position_embedding_type,
        ..
    } = &config;
    if model_type != "bert" {
        return wrong(format!("is of a {model_type:?}; only a BERT is known"));
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

/// The BERT of `file`, whose tensors may all be called `bert.`, as those of a model with a head are.
fn read(file: &dyn Weights, config: &Config) -> Result<Bert> {
    let reading = WeightLoader::new(file);
    let with_head = file
        .shape("bert.embeddings.word_embeddings.weight")
        .is_some();
    let kind = Kind {
        heads: config.num_attention_heads,
        eps: config.layer_norm_eps,
        ..Kind::BERT
    };
    let bert = Bert::read(&reading, if with_head { "bert." } else { "" }, kind)?;
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
fn tokens(folder: &Path) -> Result<(Tokenizer, usize)> {
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
    let tokenizer = Tokenizer::find(folder)?.ok_or_else(|| {
        Error::model(
            folder,
            "has no tokenizer; put an uncased BERT's tokenizer.json or vocab.txt there",
        )
    })?;
    let lengths: Lengths = json(&folder.join("sentence_bert_config.json"))?.unwrap_or_default();
    let length = |length: f64| length.clamp(0.0, 1e9) as usize;
    let longest = lengths
        .max_seq_length
        .or(settings.model_max_length.map(length));
    Ok((tokenizer, longest.unwrap_or(usize::MAX)))
}

/// What the model in `folder` is called.
fn called(folder: &Path) -> String {
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
