//! Scratch buffers of a thread, kept so that a step of training allocates nothing for them.

use std::cell::Cell;

thread_local! {
    static SCRATCH: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Calls `f` with `n` zeros. Work that `f` waits for may come here too, on the same thread: it gets numbers of its own.
pub(crate) fn zeros<R>(n: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut numbers = SCRATCH.take();
    numbers.clear();
    numbers.resize(n, 0.0);
    let result = f(&mut numbers);
    SCRATCH.set(numbers);
    result
}
