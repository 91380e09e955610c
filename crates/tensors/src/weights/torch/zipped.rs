//! The zip container of PyTorch 1.6 and later: `NAME/data.pkl` and a stored entry `NAME/data/KEY` for each storage.
//!
//! Only what `torch.save` writes is understood: entries stored uncompressed, listed in the directory at the end,
//! with the 64-bit sizes of large files. A compressed entry is refused, so nothing can grow when it is read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::storage::{Fault, MAX_PICKLE, Piece, Pieces};
use crate::weights::pickle::Pickle;

/// The end record and the longest comment behind it.
const END: u64 = 22 + 0xffff;
/// At most so many bytes the directory may have; the largest checkpoints take one million.
const MAX_DIRECTORY: u64 = 1 << 26;

/// An entry of the archive, as its directory lists it.
struct Entry {
    name: String,
    /// Where its own header begins, behind which its bytes are.
    header: u64,
    bytes: u64,
    is_stored: bool,
}

/// The pickle of the archive, and where its storages lie.
pub(super) fn read(file: &File) -> Result<(Pickle, Pieces), Fault> {
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let entries = directory(file, length)?;
    if entries
        .iter()
        .any(|entry| entry.name.ends_with("/constants.pkl"))
    {
        return Err("is a TorchScript program; save the state dict of its model instead".into());
    }
    let is_pickle = |entry: &&Entry| entry.name == "data.pkl" || entry.name.ends_with("/data.pkl");
    let pickle = entries
        .iter()
        .filter(is_pickle)
        .min_by_key(|entry| entry.name.len());
    let folder = pickle.and_then(|entry| entry.name.strip_suffix("data.pkl"));
    let folder = folder.ok_or(
        "is a zip archive that torch.save did not write; unpack it and use the file of weights in it",
    )?;
    let mut pieces = Pieces::new();
    for entry in &entries {
        let Some(name) = entry.name.strip_prefix(folder) else {
            continue;
        };
        if !entry.is_stored {
            return Err("is a compressed archive, which torch.save never writes; unpack it and save it again".into());
        }
        pieces.insert(name.to_owned(), place(file, length, entry)?);
    }
    let order = pieces
        .get("byteorder")
        .map(|&piece| content(file, piece, 16));
    if order.transpose()?.is_some_and(|order| order == b"big") {
        return Err("was saved on a big-endian machine; load and save it again on another".into());
    }
    let pickle = content(file, pieces["data.pkl"], MAX_PICKLE)?;
    let pickle = Pickle::read(&mut pickle.as_slice())?;
    let storages = pieces.into_iter().filter_map(|(name, piece)| {
        let key = name.strip_prefix("data/")?;
        Some((key.to_owned(), piece))
    });
    Ok((pickle, storages.collect()))
}

/// All entries that the directory at the end of the archive lists.
fn directory(file: &File, length: u64) -> Result<Vec<Entry>, Fault> {
    let tail_at = length.saturating_sub(END);
    let tail = bytes_at(file, tail_at, length - tail_at)?;
    let is_end = |at: &usize| {
        let comment = number(&tail, at + 20, 2);
        tail[*at..].starts_with(b"PK\x05\x06")
            && comment.is_some_and(|comment| at + 22 + comment as usize == tail.len())
    };
    let end = (0..tail.len()).rev().find(is_end).ok_or_else(short)?;
    let (mut count, mut size, mut start) = (
        number(&tail, end + 10, 2).ok_or_else(short)?,
        number(&tail, end + 12, 4).ok_or_else(short)?,
        number(&tail, end + 16, 4).ok_or_else(short)?,
    );
    let locator = end.checked_sub(20).map(|at| &tail[at..end]);
    if let Some(locator) = locator.filter(|l| l.starts_with(b"PK\x06\x07")) {
        let wide = bytes_at(file, number(locator, 8, 8).ok_or_else(short)?, 56)?;
        if !wide.starts_with(b"PK\x06\x06") {
            return Err(damaged());
        }
        count = number(&wide, 32, 8).ok_or_else(short)?;
        size = number(&wide, 40, 8).ok_or_else(short)?;
        start = number(&wide, 48, 8).ok_or_else(short)?;
    }
    if size > MAX_DIRECTORY {
        return Err(damaged());
    }
    let directory = bytes_at(file, start, size)?;
    let mut rest = directory.as_slice();
    let mut entries = Vec::new();
    while entries.len() as u64 != count {
        entries.push(entry(&mut rest).ok_or_else(damaged)?);
    }
    Ok(entries)
}

