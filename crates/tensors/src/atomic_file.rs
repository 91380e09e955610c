//! Files written whole or not at all: bytes -> a file beside the target, synced, then renamed over it.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Writes `bytes` to `path` so that a crash leaves the old file or the new one, never half of one.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    write_piecewise(path, |file| {
        file.write_all(bytes).map_err(|e| Error::io(path, e))
    })
}

/// As [`write_whole`], of what `write` writes piece by piece.
///
/// # Errors
/// Those of `write`, and where the file cannot be written.
pub fn write_piecewise(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<fs::File>) -> Result<()>,
) -> Result<()> {
    let failed = |e| Error::io(path, e);
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let mut file = BufWriter::new(fs::File::create(&beside).map_err(failed)?);
    let written = write(&mut file).and_then(|()| {
        file.flush().map_err(failed)?;
        file.get_ref().sync_all().map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)
    });
    if written.is_err() {
        // The failure itself is reported; a leftover temporary file is not worth another message.
        let _ = fs::remove_file(&beside);
    }
    written
}
