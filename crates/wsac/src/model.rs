//! A captioner on disk, the one thing passed between `train`, `caption` and later commands: the run folder.
//!
//! | file | content |
//! |---|---|
//! | `config.json` | [`RunConfig`]: the encoder, the decoder's shape, how it was trained, how it wants to be used |
//! | `decoder.safetensors` | the decoder's weights under the reference code's names, f32 or f16 |
//! | `tokenizer.json` | the vocabulary, as Hugging Face tools read it |
//! | `memory.safetensors` | captions and their embeddings; optional where the strategy is direct |
//! | `clauses.safetensors` | optional: clauses (one sound each) and their embeddings, for recordings of several sounds |
//! | `keywords.safetensors` | optional: names of sounds and their embeddings, for a decoder that is prompted with them |
//! | `gap.safetensors` | optional: the modality gap `gap` [d] |
//!
//! A run folder also holds `train.toml`, `log.jsonl` and a `README.md`, which nothing here reads.

mod defaults;
pub(crate) mod gpt2;
pub mod import;
mod remember;

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bridge::{Bridge, Compat};
use crate::decoder::{Config, Decoder, Mapper};
use crate::error::{Error, Result};
use crate::memory::{Centre, Memory};
use crate::prompt::Prompting;
pub use defaults::Defaults;
pub use gpt2::Gpt2;
pub use remember::Remembering;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_encoders::{EmbeddingSpace, assets};
use wsac_tensors::atomic_file::write_whole;
pub use wsac_tensors::dtype::StorageDtype;
use wsac_tensors::safetensors::{TensorFile, Tensors};

/// The contents of `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// The captioner's name, as written in results.
    pub name: String,
    /// The encoder of its embedding space: `mini`, or a path; one that begins with `./` is relative to the run folder
    /// itself (and is resolved from where it was read).
    pub clap: String,
    /// That space's [`EmbeddingSpace::identity`]; if empty, the same as `clap`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub space: String,
    /// The decoder's shape.
    pub decoder: Config,
    /// The best strategy for it.
    pub bridge: Bridge,
    /// Whether similarities to the memory are measured from the memory's mean.
    pub centred: bool,
    /// Whether the decoder was trained on the embeddings of clauses, so that several sounds can condition it.
    pub clauses: bool,
    /// Whether it was trained on unit embeddings, so that projections are scaled to unit length.
    pub renormalise: bool,
    /// The variance of the noise it was trained with.
    pub noise_variance: f64,
    /// Which order of normalising, noise and shift it was trained with.
    pub compat: Compat,
    /// The kind of its prompt.
    #[serde(default, skip_serializing_if = "Prompting::is_none")]
    pub prompt: Prompting,
    /// Whether it was trained on text embeddings, and not on audio as ClapCap was.
    #[serde(default)]
    pub from_text: bool,
}

/// A captioner without its encoder: it turns embeddings into captions.
#[derive(Debug)]
pub struct Model {
    /// Its configuration.
    pub card: RunConfig,
    /// Its decoder.
    pub decoder: Decoder,
    /// Its vocabulary.
    pub tokenizer: Tokenizer,
    /// Its memory of captions; an imported decoder may have none, and is then used directly.
    pub memory: Option<Memory>,
    /// Its memory of clauses, one sound each, for the parts of a recording. Present if [`RunConfig::clauses`].
    pub clauses: Option<Memory>,
    /// The names of sounds and their embeddings, if it is prompted with them.
    pub keywords: Option<Memory>,
    /// The modality gap [d] it was trained with, if any.
    pub gap: Option<Vec<f32>>,
}

