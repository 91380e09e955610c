//! PyTorch checkpoints (.pt, .pth, .ckpt, .bin): a file -> tensors by name, each read when it is asked for.
//!
//! Two containers are known: the zip of PyTorch 1.6 and later, and the run of pickles before it. Both hold a pickle that
//! describes tensors as strided views of storages, and the storages' bytes. Only the pickle is read at first; a tensor
//! later takes just the bytes it spans.

mod legacy;
mod state;
mod storage;
mod zipped;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use safetensors::Dtype;

use super::{Buffer, Weights, pickle};
use crate::error::{Error, Result};
use crate::safetensors::widen;
pub(super) use legacy::{MAGIC, MAGIC_TEXT};
use storage::{Fault, Pieces};

/// At most so many numbers a tensor may have that repeats those of a smaller storage (stride 0).
const MAX_REPEATED: usize = 1 << 24;
/// So many bytes are read at once where numbers must be converted.
const CHUNK: usize = 1 << 20;

/// An open PyTorch checkpoint.
#[derive(Debug)]
pub(super) struct TorchFile {
    path: PathBuf,
    file: Mutex<File>,
    tensors: BTreeMap<String, Tensor>,
    skipped: Vec<String>,
    settings: BTreeMap<String, String>,
}

/// A strided view of numbers in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    /// In numbers, as `offset`.
    strides: Vec<usize>,
    offset: usize,
    /// Where the storage begins in the file, in bytes.
    begin: u64,
}

impl TorchFile {
    /// Opens a zip archive as `torch.save` writes it.
    pub fn zipped(path: &Path, file: File) -> Result<Self> {
        Self::new(path, zipped::read(&file), file)
    }

    /// Opens a file that begins with [`MAGIC`].
    pub fn legacy(path: &Path, file: File) -> Result<Self> {
        Self::new(path, legacy::read(&file), file)
    }

    fn new(
        path: &Path,
        read: std::result::Result<(pickle::Pickle, Pieces), Fault>,
        file: File,
    ) -> Result<Self> {
        let tensors = read.and_then(|(pickle, pieces)| {
            let found = state::find(&pickle)?;
            let mut tensors = BTreeMap::new();
            for (name, view) in found.tensors {
                let tensor = place(&pickle, &pieces, view)
                    .map_err(|why| format!("is damaged: tensor {name} {why}"))?;
                tensors.insert(name, tensor);
            }
            Ok((tensors, found.skipped, found.settings))
        });
        let (tensors, skipped, settings) = tensors.map_err(|why| Error::model(path, why))?;
        Ok(Self {
            path: path.to_path_buf(),
            file: Mutex::new(file),
            tensors,
            skipped,
            settings,
        })
    }

    /// What lies beside the state dict and is not read (optimiser, settings, ..).
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// The text called `name` beside the state dict.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    fn read_at(&self, from: u64, bytes: &mut [u8]) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(from))
            .and_then(|_| file.read_exact(bytes))
            .map_err(|e| Error::io(&self.path, e))
    }

    /// Number `place` of tensor `name`, counted row by row; `None` where there is none.
    pub fn number(&self, name: &str, place: usize) -> Option<f32> {
        let tensor = self.tensors.get(name)?;
        let size = tensor.dtype.bitsize() / 8;
        let mut bytes = [0; 8];
        let bytes = bytes.get_mut(..size).filter(|_| place < tensor.count())?;
        let at = (tensor.offset + tensor.place(place)) * size;
        self.read_at(tensor.begin + at as u64, bytes).ok()?;
        let mut number = Vec::new();
        widen(tensor.dtype, bytes, &mut number);
        number.first().copied()
    }

    /// The numbers of `tensor` in the order of its shape.
    fn read(&self, tensor: &Tensor) -> Result<Option<Vec<f32>>> {
        let size = tensor.dtype.bitsize() / 8;
        let begin = tensor.begin + (tensor.offset * size) as u64;
        let (count, span) = (tensor.count(), tensor.span());
        if tensor.dtype == Dtype::F32 && tensor.is_contiguous() && cfg!(target_endian = "little") {
            let mut numbers = vec![0f32; count];
            self.read_at(begin, bytemuck::cast_slice_mut(&mut numbers))?;
            return Ok(Some(numbers));
        }
        let mut numbers = Vec::with_capacity(span);
        let mut chunk = vec![0; CHUNK.min(span * size)];
        for from in (0..span * size).step_by(CHUNK) {
            let chunk = &mut chunk[..CHUNK.min(span * size - from)];
            self.read_at(begin + from as u64, chunk)?;
            if !widen(tensor.dtype, chunk, &mut numbers) {
                return Ok(None);
            }
        }
        Ok(Some(match tensor.is_contiguous() {
            true => numbers,
            false => tensor.gather(&numbers),
        }))
    }
}

