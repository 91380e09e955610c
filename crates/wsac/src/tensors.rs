//! Named tensors on disk (safetensors): bytes -> name, shape and f32 numbers; and the writer of such files.
//!
//! Stored as f32, f16, bf16 or int8. An int8 tensor [rows, ..] with a companion `<name>.scale` f32 [rows] is read
//! back as `int8 * scale` of its row.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::checkpoint::write_whole;
use crate::error::{Error, Result};

/// The key of the free text that a file of ours carries beside its tensors.
const DESCRIPTION: &str = "wsac";

/// A parsed safetensors file; the tensors stay in its bytes until they are asked for.
#[derive(Debug)]
pub struct Tensors<'a> {
    path: PathBuf,
    file: SafeTensors<'a>,
    description: Option<String>,
}

impl<'a> Tensors<'a> {
    /// Parses the safetensors file whose content is `bytes`; `path` is its name in error messages.
    ///
    /// # Errors
    /// Where `bytes` are no whole safetensors file.
    pub fn parse(path: impl AsRef<Path>, bytes: &'a [u8]) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let broken = |e| Error::model(&path, format!("is no whole safetensors file ({e})"));
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let description = (header.metadata().as_ref()).and_then(|m| m.get(DESCRIPTION).cloned());
        let file = SafeTensors::deserialize(bytes).map_err(broken)?;
        Ok(Self {
            path,
            file,
            description,
        })
    }

    /// What the file is called in messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names = self.file.names();
        names.sort_unstable();
        names
    }

    /// The free text that [`TensorFile::describe`] put in the file.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The shape of tensor `name`, where there is one.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let view = self.file.tensor(name).ok()?;
        Some(view.shape().to_vec())
    }

    /// The numbers of tensor `name`, row-major, as f32.
    ///
    /// # Errors
    /// Where there is no such tensor, it has not this `shape`, or its numbers are of an unknown kind.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let view = self.view(name, shape)?;
        let data = view.data();
        Ok(match view.dtype() {
            Dtype::F32 => words(data).map(f32::from_le_bytes).collect(),
            Dtype::F16 => {
                let halves: Vec<f16> = words(data).map(f16::from_le_bytes).collect();
                halves.to_f32_vec()
            }
            Dtype::BF16 => {
                let halves: Vec<bf16> = words(data).map(bf16::from_le_bytes).collect();
                halves.to_f32_vec()
            }
            Dtype::I8 => {
                let rows = shape.first().copied().unwrap_or(0);
                let scales = self.get(&scale_of(name), &[rows])?;
                let width = data.len().checked_div(rows).unwrap_or(0).max(1);
                data.chunks_exact(width)
                    .zip(&scales)
                    .flat_map(|(row, scale)| row.iter().map(move |&q| f32::from(q as i8) * scale))
                    .collect()
            }
            other => {
                return Err(
                    self.wrong(name, format!("holds {other:?}, not f32, f16, bf16 or int8"))
                );
            }
        })
    }

    /// The int8 numbers of tensor `name` as stored, without their scales.
    ///
    /// # Errors
    /// Where there is no such tensor, it has not this `shape`, or is not int8.
    pub fn get_i8(&self, name: &str, shape: &[usize]) -> Result<Vec<i8>> {
        let view = self.view(name, shape)?;
        if view.dtype() != Dtype::I8 {
            return Err(self.wrong(name, format!("holds {:?}, not int8", view.dtype())));
        }
        Ok(view.data().iter().map(|&q| q as i8).collect())
    }

    /// The bytes of tensor `name`, a list of u8 such as text.
    ///
    /// # Errors
    /// Where there is no such tensor, or it is no list of u8.
    pub fn get_bytes(&self, name: &str) -> Result<&'a [u8]> {
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

    fn list(&self, name: &str, dtype: Dtype) -> Result<&'a [u8]> {
        let shape = self.shape(name).unwrap_or_default();
        let view = self.view(name, &shape)?;
        if view.dtype() != dtype || shape.len() != 1 {
            let found = view.dtype();
            return Err(self.wrong(
                name,
                format!("holds {found:?} {shape:?}, no {dtype:?} list"),
            ));
        }
        Ok(view.data())
    }

    fn view(&self, name: &str, shape: &[usize]) -> Result<TensorView<'a>> {
        let view = (self.file.tensor(name)).map_err(|_| self.wrong(name, "is missing".into()))?;
        if view.shape() != shape {
            let found = view.shape();
            return Err(self.wrong(name, format!("has shape {found:?}, not {shape:?}")));
        }
        Ok(view)
    }

    pub(crate) fn wrong(&self, name: &str, what: String) -> Error {
        Error::model(&self.path, format!("tensor {name} {what}"))
    }
}

