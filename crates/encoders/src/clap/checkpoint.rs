//! The files of a CLAP on disk: our own folder, a Hugging Face folder, or a checkpoint alone; and the writer of ours.
//!
//! Ours holds `clap.json` (what it is and where it came from), `model.safetensors` (the model's tensors under their own
//! names), and what the source had beside its weights: the tokenizer's files and a configuration.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use half::f16;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clap::audio_tower::ClapAudio;
use crate::clap::family::Family;
use crate::clap::text_tower::{ClapText, TextFiles};
use crate::clap::windowing::Windows;
use crate::error::{Error, Result};
use wsac_tensors::atomic_file::write_whole;
use wsac_tensors::dtype::StorageDtype;
use wsac_tensors::safetensors::{Planned, write};
use wsac_tensors::weights::folder::{CONFIG, HF_WEIGHTS, WEIGHTS, json, weights_in};
use wsac_tensors::weights::{UnusedKeys, WeightFile, WeightLoader, Weights};

/// The marker of our own folders.
pub const CARD: &str = "clap.json";
/// The version of our folders.
const FORMAT: u32 = 1;
/// What belongs to a model beside its weights.
const BESIDE: [&str; 7] = [
    CONFIG,
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
];
/// So many numbers of each tensor make the fingerprint.
const SAMPLES: usize = 8;

/// A CLAP as it lies on disk.
#[derive(Debug)]
pub struct ClapFiles {
    /// Whose it is.
    pub family: Family,
    /// Its weights, and perhaps more.
    pub weights: WeightFile,
    /// Where a tokenizer may lie beside them.
    pub folder: Option<PathBuf>,
    /// The `config.json` of a Hugging Face model.
    pub config: Option<Value>,
    /// The `preprocessor_config.json` of a Hugging Face model.
    pub preprocessor: Option<Value>,
}

/// What stands in [`CARD`].
#[derive(Debug, Serialize, Deserialize)]
struct Card {
    format: u32,
    family: String,
    source: String,
    source_sha256: String,
    precision: StorageDtype,
    tensors: usize,
}

/// What [`ClapFiles::write`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// How many tensors.
    pub tensors: usize,
    /// How many were left out, because the model has no use for them.
    pub left_out: usize,
    /// The size of the tensors in bytes.
    pub bytes: u64,
}

impl ClapFiles {
    /// Opens our folder, a Hugging Face folder (`config.json` beside `model.safetensors` or `pytorch_model.bin`), a
    /// folder with a single checkpoint, or a checkpoint. `family` is taken at its word; else it is recognised.
    ///
    /// # Errors
    /// Where there are no weights or several, they cannot be read ([`WeightFile::open`]) or are of no known family.
    pub fn open(path: impl AsRef<Path>, family: Option<Family>) -> Result<Self> {
        let path = path.as_ref();
        let is_folder = path.is_dir();
        let file = if is_folder {
            weights_in(path)?
        } else {
            path.to_path_buf()
        };
        let weights = WeightFile::open(&file)?;
        let folder = file
            .parent()
            .map(|folder| match folder.as_os_str().is_empty() {
                true => PathBuf::from("."),
                false => folder.to_path_buf(),
            });
        let in_folder = |name| folder.as_deref().map(|folder| folder.join(name));
        let card: Option<Card> = match in_folder(CARD) {
            Some(card) if is_folder => json(&card)?,
            _ => None,
        };
        if let Some(card) = card.as_ref().filter(|card| card.format != FORMAT) {
            let format = card.format;
            let reason = format!(
                "is of format {format}, this wsac knows {FORMAT}; convert the source again"
            );
            return Err(Error::model(path, reason));
        }
        let stated = card.map(|card| card.family.parse()).transpose()?;
        let family = family.or(stated).map_or_else(|| Family::of(&weights), Ok)?;
        // What lies beside a checkpoint of another name may belong to anything.
        let is_hf = HF_WEIGHTS
            .iter()
            .any(|name| file.file_name().is_some_and(|f| f == *name));
        let beside = |name| match in_folder(name) {
            Some(path) if is_hf => json(&path),
            _ => Ok(None),
        };
        Ok(Self {
            config: beside(CONFIG)?,
            preprocessor: beside("preprocessor_config.json")?,
            family,
            weights,
            folder,
        })
    }