/// The entry that `rest` begins with; `rest` is moved behind it.
fn entry(rest: &mut &[u8]) -> Option<Entry> {
    let head = rest
        .get(..46)
        .filter(|head| head.starts_with(b"PK\x01\x02"))?;
    let at = |from, size| number(head, from, size);
    let (name_size, extra_size, comment_size) = (at(28, 2)?, at(30, 2)?, at(32, 2)?);
    let (name, after) = rest[46..].split_at_checked(name_size as usize)?;
    let (extra, after) = after.split_at_checked(extra_size as usize)?;
    let (flags, method, packed) = (at(8, 2)?, at(10, 2)?, at(20, 4)?);
    let (mut bytes, mut header) = (at(24, 4)?, at(42, 4)?);
    let mut wide = wide_sizes(extra).iter();
    let mut widened = |narrow: u64| match narrow {
        0xffff_ffff => wide.next().map(|word| u64::from_le_bytes(*word)),
        narrow => Some(narrow),
    };
    bytes = widened(bytes)?;
    let packed = widened(packed)?;
    header = widened(header)?;
    *rest = after.get(comment_size as usize..)?;
    Some(Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        header,
        bytes,
        is_stored: method == 0 && flags & 1 == 0 && packed == bytes,
    })
}

/// The 64-bit sizes among the extra fields of an entry (kind 1).
fn wide_sizes(mut extra: &[u8]) -> &[[u8; 8]] {
    while let (Some(kind), Some(size)) = (number(extra, 0, 2), number(extra, 2, 2)) {
        let Some((field, after)) = extra[4..].split_at_checked(size as usize) else {
            break;
        };
        if kind == 1 {
            return field.as_chunks().0;
        }
        extra = after;
    }
    &[]
}

/// Where the bytes of `entry` lie: behind its own header, which has a name and padding of its own.
fn place(file: &File, length: u64, entry: &Entry) -> Result<Piece, Fault> {
    let header = bytes_at(file, entry.header, 30)?;
    let sizes = (number(&header, 26, 2), number(&header, 28, 2));
    let (true, (Some(name), Some(extra))) = (header.starts_with(b"PK\x03\x04"), sizes) else {
        return Err(damaged());
    };
    let bytes = entry.bytes;
    let begin = entry.header + 30 + name + extra;
    match begin.checked_add(bytes) {
        Some(end) if end <= length => Ok(Piece { begin, bytes }),
        _ => Err(short()),
    }
}

/// The bytes of `piece`, of which there may be `limit`.
fn content(file: &File, piece: Piece, limit: u64) -> Result<Vec<u8>, Fault> {
    match piece.bytes <= limit {
        true => bytes_at(file, piece.begin, piece.bytes),
        false => Err(format!(
            "holds a pickle of {} bytes, which is no model's",
            piece.bytes
        )),
    }
}

/// `size` bytes from `at` on.
fn bytes_at(mut file: &File, at: u64, size: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let read =
        (file.seek(SeekFrom::Start(at))).and_then(|_| file.take(size).read_to_end(&mut bytes));
    match read {
        Ok(n) if n as u64 == size => Ok(bytes),
        Ok(_) => Err(short()),
        Err(e) => Err(e.to_string()),
    }
}

/// The little-endian number of `size` bytes from `at` on.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    Some((bytes.iter().rev()).fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn short() -> Fault {
    "is cut short: its archive has no end, or holds less than it says; download it again".into()
}

fn damaged() -> Fault {
    "is damaged: its archive does not fit its directory; download it again".into()
}