/// The little-endian words of `N` bytes in `data`.
fn words<const N: usize>(data: &[u8]) -> impl Iterator<Item = [u8; N]> {
    data.as_chunks().0.iter().copied()
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sample() -> TensorFile {
        let mut file = TensorFile::new();
        file.f32("b", &[3], &[1.5, -2.0, 0.1]);
        file.f16("a", &[2, 2], &[0.5, 1.0, -65504.0, 0.1]);
        file.int8_rows("q", &[3, 2], &[1.0, -0.5, 0.0, 0.0, 0.02, 0.01]);
        file.bytes("text", b"caption");
        file.u32("offsets", &[0, 7]);
        file.describe("{\"k\":1}");
        file
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = sample().to_bytes().unwrap();
        let file = Tensors::parse("x.safetensors", &bytes).unwrap();
        assert_eq!(file.names(), ["a", "b", "offsets", "q", "q.scale", "text"]);
        assert_eq!(file.description(), Some("{\"k\":1}"));
        assert_eq!(file.get("b", &[3]).unwrap(), [1.5, -2.0, 0.1]);
        assert_eq!(file.get_bytes("text").unwrap(), b"caption");
        assert_eq!(file.get_u32("offsets").unwrap(), [0, 7]);
        assert!(file.get_u32("text").is_err() && file.get_bytes("none").is_err());
        assert_eq!(file.get("a", &[2, 2]).unwrap()[..3], [0.5, 1.0, -65504.0]);
        assert_eq!(
            file.get_i8("q", &[3, 2]).unwrap(),
            [127, -64, 0, 0, 127, 64]
        );
        let q = file.get("q", &[3, 2]).unwrap();
        crate::golden::assert_close("q", &q, &[1.0, -0.5, 0.0, 0.0, 0.02, 0.01], 0.004);
    }

    #[test]
    fn bf16_is_read() {
        let stored = Stored {
            dtype: Dtype::BF16,
            shape: vec![1],
            data: bf16::from_f32(-3.5).to_le_bytes().to_vec(),
        };
        let bytes = safetensors::serialize([("x", &stored)], None).unwrap();
        let file = Tensors::parse("x", &bytes).unwrap();
        assert_eq!(file.get("x", &[1]).unwrap(), [-3.5]);
    }

    #[test]
    fn errors_name_the_tensor_and_the_shapes() {
        let bytes = sample().to_bytes().unwrap();
        let file = Tensors::parse("m.safetensors", &bytes).unwrap();
        let missing = file.get("nowhere", &[1]).unwrap_err().to_string();
        assert_eq!(missing, "m.safetensors: tensor nowhere is missing");
        let shape = file.get("b", &[4]).unwrap_err().to_string();
        assert_eq!(shape, "m.safetensors: tensor b has shape [3], not [4]");
        assert!(Tensors::parse("m", &bytes[..bytes.len() - 1]).is_err());
        assert!(Tensors::parse("m", b"").is_err());
    }

    #[test]
    fn a_saved_file_is_whole_and_repeatable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        sample().save(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), sample().to_bytes().unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut twice = sample();
        twice.f32("b", &[1], &[0.0]);
        assert!(twice.to_bytes().is_err());
        let mut short = sample();
        short.f32("c", &[2], &[0.0]);
        assert!(short.to_bytes().is_err());
    }
}
