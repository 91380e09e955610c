//! Threads: how many -> a rayon pool of this process.
//!
//! A pool does not survive a fork: its threads stay in the parent, and the child would wait for them for ever. So pools are
//! kept with the process they belong to. They are only looked for while Python is attached, and a fork by Python happens then
//! too, so that no fork finds the lock taken.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::errors;

/// The number of threads that work is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// One a core, shared by all callers.
    Shared,
    /// So many for each call.
    Own(usize),
}

impl Threads {
    /// What `threads=` asks for: `None` is [`Threads::Shared`]; more than there are cores would only wait for each other.
    pub fn asked(py: Python<'_>, threads: Option<usize>) -> PyResult<Self> {
        match threads {
            None => Ok(Self::Shared),
            Some(0) => Err(errors::config(py, "threads must be at least 1")),
            Some(n) => Ok(Self::Own(n.min(cores()))),
        }
    }

    /// As many threads, in a pool that no other call shares.
    pub fn apart(self) -> Self {
        match self {
            Self::Shared => Self::Own(cores()),
            own => own,
        }
    }
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// The pools of a process.
#[derive(Default)]
struct Pools {
    process: u32,
    shared: Option<Arc<ThreadPool>>,
    /// Pools of a number of threads each that no call uses now.
    idle: Vec<Arc<ThreadPool>>,
}

static POOLS: Mutex<Option<Pools>> = Mutex::new(None);

/// Runs `look` on the pools of this process. Those of a parent are forgotten, not dropped: they cannot be stopped here.
fn with_pools<T>(_attached: Python<'_>, look: impl FnOnce(&mut Pools) -> T) -> T {
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let process = process::id();
    if pools.as_ref().is_some_and(|pools| pools.process != process) {
        std::mem::forget(pools.take());
    }
    look(pools.get_or_insert_with(|| Pools {
        process,
        ..Pools::default()
    }))
}

/// A pool of `threads`.
pub fn take(py: Python<'_>, threads: Threads) -> PyResult<Arc<ThreadPool>> {
    let build = |n: usize| {
        ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .map(Arc::new)
    };
    let taken = with_pools(py, |pools| match threads {
        Threads::Shared => match &pools.shared {
            Some(pool) => Ok(pool.clone()),
            // Rayon's own number: one a core, or $RAYON_NUM_THREADS.
            None => Ok(pools.shared.insert(build(0)?).clone()),
        },
        Threads::Own(n) => {
            let fits = |pool: &Arc<ThreadPool>| pool.current_num_threads() == n;
            match pools.idle.iter().position(fits) {
                Some(at) => Ok(pools.idle.swap_remove(at)),
                None => build(n),
            }
        }
    });
    taken.map_err(|e: ThreadPoolBuildError| {
        errors::config(py, format!("no threads can be started: {e}"))
    })
}

/// Gives a pool of [`take`] back.
pub fn give_back(py: Python<'_>, threads: Threads, pool: Arc<ThreadPool>) {
    if let Threads::Own(_) = threads {
        with_pools(py, |pools| pools.idle.push(pool));
    }
}
