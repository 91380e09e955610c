//! Storages of a PyTorch file by their keys: where the bytes of each lie.

use std::collections::HashMap;

/// At most so many bytes the pickles of a file may have; the largest checkpoints take one million.
pub(super) const MAX_PICKLE: u64 = 1 << 26;

/// Where the bytes of a storage lie in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub begin: u64,
    pub bytes: u64,
}

/// Storages by their keys.
pub(super) type Pieces = HashMap<String, Piece>;

/// Why a file cannot be read.
pub(super) type Fault = String;
