//! The server's limits, and how much it does at once.

use std::time::Duration;

use wsac::memory::Memory;

/// `Default` is right for one machine and its users.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Requests being received, processed or waiting; further ones are answered with 429 before their body is read.
    pub queue: usize,
    /// The most captions that are decoded together.
    pub batch: usize,
    /// Timelines that are made at once; further ones wait.
    pub timelines: usize,
    /// The most bytes of a request.
    pub max_bytes: u64,
    /// The most seconds of a recording.
    pub max_seconds: f64,
    /// How long a client may send nothing in the middle of a request; on the whole it must send 8 KiB a second.
    pub idle_timeout: Duration,
    /// The token that `Authorization: Bearer ..` must have; none is asked for where `None`.
    pub token: Option<String>,
    /// Origins of other pages that may use the server from a browser; `*` is all.
    pub origins: Vec<String>,
    /// Further memories, by name, that a request may use.
    pub memories: Vec<(String, Memory)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue: 64,
            batch: 32,
            timelines: 1,
            max_bytes: 1 << 30,
            max_seconds: 4.0 * 3600.0,
            idle_timeout: Duration::from_secs(20),
            token: None,
            origins: Vec::new(),
            memories: Vec::new(),
        }
    }
}
