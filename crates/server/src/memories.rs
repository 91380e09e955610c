//! Memories: captions that requests may use instead of the model's own, by name.
//!
//! Those that the server was started with are kept; of those that clients sent, the last [`KEPT`] are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use wsac::memory::Memory;

/// How many memories of clients are kept.
const KEPT: usize = 32;

/// Letters of the name of a client's memory.
const LETTERS: usize = 16;

/// The memories of a server.
#[derive(Default)]
pub struct Memories {
    all: Mutex<Vec<NamedMemory>>,
}

struct NamedMemory {
    name: String,
    memory: Arc<Memory>,
    pasted: bool,
}

/// A memory that requests may use.
#[derive(Serialize, ToSchema)]
pub struct MemoryInfo {
    /// The value for `memory=`.
    pub name: String,
    /// How many captions it has.
    pub captions: usize,
    /// Whether a client sent it, so that newer ones may replace it.
    pub pasted: bool,
}

impl Memories {
    /// Keeps `memory` permanently as `name`.
    pub fn keep(&self, name: &str, memory: Memory) {
        self.add(name.to_owned(), memory, false);
    }

    /// Keeps `memory` until newer ones replace it; its name is derived from its captions, so that equal ones are kept once.
    pub fn paste(&self, memory: Memory) -> MemoryInfo {
        let mut hash = Sha256::new();
        for caption in memory.captions() {
            hash.update(caption);
            hash.update("\n");
        }
        let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        self.add(hex[..LETTERS].to_owned(), memory, true)
    }

    fn add(&self, name: String, memory: Memory, pasted: bool) -> MemoryInfo {
        let mut all = self.all();
        all.retain(|m| m.name != name);
        let ours = all.iter().filter(|m| m.pasted).count();
        if pasted && ours >= KEPT {
            let oldest = all.iter().position(|m| m.pasted);
            oldest.map(|i| all.remove(i));
        }
        let memory = Arc::new(memory);
        let named = NamedMemory {
            name,
            memory,
            pasted,
        };
        let info = named.info();
        all.push(named);
        info
    }

    /// The memory called `name`.
    pub fn get(&self, name: &str) -> Option<Arc<Memory>> {
        let all = self.all();
        let named = all.iter().find(|m| m.name == name)?;
        Some(Arc::clone(&named.memory))
    }

    /// All of them.
    pub fn list(&self) -> Vec<MemoryInfo> {
        self.all().iter().map(NamedMemory::info).collect()
    }

    fn all(&self) -> MutexGuard<'_, Vec<NamedMemory>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NamedMemory {
    fn info(&self) -> MemoryInfo {
        MemoryInfo {
            name: self.name.clone(),
            captions: self.memory.len(),
            pasted: self.pasted,
        }
    }
}
