//! What a server allows, and how much it does at once.

use std::time::Duration;

use wsac::memory::Memory;

/// `Default` is right for one machine and its users.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Requests in work or waiting for it; further ones are answered with 429.
    pub queue: usize,
    /// The most recordings that are put into words together.
    pub batch: usize,
    /// Timelines that are worked on at once; further ones wait.
    pub timelines: usize,
    /// The most bytes of a request.
    pub max_bytes: u64,
    /// The most seconds of a recording.
    pub max_seconds: f64,
    /// How long a sender may be silent; on the whole it must send 8 KiB a second.
    pub patience: Duration,
    /// What `Authorization: Bearer ..` must be followed by; nobody is asked where `None`.
    pub token: Option<String>,
    /// Origins of other pages that may use the server from a browser; `*` is all.
    pub origins: Vec<String>,
    /// Further memories, by name, that a request may lean on.
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
            patience: Duration::from_secs(20),
            token: None,
            origins: Vec::new(),
            memories: Vec::new(),
        }
    }
}
