//! The class `Captioner`: recordings or embeddings -> captions, a JSON object each, or the exception of one that failed.

use std::sync::Arc;

use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use wsac::audio::CancelToken;
use wsac::captioner::{Caption, CaptionOptions, Opening, Settings};
use wsac::encoders::analysis::AudioAnalysis;

use crate::encoder::{Encoder, EncoderChoice};
use crate::errors::{config, exception};
use crate::json;
use crate::live::Live;
use crate::matrix::rows_of;
use crate::memory::Memory;
use crate::pools::Threads;
use crate::recording::{self, Given, Recording};
use crate::timeline::{Cut, Timeline};
use crate::work::{run, run_shared};

/// A captioner; `wsac.Captioner` is what a person calls.
#[pyclass(frozen, module = "wsac._wsac")]
pub struct Captioner {
    captioner: Arc<wsac::captioner::Captioner>,
    encoder: Py<Encoder>,
    threads: Threads,
    memory: Option<Arc<wsac::memory::Memory>>,
}

/// A caption, or why there is none.
type Outcome = wsac::Result<Caption>;

#[pymethods]
impl Captioner {
    #[new]
    #[pyo3(signature = (opening, clap=None, family=None, memory=None, threads=None))]
    fn new(
        py: Python<'_>,
        opening: &str,
        clap: Option<String>,
        family: Option<&str>,
        memory: Option<&Memory>,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let opening: Opening = json::read(py, opening)?;
        let threads = Threads::asked(py, threads)?;
        let (captioner, encoder) = run(py, threads, &CancelToken::default(), || {
            opening.open(|card| {
                let name = clap.as_deref().unwrap_or(&card.clap);
                EncoderChoice::named(name, family).find()
            })
        })?;
        let space = encoder.space().clone();
        let captioner = Arc::new(captioner.with_reader(encoder));
        let memory = memory
            .map(|memory| memory.fitted(py, &captioner))
            .transpose()?;
        let encoder = Py::new(py, Encoder::of(captioner.clone(), space, threads))?;
        Ok(Self {
            captioner,
            encoder,
            threads,
            memory,
        })
    }

    /// Says what is wrong with settings.
    #[pyo3(signature = (settings, memory=None))]
    fn check(&self, py: Python<'_>, settings: &str, memory: Option<&Memory>) -> PyResult<()> {
        self.asked(py, settings, memory).map(|_| ())
    }

    /// Captions `recordings`, in order.
    #[pyo3(signature = (recordings, settings, memory=None))]
    fn caption(
        &self,
        py: Python<'_>,
        recordings: Vec<Given<'_>>,
        settings: &str,
        memory: Option<&Memory>,
    ) -> PyResult<Vec<Py<PyAny>>> {
        let (settings, options) = self.asked(py, settings, memory)?;
        let recordings = recording::all(recordings)?;
        let stop = CancelToken::default();
        let captions = run(py, self.threads, &stop, || {
            let mut captions = Vec::with_capacity(recordings.len());
            // Cancelled work ends early; then an exception is raised, and nobody sees what is missing.
            let _ = self.captioner.caption_all(
                &recordings,
                |recording, rate| recording.open(rate, &stop),
                |recording| settings.for_recording(&options, recording.name()),
                |_| {},
                |_: &Recording, caption| {
                    captions.push(caption);
                    match stop.is_cancelled() {
                        true => Err(()),
                        false => Ok(()),
                    }
                },
            );
            Ok(captions)
        })?;
        told(py, captions)
    }

