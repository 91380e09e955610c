//! Outputs that would destroy an input: paths -> an error before anything is opened for writing.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::inputs::is_recording;
use crate::process::shown;

/// The identity of a file, whatever its path: hard and symbolic links lead to the same one.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    #[cfg(unix)]
    Inode(u64, u64),
    #[cfg(not(unix))]
    Path(std::path::PathBuf),
}

/// Checks that no file of `outputs` is one of `inputs`, and that no two outputs are one file.
///
/// `-` among the inputs is the file that standard input comes from, among the outputs the one that standard output goes
/// to. Folders among the inputs stand for the model files in them.
///
/// # Errors
/// If one is; the message names both.
pub fn refuse<'a>(
    outputs: impl IntoIterator<Item = &'a Path>,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<()> {
    // Only an output that exists can be an input; most runs end here.
    let mut existing = HashMap::new();
    for output in outputs {
        if let Some(identity) = identity(output, 1)
            && let Some(other) = existing.insert(identity, output)
        {
            let (a, b) = (shown(other), shown(output));
            bail!("{a} and {b} are one file; give each output a file of its own");
        }
    }
    if existing.is_empty() {
        return Ok(());
    }
    let check = |input: &Path| -> Result<()> {
        let Some(output) = identity(input, 0).and_then(|identity| existing.get(&identity)) else {
            return Ok(());
        };
        bail!(
            "{} is both an input and an output ({}): writing would destroy it; give another output file",
            shown(input),
            shown(output)
        );
    };
    for input in inputs {
        if input.is_dir() {
            let files = fs::read_dir(input).into_iter().flatten().flatten();
            for file in files
                .map(|entry| entry.path())
                .filter(|path| is_model_file(path))
            {
                check(&file)?;
            }
        } else {
            check(input)?;
        }
    }
    Ok(())
}

/// Whether the file may be part of a model: results stored beside a model are not.
fn is_model_file(path: &Path) -> bool {
    let ends = |endings: &[&str]| {
        let ending = path.extension().unwrap_or_default();
        endings.iter().any(|known| ending == *known)
    };
    let vocabulary = ["vocab.txt", "merges.txt"].iter();
    ends(&["safetensors", "json", "pt", "pth", "ckpt", "bin"])
        || vocabulary.copied().any(|name| path.ends_with(name))
}

/// Checks that the folder `output` is none of `inputs`, and holds none of those that are files.
///
/// # Errors
/// If it does.
pub fn refuse_folder<'a>(output: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<()> {
    let Ok(folder) = output.canonicalize() else {
        return Ok(());
    };
    for input in inputs {
        let Ok(found) = input.canonicalize() else {
            continue;
        };
        if found == folder || (found.is_file() && found.parent() == Some(&folder)) {
            bail!(
                "{} is, or lies in, the output folder {}, whose files are overwritten; give another output folder",
                shown(input),
                shown(output)
            );
        }
    }
    Ok(())
}

/// Checks that `output` is no recording: `wsac caption -o *.wav` names the first of them as the output.
///
/// # Errors
/// If it is one that exists.
pub fn refuse_recording(output: &Path) -> Result<()> {
    if is_recording(output) && output.metadata().is_ok_and(|m| m.is_file() && m.len() > 0) {
        bail!(
            "{} is a recording that exists, and -o FILE would overwrite it; name another file after -o",
            shown(output)
        );
    }
    Ok(())
}

/// Whether `a` and `b` are one file that exists.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    identity(a, 0).is_some_and(|a| identity(b, 0).is_some_and(|b| a == b))
}

/// The identity of the regular file at `path`, `None` where there is none; `-` is the standard stream `stream`.
#[cfg(unix)]
fn identity(path: &Path, stream: i32) -> Option<Identity> {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    // Never opened: that would hang on a FIFO.
    let metadata = if path == Path::new("-") {
        let (input, output) = (std::io::stdin(), std::io::stdout());
        let stream = if stream == 0 {
            input.as_fd()
        } else {
            output.as_fd()
        };
        fs::File::from(stream.try_clone_to_owned().ok()?).metadata()
    } else {
        fs::metadata(path)
    };
    let metadata = metadata.ok().filter(fs::Metadata::is_file)?;
    Some(Identity::Inode(metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path, _: i32) -> Option<Identity> {
    let path = path.canonicalize().ok().filter(|path| path.is_file())?;
    Some(Identity::Path(path))
}
