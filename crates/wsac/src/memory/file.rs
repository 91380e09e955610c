//! A memory on disk: one safetensors file with captions and embeddings.

use std::path::Path;

use super::Memory;
use crate::error::{Error, Result};
use crate::texts::Texts;
use wsac_tensors::matrix::EmbeddingMatrix;
use wsac_tensors::safetensors::{TensorFile, Tensors};

impl Memory {
    /// The memory as a safetensors file: `embeddings` [N, d] (and `embeddings.scale` [N] where int8), `captions` (UTF-8
    /// text), `offsets` u32 [N + 1], `centre` [d] where similarities are measured from a mean, and `centre.sounds` [d] where
    /// sounds are measured from their own.
    ///
    /// # Errors
    /// If the numbers cannot be written; never for a memory that was made or loaded here.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        Ok(self.file().to_bytes()?)
    }

    /// Writes [`Memory::to_bytes`] to `path`, all at once.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(self.file().save(path)?)
    }

    fn file(&self) -> TensorFile {
        let mut file = TensorFile::new();
        self.rows.write(&mut file, "embeddings");
        let (text, offsets) = self.captions.to_parts();
        file.bytes("captions", text.as_bytes());
        file.u32("offsets", &offsets);
        if let Some(centring) = &self.centring {
            file.f32("centre", &[self.dim()], &centring.mean);
            if let Some(sounds) = &centring.sounds {
                file.f32("centre.sounds", &[self.dim()], sounds);
            }
        }
        if let Some(text) = &self.description {
            file.describe(text);
        }
        file
    }

    /// Reads what [`Memory::to_bytes`] made; `path` is its name in messages. Embeddings may be f32, f16, bf16 or int8
    /// with scales, and are scaled to unit length.
    ///
    /// # Errors
    /// If `bytes` are no memory, or its parts do not fit each other.
    pub fn from_bytes(path: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        Self::read(&Tensors::parse(path, bytes)?)
    }

    /// The memory in the file `path`, as [`Memory::from_bytes`] reads it; its rows are mapped, not read into memory, and must
    /// not be changed there meanwhile (another file may be renamed over it).
    ///
    /// # Errors
    /// If the file cannot be read or is no memory.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::read(&Tensors::map(path)?)
    }

    fn read(tensors: &Tensors) -> Result<Self> {
        let wrong = |why: String| {
            Error::model(
                tensors.path(),
                format!("is no memory that wsac can use: {why}"),
            )
        };
        let mut rows = EmbeddingMatrix::read(tensors, "embeddings")?;
        rows.normalise().map_err(|e| wrong(e.to_string()))?;
        let text = std::str::from_utf8(tensors.get_bytes("captions")?)
            .map_err(|_| wrong("its captions are not UTF-8".into()))?;
        let captions = Texts::from_parts(text.to_owned(), &tensors.get_u32("offsets")?)
            .ok_or_else(|| wrong("the offsets of its captions do not fit their text".into()))?;
        let mut memory = Self::from_parts(captions, rows).map_err(wrong)?;
        let point = |name: &str| -> Result<Option<Vec<f32>>> {
            if tensors.shape(name).is_none() {
                return Ok(None);
            }
            let point = tensors.get(name, &[memory.dim()])?;
            if !point.iter().all(|x| x.is_finite()) {
                return Err(wrong("its centre is not finite".into()));
            }
            Ok(Some(point))
        };
        let (mean, sounds) = (point("centre")?, point("centre.sounds")?);
        if let Some(mean) = mean {
            memory.centre_on(mean);
            (memory.centring.iter_mut()).for_each(|c| c.sounds = sounds.clone());
        }
        memory.description = tensors.description().map(str::to_owned);
        Ok(memory)
    }
}