impl Model {
    /// Reads a run folder.
    ///
    /// # Errors
    /// If a file is missing, damaged, or does not fit the others.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        if !folder.is_dir() {
            return Err(Error::model(
                folder,
                "is no folder of a captioner; give one that `wsac train` has made",
            ));
        }
        let mut model = Self::read(folder, |name| match fs::read(folder.join(name)) {
            Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io(folder.join(name), e)),
        })?;
        if let Some(inside) = model.card.clap.strip_prefix("./") {
            model.card.clap = folder.join(inside).to_string_lossy().into_owned();
        }
        Ok(model)
    }

    /// Reads a captioner from `file(name)`, wherever that finds it; `folder` names it in messages.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn read<'a>(
        folder: &Path,
        file: impl Fn(&str) -> Result<Option<Cow<'a, [u8]>>>,
    ) -> Result<Self> {
        let need = |name: &str| -> Result<(PathBuf, Cow<'a, [u8]>)> {
            let missing = || {
                Error::model(
                    folder,
                    format!("has no {name}; is it a finished run of `wsac train`?"),
                )
            };
            Ok((folder.join(name), file(name)?.ok_or_else(missing)?))
        };
        let (path, bytes) = need("config.json")?;
        let card: RunConfig = serde_json::from_slice(&bytes)
            .map_err(|e| Error::model(&path, format!("does not describe a captioner ({e})")))?;
        let (path, bytes) = need("tokenizer.json")?;
        let tokenizer = Tokenizer::from_json(&bytes, &path)?;
        let (path, bytes) = need("decoder.safetensors")?;
        let tensors = Tensors::parse(&path, &bytes)?;
        let decoder = Decoder::with_weights(card.decoder.clone(), |name, shape| {
            Ok(tensors.get(name, shape)?)
        })?;
        if tokenizer.len() != card.decoder.vocab {
            let (words, rows) = (tokenizer.len(), card.decoder.vocab);
            return Err(Error::model(
                folder,
                format!("the tokenizer has {words} words but the decoder {rows}"),
            ));
        }
        let memory = |(path, bytes): (PathBuf, Cow<'a, [u8]>)| -> Result<Memory> {
            let mut memory = Memory::from_bytes(&path, &bytes)?;
            if memory.dim() != card.decoder.embedding {
                let (has, wants) = (memory.dim(), card.decoder.embedding);
                let reason =
                    format!("holds embeddings of width {has}, but the decoder takes {wants}");
                return Err(Error::model(path, reason));
            }
            memory.set_centre(card.centre());
            Ok(memory)
        };
        let captions = match file("memory.safetensors")? {
            None if card.bridge == Bridge::Direct => None,
            _ => Some(memory(need("memory.safetensors")?)?),
        };
        let clauses = if card.clauses {
            Some(memory(need("clauses.safetensors")?)?)
        } else {
            None
        };
        let keywords = match card.prompt {
            Prompting::Keywords { .. } => Some(memory(need("keywords.safetensors")?)?),
            _ => None,
        };
        let gap = match file("gap.safetensors")? {
            None => None,
            Some(bytes) => {
                let path = folder.join("gap.safetensors");
                Some(Tensors::parse(&path, &bytes)?.get("gap", &[card.decoder.embedding])?)
            }
        };
        Ok(Self {
            card,
            decoder,
            tokenizer,
            memory: captions,
            clauses,
            keywords,
            gap,
        })
    }

    /// Writes a run folder; each file is written whole or not at all.
    ///
    /// # Errors
    /// If the folder or a file cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>, precision: StorageDtype) -> Result<()> {
        precision.check_weights("a decoder's weights")?;
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let mut weights = TensorFile::new();
        for spec in self.decoder.layout().specs() {
            let values = &self.decoder.weights()[spec.range.clone()];
            match precision {
                StorageDtype::F32 => weights.f32(&spec.name, &spec.shape, values),
                _ => weights.f16(&spec.name, &spec.shape, values),
            }
        }
        weights.save(folder.join("decoder.safetensors"))?;
        write_whole(
            &folder.join("tokenizer.json"),
            self.tokenizer.to_json()?.as_bytes(),
        )?;
        if let Some(memory) = &self.memory {
            write_whole(&folder.join("memory.safetensors"), &memory.to_bytes()?)?;
        }
        if let Some(clauses) = &self.clauses {
            write_whole(&folder.join("clauses.safetensors"), &clauses.to_bytes()?)?;
        }
        if let Some(keywords) = &self.keywords {
            write_whole(&folder.join("keywords.safetensors"), &keywords.to_bytes()?)?;
        }
        if let Some(gap) = &self.gap {
            save_gap(gap, &folder.join("gap.safetensors"))?;
        }
        // Last, so that a folder with a config.json is complete.
        let card =
            serde_json::to_string_pretty(&self.card).map_err(|e| Error::Config(e.to_string()))?;
        Ok(write_whole(
            &folder.join("config.json"),
            format!("{card}\n").as_bytes(),
        )?)
    }
}

impl Model {
    /// The captioner of `mini`: decoder, vocabulary and memory of the bundle.
    ///
    /// # Errors
    /// If this build has none.
    pub fn bundled() -> Result<Self> {
        Self::read(Path::new("mini"), |name| {
            Ok(assets::file(&format!("mini/{name}"))
                .ok()
                .map(Cow::Borrowed))
        })
    }

    /// Whether it is ClapCap, which was trained on audio: a baseline that is used as in its own code.
    pub fn is_clapcap(&self) -> bool {
        !self.card.from_text && matches!(self.decoder.config().mapper, Mapper::Transformer { .. })
    }

    /// Checks that the embeddings of `space` are those that it was trained on.
    ///
    /// # Errors
    /// If they are not.
    pub fn check_space(&self, space: &EmbeddingSpace) -> Result<()> {
        let RunConfig {
            name,
            clap,
            space: own,
            ..
        } = &self.card;
        let own = if own.is_empty() { clap } else { own };
        if *own == space.identity {
            return Ok(());
        }
        let (given, theirs) = (&space.name, &space.identity);
        Err(Error::Config(format!(
            "the captioner {name} learned from the embeddings of {clap} ({own}), not from those of {given} ({theirs}); \
             train one with `wsac train --clap {given}`"
        )))
    }
}

impl RunConfig {
    /// The point that similarities to the memory are measured from.
    pub fn centre(&self) -> Centre {
        if self.centred {
            Centre::MemoryMean
        } else {
            Centre::None
        }
    }
}

/// Writes the modality gap [d] (Eq. 2) as a file that `train --shift` reads.
///
/// # Errors
/// If the file cannot be written.
pub fn save_gap(gap: &[f32], path: &Path) -> Result<()> {
    let mut file = TensorFile::new();
    file.f32("gap", &[gap.len()], gap);
    Ok(file.save(path)?)
}

/// Reads the modality gap that [`save_gap`] wrote, for embeddings of width `dim`.
///
/// # Errors
/// If the file is damaged or the gap has another width.
pub fn load_gap(path: &Path, dim: usize) -> Result<Vec<f32>> {
    let bytes = fs::read(path).map_err(|e| Error::io(path, e))?;
    Ok(Tensors::parse(path, &bytes)?.get("gap", &[dim])?)
}
