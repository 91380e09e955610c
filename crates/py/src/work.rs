//! Work of the library in a pool, while Python is free to do something else: closures -> their results, or exceptions.
//!
//! The calling thread waits, calls back into Python where the work asks for it, and looks for Ctrl-C, which cancels the work.
//! All that the library may divide among threads is run here: elsewhere it would take those of rayon's global pool, for
//! which a child of this process would wait for ever.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pyo3::prelude::*;
use wsac::audio::CancelToken;

use crate::errors::{self, OrRaise};
use crate::pools::{self, Threads};

/// How long Ctrl-C may go unnoticed.
const PATIENCE: Duration = Duration::from_millis(50);

/// What the work tells the calling thread.
enum News<T, E> {
    /// Something to call back with.
    Event(E),
    /// The end; `None` after a panic.
    Done(Option<wsac::Result<T>>),
}

/// Runs `work`, which should look at `stop` now and then.
///
/// # Errors
/// What the work gives, a panic of it, and what a signal raises.
pub fn run<T: Send>(
    py: Python<'_>,
    threads: Threads,
    stop: &CancelToken,
    work: impl FnOnce() -> wsac::Result<T> + Send,
) -> PyResult<T> {
    let work = |_: &mut dyn FnMut(()) -> ControlFlow<()>| work();
    run_watched(py, threads, stop, work, |_, ()| Ok(()))
}

/// [`run`], for work that is soon done: on the threads that all callers share, and not to be cancelled.
///
/// # Errors
/// As [`run`].
pub fn run_shared<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> wsac::Result<T> + Send,
) -> PyResult<T> {
    run(py, Threads::Shared, &CancelToken::default(), work)
}

/// [`run`], with events: `tell` takes them from the work to the calling thread, where `each` gets them one by one with Python
/// attached, and gives back whether the work is to go on.
///
/// # Errors
/// As [`run`], and the first that `each` gives; then the work is cancelled.
pub fn run_watched<T: Send, E: Send>(
    py: Python<'_>,
    threads: Threads,
    stop: &CancelToken,
    work: impl FnOnce(&mut dyn FnMut(E) -> ControlFlow<()>) -> wsac::Result<T> + Send,
    mut each: impl FnMut(Python<'_>, E) -> PyResult<()> + Send,
) -> PyResult<T> {
    let pool = pools::take(py, threads)?;
    let mut raised: Option<PyErr> = None;
    let done = py.detach(|| {
        pool.in_place_scope(|scope| {
            let (news, arriving) = channel();
            let (answer, answers) = channel();
            scope.spawn(move |_| {
                let mut tell = |event| {
                    let told = news.send(News::Event(event)).is_ok() && answers.recv().is_ok();
                    match told && !stop.is_cancelled() {
                        true => ControlFlow::Continue(()),
                        false => ControlFlow::Break(()),
                    }
                };
                let done = catch_unwind(AssertUnwindSafe(|| work(&mut tell)));
                // The calling thread waits for this, whatever happened.
                let _ = news.send(News::Done(done.ok()));
            });
            loop {
                let arrived = arriving.recv_timeout(PATIENCE);
                let is_event = matches!(arrived, Ok(News::Event(_)));
                let looked = match arrived {
                    Ok(News::Done(done)) => return done,
                    Err(RecvTimeoutError::Disconnected) => return None,
                    _ if raised.is_some() => Ok(()),
                    Ok(News::Event(event)) => {
                        Python::attach(|py| each(py, event).and_then(|()| py.check_signals()))
                    }
                    Err(RecvTimeoutError::Timeout) => Python::attach(|py| py.check_signals()),
                };
                if let Err(error) = looked {
                    stop.cancel();
                    raised = Some(error);
                }
                if is_event {
                    let _ = answer.send(());
                }
            }
        })
    });
    pools::give_back(py, threads, pool);
    match (raised, done) {
        (Some(error), _) => Err(error),
        (None, Some(done)) => done.or_raise(py),
        (None, None) => Err(errors::mistake(py)),
    }
}
