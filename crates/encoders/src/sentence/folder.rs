//! The folder of a model as sentence-transformers writes it -> [`SentenceBert`].
//!
//! | file | content |
//! |---|---|
//! | `modules.json` | which parts follow each other, and their folders; may be missing |
//! | `config.json`, weights, tokenizer | the BERT: see [`bert_folder`](crate::bert_folder) |
//! | `sentence_bert_config.json` | after how many tokens a text is cut |
//! | `1_Pooling/config.json` | how states become one embedding |
//!
//! Whatever would change an embedding and is not known here is refused.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::SentenceBert;
use crate::bert_folder::{BertFolder, name_of};
use crate::error::{Error, Result};
use wsac_tensors::weights::folder::{CONFIG, json};

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
    /// Where something is missing or damaged, or the model is no BERT with mean pooling over an uncased vocabulary, and no
    /// RoBERTa.
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
    let model = BertFolder::open(&folder, path.is_file().then_some(path))?;
    let lengths: Lengths = json(&folder.join("sentence_bert_config.json"))?.unwrap_or_default();
    let longest = lengths.max_seq_length.or(model.longest);
    let longest = longest.unwrap_or(usize::MAX);
    SentenceBert::new(name_of(root), model.tokenizer, model.bert, longest)
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
