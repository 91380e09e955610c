//! The container before PyTorch 1.6: pickles (magic number, version, machine, object, keys of storages), then for each
//! key the count of its numbers as u64 and the numbers.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use super::storage::{Fault, MAX_PICKLE, Piece, Pieces};
use crate::weights::pickle::{Pickle, Value};

/// The magic number 0x1950a86a20f9469cfc6c, as a pickle has it within its first bytes.
pub(in super::super) const MAGIC: [u8; 10] =
    [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// The same as protocol 1 writes it.
pub(in super::super) const MAGIC_TEXT: &[u8] = b"L119547037146038801333356L\n";

/// The pickle of the object, and where its storages lie.
pub(super) fn read(file: &File) -> Result<(Pickle, Pieces), Fault> {
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let mut reader = BufReader::new(file);
    let mut pickles = reader.by_ref().take(MAX_PICKLE);
    let mut next = || Pickle::read(&mut pickles);
    let (_magic, _version, machine) = (next()?, next()?, next()?);
    if is_big_endian(&machine) {
        return Err("was saved on a big-endian machine; load and save it again on another".into());
    }
    let (pickle, keys) = (next()?, next()?);
    let sizes = sizes(&pickle);
    let pieces = pieces(&mut reader, length, &keys, &sizes)?;
    Ok((pickle, pieces))
}

fn is_big_endian(machine: &Pickle) -> bool {
    let Value::Dict(entries) = machine.value(machine.root()) else {
        return false;
    };
    let little = |&&(key, _): &&_| machine.text(key) == Some("little_endian");
    let value = entries
        .iter()
        .find(little)
        .map(|&(_, value)| machine.value(value));
    matches!(value, Some(Value::Bool(false)))
}

/// The bytes that a number takes, for each storage that the object mentions.
fn sizes(pickle: &Pickle) -> HashMap<&str, u64> {
    let storages = pickle.values().iter().filter_map(|value| match value {
        Value::Storage(storage) => {
            let bits = storage.dtype.map_or(8, |dtype| dtype.bitsize());
            Some((pickle.text(storage.key)?, bits as u64 / 8))
        }
        _ => None,
    });
    storages.collect()
}

fn pieces(
    reader: &mut (impl BufRead + Seek),
    length: u64,
    keys: &Pickle,
    sizes: &HashMap<&str, u64>,
) -> Result<Pieces, Fault> {
    let Value::List(listed) = keys.value(keys.root()) else {
        return Err("holds a pickle that is damaged".into());
    };
    let mut pieces = Pieces::new();
    let mut at = reader.stream_position().map_err(|e| e.to_string())?;
    for &key in listed {
        let key = keys.text(key).ok_or("holds a pickle that is damaged")?;
        let size = sizes.get(key).ok_or("holds storages that no tensor uses")?;
        let short = || {
            "is cut short: its storages hold less than they should; download it again".to_owned()
        };
        let mut count = [0; 8];
        reader.read_exact(&mut count).map_err(|_| short())?;
        let bytes = u64::from_le_bytes(count)
            .checked_mul(*size)
            .ok_or_else(short)?;
        let begin = at + 8;
        at = begin
            .checked_add(bytes)
            .filter(|&end| end <= length)
            .ok_or_else(short)?;
        reader
            .seek(SeekFrom::Start(at))
            .map_err(|e| e.to_string())?;
        pieces.insert(key.to_owned(), Piece { begin, bytes });
    }
    Ok(pieces)
}
