//! One file of weights, known by its content: safetensors, or PyTorch's zip or older container.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::torch::{MAGIC, MAGIC_TEXT, TorchFile};
use super::{Buffer, Weights};
use crate::error::{Error, Result};
use crate::safetensors::Tensors;

/// This many leading bytes identify a file's format.
const HEAD: u64 = 512;

/// What is often taken for a file of weights: how it begins, what it is, what to do.
const OTHERS: &[(&[u8], &str)] = &[
    (
        b"version https://git-lfs",
        "is a Git LFS pointer, not the file itself; fetch it with `git lfs pull`",
    ),
    (b"\x1f\x8b", "is compressed (gzip); unpack it first"),
    (b"\xfd7zXZ", "is compressed (xz); unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd); unpack it first"),
    (b"BZh", "is compressed (bzip2); unpack it first"),
    (b"7z\xbc\xaf", "is an archive (7z); unpack it first"),
    (b"Rar!", "is an archive (rar); unpack it first"),
    (b"PK\x05\x06", "is an empty zip archive"),
    (
        b"GGUF",
        "is a GGUF file; wsac reads safetensors and PyTorch files",
    ),
    (
        b"\x89HDF",
        "is an HDF5 file; wsac reads safetensors and PyTorch files",
    ),
    (
        b"\x93NUMPY",
        "is a NumPy array; wsac reads safetensors and PyTorch files",
    ),
];

/// An open file of weights that is no index of others.
#[derive(Debug)]
pub(super) enum SingleFile {
    Safetensors(Tensors<'static>),
    Torch(TorchFile),
}

impl SingleFile {
    /// Opens `path`, whatever its name ends with.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || File::open(path).map_err(|e| Error::io(path, e));
        match recognise(&head(path)?) {
            Ok(Format::Safetensors) => Ok(Self::Safetensors(Tensors::map(path)?)),
            Ok(Format::Zip) => Ok(Self::Torch(TorchFile::zipped(path, open()?)?)),
            Ok(Format::Legacy) => Ok(Self::Torch(TorchFile::legacy(path, open()?)?)),
            Ok(Format::Json) => Err(Error::model(path, "is a JSON file, not weights")),
            Err(what) => Err(Error::model(path, what)),
        }
    }

    /// As [`super::WeightFile::skipped`].
    pub fn skipped(&self) -> &[String] {
        match self {
            Self::Torch(file) => file.skipped(),
            Self::Safetensors(_) => &[],
        }
    }

    /// As [`super::WeightFile::setting`].
    pub fn setting(&self, name: &str) -> Option<&str> {
        match self {
            Self::Torch(file) => file.setting(name),
            Self::Safetensors(_) => None,
        }
    }

    /// As [`super::WeightFile::number`].
    pub fn number(&self, name: &str, place: usize) -> Option<f32> {
        match self {
            Self::Safetensors(file) => file.number(name, place),
            Self::Torch(file) => file.number(name, place),
        }
    }

    fn weights(&self) -> &dyn Weights {
        match self {
            Self::Safetensors(file) => file,
            Self::Torch(file) => file,
        }
    }
}

impl Weights for SingleFile {
    fn path(&self) -> &Path {
        self.weights().path()
    }

    fn names(&self) -> Vec<&str> {
        self.weights().names()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.weights().shape(name)
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<Buffer> {
        self.weights().get(name, shape)
    }
}

/// Whether the file `path` is JSON: an index of shards.
pub(super) fn is_json(path: &Path) -> Result<bool> {
    Ok(matches!(recognise(&head(path)?), Ok(Format::Json)))
}

enum Format {
    Safetensors,
    Zip,
    Legacy,
    Json,
}

/// The first bytes of the file `path`.
fn head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let file = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    file.map_err(|e| Error::io(path, e))?;
    Ok(head)
}

/// What the file is that begins with `head`; a reason where it is nothing that weights are read from.
fn recognise(head: &[u8]) -> std::result::Result<Format, &'static str> {
    let holds = |what: &[u8]| head.windows(what.len()).any(|w| w == what);
    let text = head.trim_ascii_start().to_ascii_lowercase();
    if head.is_empty() {
        return Err("is empty (0 bytes); download it again");
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(Format::Zip);
    }
    let is_text = |b: &u8| b.is_ascii_graphic() || b.is_ascii_whitespace();
    if head.get(8) == Some(&b'{') && !head[..8].iter().all(is_text) {
        return Ok(Format::Safetensors);
    }
    let start = &head[..head.len().min(32)];
    if start.windows(MAGIC.len()).any(|w| w == MAGIC) || start.starts_with(MAGIC_TEXT) {
        return Ok(Format::Legacy);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(start, _)| head.starts_with(start)) {
        return Err(what);
    }
    if text.starts_with(b"<") || holds(b"<html") {
        return Err(
            "is a web page, not a file of weights: a download went wrong (a login page or an error)",
        );
    }
    if text.starts_with(b"{") {
        return Ok(Format::Json);
    }
    if head.get(257..262) == Some(b"ustar") {
        return Err("is an archive (tar); unpack it and use the file of weights in it");
    }
    if head.starts_with(b"\x80") {
        return Err("is a pickle, but not one that torch.save wrote");
    }
    Err(
        "is no file of weights that wsac can read (safetensors, or PyTorch's .pt, .pth, .ckpt, .bin)",
    )
}
