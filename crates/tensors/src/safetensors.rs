//! Named tensors on disk (safetensors): bytes -> name, shape and f32 numbers; and the writer of such files.
//!
//! Any kind of number is read as f32. An int8 tensor [rows, ..] with a companion `<name>.scale` f32 [rows] is read
//! back as `int8 * scale` of its row.

mod convert;
mod writer;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytemuck::Pod;
use half::f16;
use memmap2::Mmap;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use crate::atomic_file::write_whole;
use crate::buffer::Buffer;
use crate::error::{Error, Result};
pub use convert::widen;
use convert::words;
pub use writer::{Planned, write};

/// The key of the free text that a file of ours carries beside its tensors.
const DESCRIPTION: &str = "wsac";

/// A header longer than this is a lie.
const MAX_HEADER: u64 = 100_000_000;

/// A parsed safetensors file; the tensors stay in its bytes until they are asked for.
#[derive(Debug)]
pub struct Tensors<'a> {
    path: PathBuf,
    bytes: Bytes<'a>,
    tensors: BTreeMap<String, TensorInfo>,
    /// Where the numbers begin, from which the header counts.
    numbers: usize,
    description: Option<String>,
}

/// The content of a file, in memory or mapped.
#[derive(Debug)]
enum Bytes<'a> {
    Here(&'a [u8]),
    Mapped(Arc<Mmap>),
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Here(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

impl Tensors<'static> {
    /// Opens the safetensors file `path` without reading its numbers: they are paged in where they are used. The file
    /// must not be changed meanwhile; it may be replaced by renaming another over it.
    ///
    /// # Errors
    /// Where the file cannot be opened, or is no whole safetensors file.
    pub fn map(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        // SAFETY: the map is only read. That nobody shortens or rewrites the file meanwhile is asked of the caller, as
        // everywhere where files are mapped.
        let map = unsafe { Mmap::map(&file) }.map_err(|e| Error::io(path, e))?;
        Self::read(path, Bytes::Mapped(Arc::new(map)))
    }
}

impl<'a> Tensors<'a> {
    /// Parses the safetensors file whose content is `bytes`; `path` is its name in error messages.
    ///
    /// # Errors
    /// Where `bytes` are no whole safetensors file.
    pub fn parse(path: impl AsRef<Path>, bytes: &'a [u8]) -> Result<Self> {
        Self::read(path.as_ref(), Bytes::Here(bytes))
    }

    /// The crate checks the header against itself (offsets without gap or overlap, sizes that fit the shapes); here it
    /// is checked against the file.
    fn read(path: &Path, bytes: Bytes<'a>) -> Result<Self> {
        let broken =
            |why: &str| Error::model(path, format!("is no whole safetensors file ({why})"));
        let (length, rest) = (bytes.split_first_chunk())
            .ok_or_else(|| broken("it ends within its first 8 bytes"))?;
        let length = u64::from_le_bytes(*length);
        let header = usize::try_from(length)
            .ok()
            .filter(|_| length <= MAX_HEADER);
        let header = header.and_then(|n| rest.get(..n)).ok_or_else(|| {
            let size = bytes.len();
            broken(&format!(
                "its header should have {length} bytes, the file has {size}"
            ))
        })?;
        let parsed: Metadata =
            serde_json::from_slice(header).map_err(|e| broken(&e.to_string()))?;
        let (wanted, found) = (parsed.data_len(), rest.len() - header.len());
        if wanted != found {
            let why = format!("its tensors should have {wanted} bytes, the file has {found}");
            return Err(broken(&why));
        }
        let tensors = parsed.tensors().into_iter();
        Ok(Self {
            path: path.to_path_buf(),
            tensors: tensors.map(|(name, info)| (name, info.clone())).collect(),
            numbers: bytes.len() - found,
            description: (parsed.metadata().as_ref()).and_then(|m| m.get(DESCRIPTION).cloned()),
            bytes,
        })
    }

    /// What the file is called in messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> Vec<&str> {
        self.tensors.keys().map(String::as_str).collect()
    }

    /// The free text that [`TensorFile::describe`] put in the file.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The shape of tensor `name`, where there is one.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.tensors.get(name)?.shape.clone())
    }

    /// The numbers of tensor `name`, row-major, as f32.
    ///
    /// # Errors
    /// Where there is no such tensor, it has not this `shape`, or its numbers are of an unknown kind.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let (dtype, data) = self.view(name, shape)?;
        let scale = scale_of(name);
        if dtype == Dtype::I8 && self.tensors.contains_key(&scale) {
            let rows = shape.first().copied().unwrap_or(0);
            let scales = self.get(&scale, &[rows])?;
            let width = data.len().checked_div(rows).unwrap_or(0).max(1);
            let rows = data.chunks_exact(width).zip(&scales);
            return Ok(rows
                .flat_map(|(row, scale)| row.iter().map(move |&q| f32::from(q as i8) * scale))
                .collect());
        }
        let mut numbers = Vec::with_capacity(shape.iter().product());
        match widen(dtype, data, &mut numbers) {
            true => Ok(numbers),
            false => Err(self.wrong(name, format!("holds {dtype:?}, which wsac cannot read"))),
        }
    }

    /// Number `place` of tensor `name`, without the scale of an int8 row; `None` where there is none.
    pub fn number(&self, name: &str, place: usize) -> Option<f32> {
        let info = self.tensors.get(name)?;
        let size = info.dtype.bitsize() / 8;
        let bytes = self.bytes[self.range(info)]
            .chunks_exact(size.max(1))
            .nth(place)?;
        let mut number = Vec::new();
        widen(info.dtype, bytes, &mut number);
        number.first().copied()
    }

    /// The numbers of tensor `name` [shape] where they lie, where the file is mapped and they are of kind `dtype`.
    pub fn in_place<T: Pod>(&self, name: &str, shape: &[usize], dtype: Dtype) -> Option<Buffer<T>> {
        let info = self.tensors.get(name)?;
        match &self.bytes {
            Bytes::Mapped(map) if info.dtype == dtype && info.shape == shape => {
                Buffer::mapped(Arc::clone(map), self.range(info))
            }
            _ => None,
        }
    }

    /// What kind of numbers tensor `name` holds, where there is one.
    pub fn kind(&self, name: &str) -> Option<Dtype> {
        Some(self.tensors.get(name)?.dtype)
    }

    /// The int8 numbers of tensor `name` as stored, without their scales.
    ///
    /// # Errors
    /// Where there is no such tensor, it has not this `shape`, or is not int8.
    pub fn get_i8(&self, name: &str, shape: &[usize]) -> Result<Vec<i8>> {
        let (dtype, data) = self.view(name, shape)?;
        if dtype != Dtype::I8 {
            return Err(self.wrong(name, format!("holds {dtype:?}, not int8")));
        }
        Ok(data.iter().map(|&q| q as i8).collect())
    }

    /// The f16 numbers of tensor `name` as stored.
    ///
    /// # Errors
    /// Where there is no such tensor, it has not this `shape`, or is not f16.
    pub fn get_f16(&self, name: &str, shape: &[usize]) -> Result<Vec<f16>> {
        let (dtype, data) = self.view(name, shape)?;
        if dtype != Dtype::F16 {
            return Err(self.wrong(name, format!("holds {dtype:?}, not f16")));
        }
        Ok(words(data).map(f16::from_le_bytes).collect())
    }

    /// The bytes of tensor `name`, a list of u8 such as text.
    ///
    /// # Errors
    /// Where there is no such tensor, or it is no list of u8.
    pub fn get_bytes(&self, name: &str) -> Result<&[u8]> {
        self.list(name, Dtype::U8)
    }

    /// The numbers of tensor `name`, a list of u32.
    ///
    /// # Errors
    /// Where there is no such tensor, or it is no list of u32.
    pub fn get_u32(&self, name: &str) -> Result<Vec<u32>> {
        let data = self.list(name, Dtype::U32)?;
        Ok(words(data).map(u32::from_le_bytes).collect())
    }

    fn list(&self, name: &str, dtype: Dtype) -> Result<&[u8]> {
        let shape = self.shape(name).unwrap_or_default();
        let (found, data) = self.view(name, &shape)?;
        if found != dtype || shape.len() != 1 {
            let what = format!("holds {found:?} {shape:?}, no {dtype:?} list");
            return Err(self.wrong(name, what));
        }
        Ok(data)
    }

    fn view(&self, name: &str, shape: &[usize]) -> Result<(Dtype, &[u8])> {
        let info = (self.tensors.get(name)).ok_or_else(|| self.wrong(name, "is missing".into()))?;
        if info.shape != shape {
            let found = &info.shape;
            return Err(self.wrong(name, format!("has shape {found:?}, not {shape:?}")));
        }
        Ok((info.dtype, &self.bytes[self.range(info)]))
    }

    fn range(&self, info: &TensorInfo) -> Range<usize> {
        let (from, to) = info.data_offsets;
        self.numbers + from..self.numbers + to
    }

    /// The error that says what is wrong with tensor `name` of this file.
    pub fn wrong(&self, name: &str, what: String) -> Error {
        Error::model(&self.path, format!("tensor {name} {what}"))
    }
}

