//! Progress of a grid: [`Event`]s, reported to an [`Observer`], which may stop the run.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use wsac::train;
use wsac::{Error, Result};

use super::outcome::Cell;

/// An event, for a progress bar.
#[derive(Debug)]
pub enum Event<'a> {
    /// A data set begins.
    Data {
        /// Its name.
        name: &'a str,
        /// The number of clips to caption.
        items: usize,
    },
    /// Captions or recordings are encoded.
    Embedded {
        /// How many are done.
        done: usize,
        /// Out of how many.
        total: usize,
    },
    /// A recording could not be encoded; all cells go without it.
    Failed {
        /// Its name.
        item: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A training makes progress.
    Training {
        /// The strategy.
        name: &'a str,
        /// The seed.
        seed: u64,
        /// What happened.
        event: &'a train::Event,
    },
    /// Captions are generated.
    Captioning {
        /// How many are done.
        done: usize,
        /// Out of how many.
        total: usize,
    },
    /// A cell is done.
    Cell {
        /// The cell.
        cell: &'a Cell,
        /// Cells done.
        done: usize,
        /// Cells of the grid.
        total: usize,
        /// Whether it came from an earlier run.
        reused: bool,
    },
}

/// A function that is called with every event, from any thread.
type Callback<'o> = &'o mut (dyn FnMut(&Event) -> ControlFlow<()> + Send);

/// The receiver of events.
pub(super) struct Observer<'o>(Mutex<Callback<'o>>);

impl<'o> Observer<'o> {
    pub fn new(callback: Callback<'o>) -> Self {
        Self(Mutex::new(callback))
    }

    /// Reports `event`.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the observer asks the run to stop.
    pub fn notify(&self, event: &Event) -> Result<()> {
        let mut callback = self.0.lock().unwrap_or_else(|lock| lock.into_inner());
        match callback(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Interrupted(
                "stopped; the same command goes on".into(),
            )),
        }
    }
}

/// Counts the items that several threads have encoded.
pub(super) struct Counter<'a, 'o> {
    observer: &'a Observer<'o>,
    done: AtomicUsize,
    total: usize,
}

impl<'a, 'o> Counter<'a, 'o> {
    pub fn new(observer: &'a Observer<'o>, total: usize) -> Self {
        Self {
            observer,
            done: AtomicUsize::new(0),
            total,
        }
    }

    pub fn one(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let total = self.total.max(done);
        // Whether to stop is checked at the next cell.
        let _ = self.observer.notify(&Event::Embedded { done, total });
    }
}
