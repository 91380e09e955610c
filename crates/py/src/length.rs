//! The length of a recording, found by decoding it: a recording -> seconds, or an exception once it is longer than allowed.

use pyo3::prelude::*;
use wsac::audio::CancelToken;

use crate::pools::Threads;
use crate::recording::Given;
use crate::work::run;

/// Samples a second are counted at this rate, in Hz.
const RATE: u32 = 16_000;

/// The length of `recording` in seconds; more than `at_most` is an error, and no more than that is read.
#[pyfunction]
pub fn length(py: Python<'_>, recording: Given<'_>, at_most: f64) -> PyResult<f64> {
    let recording = recording.recording()?;
    let stop = CancelToken::default();
    run(py, Threads::Shared, &stop, || {
        let mut stream = recording.open(RATE, &stop)?.at_most(at_most);
        let mut samples = 0;
        while let Some(block) = stream.next_block()? {
            samples += block.len();
        }
        Ok(samples as f64 / f64::from(RATE))
    })
}