/// The name of the row scales of an int8 tensor.
fn scale_of(name: &str) -> String {
    format!("{name}.scale")
}

/// A safetensors file in the making. The same tensors give the same bytes, whatever the order they came in.
#[derive(Debug, Default)]
pub struct TensorFile {
    tensors: Vec<(String, Stored)>,
    description: Option<String>,
}

#[derive(Debug)]
struct Stored {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl safetensors::View for &Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }
    fn data_len(&self) -> usize {
        self.data.len()
    }
}

impl TensorFile {
    /// No tensors yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds free text, e.g. the settings as JSON.
    pub fn describe(&mut self, text: impl Into<String>) {
        self.description = Some(text.into());
    }

    /// Adds `values` [shape] as f32.
    pub fn f32(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let data = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.push(name, Dtype::F32, shape, data);
    }

    /// Adds `values` [shape], each rounded to f16.
    pub fn f16(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let bytes = values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes());
        self.push(name, Dtype::F16, shape, bytes.collect());
    }

    /// Adds `values` [shape] as they are.
    pub fn halves(&mut self, name: &str, shape: &[usize], values: &[f16]) {
        let data = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.push(name, Dtype::F16, shape, data);
    }

    /// Adds `values` [shape] as they are.
    pub fn i8(&mut self, name: &str, shape: &[usize], values: &[i8]) {
        let data = values.iter().map(|&q| q as u8).collect();
        self.push(name, Dtype::I8, shape, data);
    }

    /// Adds the list `values` of u8, such as text.
    pub fn bytes(&mut self, name: &str, values: &[u8]) {
        self.push(name, Dtype::U8, &[values.len()], values.to_vec());
    }

    /// Adds the list `values` of u32.
    pub fn u32(&mut self, name: &str, values: &[u32]) {
        let data = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.push(name, Dtype::U32, &[values.len()], data);
    }

    /// Adds `values` [rows, ..] as int8 and `<name>.scale` [rows]: each row's largest magnitude becomes 127.
    pub fn int8_rows(&mut self, name: &str, shape: &[usize], values: &[f32]) {
        let rows = shape.first().copied().unwrap_or(0);
        let (quantised, scales) = quantise_rows(rows, values);
        self.i8(name, shape, &quantised);
        self.f32(&scale_of(name), &[rows], &scales);
    }

    fn push(&mut self, name: &str, dtype: Dtype, shape: &[usize], data: Vec<u8>) {
        let shape = shape.to_vec();
        let stored = Stored { dtype, shape, data };
        self.tensors.push((name.to_owned(), stored));
    }

    /// The file's content.
    ///
    /// # Errors
    /// Where a tensor has not as many numbers as its shape says, or two share a name.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut by_name: Vec<_> = self.tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
        by_name.sort_by_key(|(name, _)| *name);
        if let Some(twice) = by_name.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(Error::Config(format!(
                "two tensors are called {}",
                twice[0].0
            )));
        }
        for (name, t) in &by_name {
            if t.shape.iter().product::<usize>() * t.dtype.bitsize() != t.data.len() * 8 {
                let (shape, bytes) = (&t.shape, t.data.len());
                return Err(Error::Config(format!(
                    "tensor {name} {shape:?} has {bytes} bytes"
                )));
            }
        }
        let about =
            (self.description.clone()).map(|d| HashMap::from([(DESCRIPTION.to_owned(), d)]));
        safetensors::serialize(by_name, about)
            .map_err(|e| Error::Config(format!("the tensors cannot be written ({e})")))
    }

    /// Writes the file as [`write_whole`] does.
    ///
    /// # Errors
    /// As [`TensorFile::to_bytes`], and where the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), &self.to_bytes()?)
    }
}

/// `values` [rows, width] as int8 in [-127, 127] and the scale [rows] of each row: `value ~ int8 * scale`.
/// A row of zeros has scale 0.
pub fn quantise_rows(rows: usize, values: &[f32]) -> (Vec<i8>, Vec<f32>) {
    let width = values.len().checked_div(rows).unwrap_or(0).max(1);
    let scale = |row: &[f32]| row.iter().fold(0f32, |m, x| m.max(x.abs())) / 127.0;
    let scales: Vec<f32> = values.chunks_exact(width).map(scale).collect();
    let quantised = values.chunks_exact(width).zip(&scales);
    let quantised = quantised.flat_map(|(row, &s)| {
        let inverse = if s > 0.0 { 1.0 / s } else { 0.0 };
        row.iter().map(move |x| (x * inverse).round() as i8)
    });
    (quantised.collect(), scales)
}

#[cfg(test)]
mod tests;
