//! The class `Live`: blocks of sound as they arrive -> segments, a JSON object each.

use std::sync::{Arc, Mutex, PoisonError};

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use wsac::Error;
use wsac::audio::{CancelToken, Resampler};
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::{Segment, TimelineOptions};

use crate::errors::{OrRaise, config};
use crate::json;
use crate::pools::Threads;
use crate::work::run;

/// What messages call the sound.
const NAME: &str = "the arriving sound";

/// Captions of sound as it arrives.
#[pyclass(frozen, module = "wsac._wsac")]
pub struct Live {
    threads: Threads,
    /// `None` once it has ended.
    state: Mutex<Option<State>>,
}

struct State {
    resampler: Resampler,
    live: wsac::timeline::Live<Arc<Captioner>>,
}

impl Live {
    /// Captions sound at `rate` Hz; `silence` is the level below which there is none, in dB of full scale.
    pub fn open(
        py: Python<'_>,
        captioner: Arc<Captioner>,
        threads: Threads,
        rate: u32,
        silence: Option<f32>,
        words: CaptionOptions,
    ) -> PyResult<Self> {
        let resampler = Resampler::new(rate, captioner.rate());
        let resampler = resampler.map_err(|reason| config(py, format!("{NAME} {reason}")))?;
        let mut options = TimelineOptions::default();
        options.silence = silence;
        let live = wsac::timeline::Live::new(captioner, options, words).or_raise(py)?;
        Ok(Self {
            threads,
            state: Mutex::new(Some(State { resampler, live })),
        })
    }

    /// Runs `work` on the state.
    fn with(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Option<State>) -> wsac::Result<Vec<Segment>> + Send,
    ) -> PyResult<Vec<String>> {
        let segments = run(py, self.threads, &CancelToken::default(), || {
            work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
        })?;
        segments
            .iter()
            .map(|segment| json::write(py, segment))
            .collect()
    }
}

#[pymethods]
impl Live {
    /// Adds mono samples; returns the segments that can be captioned by now.
    fn feed(&self, py: Python<'_>, samples: PyReadonlyArray1<'_, f32>) -> PyResult<Vec<String>> {
        let block = samples.as_slice()?.to_vec();
        if let Some(at) = block.iter().position(|x| !x.is_finite()) {
            let reason = format!("{NAME}: sample {at} of the block is no finite number");
            return Err(config(py, reason));
        }
        self.with(py, |state| {
            let state = state.as_mut().ok_or_else(|| {
                Error::Config(format!("{NAME} has ended; begin anew with live()"))
            })?;
            let samples = state.resampler.push(block).map_err(Error::Config)?;
            state.live.push(&samples)
        })
    }

    /// Ends the sound; returns the last segments.
    fn finish(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.with(py, |state| {
            let Some(mut state) = state.take() else {
                return Ok(Vec::new());
            };
            let rest = state.resampler.finish().map_err(Error::Config)?;
            let mut segments = state.live.push(&rest)?;
            segments.extend(state.live.finish()?);
            Ok(segments)
        })
    }
}
