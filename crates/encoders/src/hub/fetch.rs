//! One file: checksum and size -> a blob with that content and a link to it, going on where an earlier pull ended.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::cache::{Folder, has_checksum, make_parent};
use super::http::{Client, Remote};
use crate::error::{Error, Result};

/// So many tries in a row may bring nothing before we give up.
const TRIES: u32 = 4;

/// How long to wait before a try, for each that brought nothing.
const PAUSE: Duration = Duration::from_millis(500);

/// How a file is doing.
pub enum State {
    /// So many of its bytes are here.
    At(u64),
    /// Another process fetches it.
    Waiting,
}

/// Brings `file` of `commit` into `folder`, whole and checked.
pub fn fetch(
    client: &Client<'_>,
    folder: &Folder,
    commit: &str,
    file: &str,
    remote: &Remote,
    tell: &mut dyn FnMut(State),
) -> Result<()> {
    let blob = folder.blob(&remote.etag);
    let part = folder.part(&remote.etag);
    make_parent(&blob)?;
    let _lock = folder.lock(&remote.etag, || tell(State::Waiting))?;
    if !is_whole(&blob, &remote.etag)? {
        download(client, &part, commit, file, remote, tell)?;
        if !is_whole(&part, &remote.etag)? {
            remove(&part)?;
            return Err(Error::hub(
                client.name(),
                format!(
                    "{file} came in with another checksum than the hub promised ({}) and was deleted; pull again",
                    remote.etag
                ),
            ));
        }
        fs::rename(&part, &blob).map_err(|e| Error::io(&blob, e))?;
    }
    tell(State::At(remote.size));
    folder.link(commit, file, &remote.etag)
}

/// Whether `path` is there with that checksum.
fn is_whole(path: &Path, etag: &str) -> Result<bool> {
    match has_checksum(path, etag) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        other => other.map_err(|e| Error::io(path, e)),
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(Error::io(path, e)),
        _ => Ok(()),
    }
}

/// Fills `part` up to the file's size; broken connections are taken up again where they broke.
fn download(
    client: &Client<'_>,
    part: &Path,
    commit: &str,
    file: &str,
    remote: &Remote,
    tell: &mut dyn FnMut(State),
) -> Result<()> {
    let mut out = (File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(part))
    .map_err(|e| Error::io(part, e))?;
    let mut here = out.seek(SeekFrom::End(0)).map_err(|e| Error::io(part, e))?;
    if here > remote.size {
        here = empty(&mut out).map_err(|e| Error::io(part, e))?;
    }
    let mut in_vain = 0;
    while here < remote.size {
        sleep(PAUSE * in_vain);
        tell(State::At(here));
        let before = here;
        let reason = match client.bytes(commit, file, here)? {
            Err(reason) => reason,
            Ok(bytes) => {
                if bytes.from != here {
                    here = empty(&mut out).map_err(|e| Error::io(part, e))?;
                }
                // One byte more than there may be, so that a longer file is seen without taking it in.
                let mut reader = bytes.reader.take(remote.size - here + 1);
                let broke = copy(&mut reader, &mut out, &mut here, tell)
                    .map_err(|e| cannot_keep(client, part, file, remote.size - before, e))?;
                broke.map_or("the connection ended early".into(), |e| e.to_string())
            }
        };
        in_vain = if here > before { 0 } else { in_vain + 1 };
        if in_vain >= TRIES {
            return Err(Error::hub(
                client.name(),
                format!(
                    "{file} broke off at {here} of {} bytes ({reason}); pull again to go on from there",
                    remote.size
                ),
            ));
        }
    }
    out.sync_all().map_err(|e| Error::io(part, e))
}

/// Empties `out`; it has 0 bytes then.
fn empty(out: &mut File) -> io::Result<u64> {
    out.set_len(0)?;
    out.seek(SeekFrom::Start(0))
}

/// Copies what `reader` has; `here` counts along. An error is the disk's, an inner one the network's.
fn copy(
    reader: &mut impl Read,
    out: &mut File,
    here: &mut u64,
    tell: &mut dyn FnMut(State),
) -> io::Result<Option<io::Error>> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(n) => {
                out.write_all(&buffer[..n])?;
                *here += n as u64;
                tell(State::At(*here));
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Ok(Some(e)),
        }
    }
}

fn cannot_keep(client: &Client<'_>, part: &Path, file: &str, need: u64, e: io::Error) -> Error {
    if !matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return Error::io(part, e);
    }
    Error::hub(
        client.name(),
        format!(
            "the disk is full: {file} needs {:.0} MB more in {}; make room, or set HF_HOME to a folder on a larger \
             disk, and pull again to go on",
            need as f64 / 1e6,
            part.display()
        ),
    )
}