    /// Captions of `embeddings` [n, d] that were made elsewhere.
    #[pyo3(signature = (embeddings, settings, memory=None))]
    fn decode(
        &self,
        py: Python<'_>,
        embeddings: PyReadonlyArray2<'_, f32>,
        settings: &str,
        memory: Option<&Memory>,
    ) -> PyResult<Vec<Py<PyAny>>> {
        let (_, options) = self.asked(py, settings, memory)?;
        let (width, own) = (embeddings.shape()[1], self.dim());
        if width != own {
            return Err(config(
                py,
                format!(
                    "the embeddings have width {width}, the captioner {} takes {own}: they are of another encoder than {}",
                    self.name(),
                    self.captioner.model().card.clap
                ),
            ));
        }
        let rows = rows_of(py, &embeddings)?;
        let stop = CancelToken::default();
        let captions = run(py, self.threads, &stop, || {
            let analyses: Vec<_> = (0..rows.len())
                .map(|i| AudioAnalysis::of_embedding(rows.get(i)))
                .collect();
            let mut captions = Vec::with_capacity(analyses.len());
            for some in analyses.chunks(TOGETHER) {
                let asked: Vec<_> = some.iter().map(|analysis| (analysis, &options)).collect();
                captions.extend(self.captioner.describe_all(&asked));
                if stop.is_cancelled() {
                    break;
                }
            }
            Ok(captions)
        })?;
        told(py, captions)
    }

    /// The segments of a recording, one by one.
    #[pyo3(signature = (recording, cut, settings, memory=None, summary=false))]
    fn timeline(
        &self,
        py: Python<'_>,
        recording: Given<'_>,
        cut: &str,
        settings: &str,
        memory: Option<&Memory>,
        summary: bool,
    ) -> PyResult<Timeline> {
        let cut: Cut = json::read(py, cut)?;
        let (settings, options) = self.asked(py, settings, memory)?;
        let recording = recording.recording()?;
        let words = settings.for_recording(&options, recording.name());
        let captioner = self.captioner.clone();
        Timeline::open(py, captioner, self.threads, &recording, cut, words, summary)
    }

    /// Captions of sound as it arrives, at `rate` Hz.
    #[pyo3(signature = (rate, silence, settings, memory=None))]
    fn live(
        &self,
        py: Python<'_>,
        rate: u32,
        silence: Option<f32>,
        settings: &str,
        memory: Option<&Memory>,
    ) -> PyResult<Live> {
        let (_, options) = self.asked(py, settings, memory)?;
        Live::open(
            py,
            self.captioner.clone(),
            self.threads,
            rate,
            silence,
            options,
        )
    }

    /// The encoder, whose towers the captioner shares.
    #[getter]
    fn encoder(&self, py: Python<'_>) -> Py<Encoder> {
        self.encoder.clone_ref(py)
    }

    /// The captioner's name.
    #[getter]
    fn name(&self) -> &str {
        &self.captioner.model().card.name
    }

    /// The width of its embeddings.
    #[getter]
    fn dim(&self) -> usize {
        self.captioner.model().card.decoder.embedding
    }

    /// The sample rate of its encoder, in Hz.
    #[getter]
    fn rate(&self) -> u32 {
        self.captioner.rate()
    }
}

/// Embeddings that are decoded together.
const TOGETHER: usize = 32;

impl Captioner {
    /// The settings, and the options of all recordings; `memory` takes the place of the captioner's own.
    fn asked(
        &self,
        py: Python<'_>,
        settings: &str,
        memory: Option<&Memory>,
    ) -> PyResult<(Settings, CaptionOptions)> {
        let settings: Settings = json::read(py, settings)?;
        let mut options = run_shared(py, || settings.options(self.captioner.model()))?;
        options.memory = match memory {
            Some(memory) => Some(memory.fitted(py, &self.captioner)?),
            None => self.memory.clone(),
        };
        Ok((settings, options))
    }
}

/// A JSON text for each caption, and an exception for each failure.
fn told(py: Python<'_>, captions: Vec<Outcome>) -> PyResult<Vec<Py<PyAny>>> {
    let told = captions.into_iter().map(|caption| match caption {
        Ok(caption) => json::write(py, &caption)?.into_py_any(py),
        Err(error) => Ok(exception(py, &error).into_value(py).into_any()),
    });
    told.collect()
}