impl Weights for TorchFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> Vec<&str> {
        self.tensors.keys().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.tensors.get(name)?.shape.clone())
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<Buffer> {
        let wrong = |what: String| Error::model(&self.path, format!("tensor {name} {what}"));
        let tensor = self
            .tensors
            .get(name)
            .ok_or_else(|| wrong("is missing".into()))?;
        if tensor.shape != shape {
            let found = &tensor.shape;
            return Err(wrong(format!("has shape {found:?}, not {shape:?}")));
        }
        let numbers = self.read(tensor)?;
        numbers.map(Buffer::from).ok_or_else(|| {
            let kind = tensor.dtype;
            wrong(format!("holds {kind:?}, which wsac cannot read"))
        })
    }
}

/// Where the numbers of `view` lie, once it is sure that all of them lie within its storage.
fn place(
    pickle: &pickle::Pickle,
    pieces: &Pieces,
    view: &pickle::Tensor,
) -> std::result::Result<Tensor, Fault> {
    let key = pickle.text(view.storage.key).unwrap_or_default();
    let piece = pieces.get(key).ok_or("has no storage in the file")?;
    let size = view.dtype.bitsize() / 8;
    let stored = usize::try_from(piece.bytes).map_err(|_| "is too large")? / size.max(1);
    let beyond = "lies beyond its storage";
    let offset = view.offset.checked_add(view.storage.first).ok_or(beyond)?;
    let tensor = Tensor {
        dtype: view.dtype,
        shape: view.shape.clone(),
        strides: view.strides.clone(),
        offset,
        begin: piece.begin,
    };
    let count = (view.shape.iter()).try_fold(1usize, |n, &size| n.checked_mul(size));
    let count = count.ok_or("has an impossible shape")?;
    if count == 0 {
        return Ok(Tensor {
            offset: 0,
            ..tensor
        });
    }
    let last = (view.shape.iter().zip(&view.strides)).try_fold(offset, |at, (&size, stride)| {
        at.checked_add((size - 1).checked_mul(*stride)?)
    });
    match last {
        Some(last) if last < stored => {}
        _ => return Err(beyond.into()),
    }
    match count <= stored.max(MAX_REPEATED) {
        true => Ok(tensor),
        false => Err("has an impossible shape".into()),
    }
}

impl Tensor {
    fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// How many numbers lie between its first and its last one, both counted.
    fn span(&self) -> usize {
        let steps = self.shape.iter().zip(&self.strides);
        match self.count() {
            0 => 0,
            _ => {
                1 + steps
                    .map(|(size, stride)| (size - 1) * stride)
                    .sum::<usize>()
            }
        }
    }

    /// Where the number is that is the `index`-th row by row, counted from the first one.
    fn place(&self, mut index: usize) -> usize {
        let mut at = 0;
        for (size, stride) in self.shape.iter().zip(&self.strides).rev() {
            at += index % size * stride;
            index /= size;
        }
        at
    }

    /// Whether its numbers follow each other row by row.
    fn is_contiguous(&self) -> bool {
        let mut step = 1;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if size > 1 && stride != step {
                return false;
            }
            step *= size.max(1);
        }
        true
    }

    /// Its numbers row by row, out of all those it spans.
    fn gather(&self, spanned: &[f32]) -> Vec<f32> {
        let mut numbers = Vec::with_capacity(self.count());
        let mut index = vec![0; self.shape.len()];
        let mut at = 0;
        for _ in 0..self.count() {
            numbers.push(spanned[at]);
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                at += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                at -= index[axis] * self.strides[axis];
                index[axis] = 0;
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests;