    /// Where a tokenizer and settings may lie beside the weights.
    pub fn beside(&self) -> TextFiles<'_> {
        TextFiles {
            folder: self.folder.as_deref(),
            config: self.config.as_ref(),
        }
    }

    /// Reads the whole model once, tower by tower, to see that nothing of it is missing or wrong: its audio tower, and the
    /// tensors that no part of it asked for.
    ///
    /// # Errors
    /// Where tensors are missing, have another shape or hold what is no number; the message names them.
    pub fn check(&self) -> Result<(ClapAudio, UnusedKeys)> {
        let reading = WeightLoader::new(&self.weights);
        let audio = ClapAudio::load(self.family, &reading, Windows::default())?;
        if self.family != Family::Panns {
            ClapText::load(self.family, &reading, &self.beside())?;
        }
        let left = reading.finish(|name| self.family.has_no_use_for(name))?;
        Ok((audio, left))
    }

    /// The tensors that the model has a use for, sorted.
    fn names(&self) -> Vec<&str> {
        let mut names = self.weights.names();
        names.retain(|name| !self.family.has_no_use_for(name));
        names.sort_unstable();
        names
    }

    /// The identity of this model: 16 hexadecimal digits of family, names, shapes and some numbers of each tensor.
    /// A checkpoint and the folders made of it have the same: numbers are rounded to f16. Reads a few kilobytes.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.family.name());
        for name in self.names() {
            let shape = self.weights.shape(name).unwrap_or_default();
            let count = shape.iter().product::<usize>();
            hash.update(format!("\n{name} {shape:?}"));
            for sample in 0..SAMPLES.min(count) {
                // Spread evenly, the first and the last one among them.
                let place = sample as u128 * (count as u128 - 1) / (SAMPLES as u128 - 1);
                let number = self.weights.number(name, place as usize);
                let number = f16::from_f32(number.unwrap_or_default());
                hash.update(number.to_le_bytes());
            }
        }
        format!("{:x}", hash.finalize())[..16].to_owned()
    }

    /// Writes our folder `out`, tensor by tensor: no more than one of them is in memory. With [`StorageDtype::F16`], vectors
    /// and filter banks stay f32. `clap.json` comes last, so a
    /// folder that has it is whole. `on_progress` gets the number of bytes written.
    ///
    /// # Errors
    /// Where the source cannot be read, a number does not fit `precision`, or `out` cannot be written.
    pub fn write(
        &self,
        out: &Path,
        precision: StorageDtype,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<Written> {
        precision.check_weights("a CLAP's weights")?;
        fs::create_dir_all(out).map_err(|e| Error::io(out, e))?;
        let place = |path: &Path| path.canonicalize().ok();
        if self
            .folder
            .as_deref()
            .is_some_and(|folder| place(folder) == place(out))
        {
            return Err(Error::model(
                out,
                "is where the source lies; write to another folder",
            ));
        }
        let source_sha256 = sha256(&self.weights.files())?;
        let card = out.join(CARD);
        match fs::remove_file(&card) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::io(card, e)),
            _ => {}
        }
        let names = self.names();
        let plan = names.iter().map(|&name| {
            let shape = self.weights.shape(name).unwrap_or_default();
            let exact = shape.len() < 2 || name.ends_with("melW");
            let half = precision == StorageDtype::F16 && !exact;
            let name = name.to_owned();
            Planned { name, shape, half }
        });
        let mut plan: Vec<Planned> = plan.collect();
        let mut written = 0;
        write(
            &out.join(WEIGHTS),
            self.family.name(),
            &mut plan,
            |tensor| {
                written += tensor.bytes();
                on_progress(written);
                self.weights.get(&tensor.name, &tensor.shape)
            },
        )?;
        self.copy_beside(out)?;
        let tensors = names.len();
        let source = self.weights.path().file_name().unwrap_or_default();
        let about = Card {
            format: FORMAT,
            family: self.family.name().to_owned(),
            source: source.to_string_lossy().into_owned(),
            source_sha256,
            precision,
            tensors,
        };
        let text =
            serde_json::to_string_pretty(&about).map_err(|e| Error::model(&card, e.to_string()))?;
        write_whole(&card, format!("{text}\n").as_bytes())?;
        Ok(Written {
            tensors,
            left_out: self.weights.names().len() - tensors,
            bytes: written,
        })
    }

    /// The total size of the tensors that [`ClapFiles::write`] would write as f32, in bytes.
    pub fn bytes(&self) -> u64 {
        let shapes = self
            .names()
            .into_iter()
            .filter_map(|name| self.weights.shape(name));
        shapes
            .map(|shape| 4 * shape.iter().product::<usize>() as u64)
            .sum()
    }

    fn copy_beside(&self, out: &Path) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let has_config = |name: &str| self.config.is_some() || !name.ends_with(CONFIG);
        for name in BESIDE.into_iter().filter(|name| has_config(name)) {
            let from = folder.join(name);
            if from.is_file() {
                let bytes = fs::read(&from).map_err(|e| Error::io(&from, e))?;
                write_whole(&out.join(name), &bytes)?;
            }
        }
        Ok(())
    }
}

/// The SHA-256 of `files`, one after the other, in hexadecimal.
fn sha256(files: &[PathBuf]) -> Result<String> {
    let mut hash = Sha256::new();
    for path in files {
        let mut file = fs::File::open(path).map_err(|e| Error::io(path, e))?;
        io::copy(&mut file, &mut hash).map_err(|e| Error::io(path, e))?;
    }
    Ok(format!("{:x}", hash.finalize()))
}

#[cfg(test)]
mod tests;
