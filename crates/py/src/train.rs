//! The function `train`: captions and settings -> a run folder, with each event of the run passed to Python.

use std::ops::ControlFlow;
use std::path::PathBuf;

use pyo3::prelude::*;
use wsac::audio::CancelToken;
use wsac::train::{Event, Inputs, Request};

use crate::captions::Captions;
use crate::encoder::EncoderChoice;
use crate::json;
use crate::pools::Threads;
use crate::work::run_watched;

/// Trains a captioner, or resumes its training; returns the last validation loss, and whether the run had finished before.
/// `on_event` gets the kind of each event and a JSON text.
#[pyfunction]
#[pyo3(signature = (captions, validation, request, encoder, out, cache, resume, threads, on_event))]
#[allow(clippy::too_many_arguments)]
pub fn train(
    py: Python<'_>,
    captions: Vec<(Captions, f64)>,
    validation: Option<Captions>,
    request: &str,
    encoder: &str,
    out: PathBuf,
    cache: Option<PathBuf>,
    resume: bool,
    threads: Option<usize>,
    on_event: Py<PyAny>,
) -> PyResult<(Option<f64>, bool)> {
    let request: Request = json::read(py, request)?;
    let encoder: EncoderChoice = json::read(py, encoder)?;
    // A pool of its own: what `on_event` calls may need threads meanwhile.
    let threads = Threads::asked(py, threads)?.apart();
    let stop = CancelToken::default();
    let work = |tell: &mut dyn FnMut(Event) -> ControlFlow<()>| {
        let (mut clips, mut shares) = (Vec::new(), Vec::new());
        for (captions, share) in captions {
            let of = captions.read()?.captions_by_clip();
            shares.resize(shares.len() + of.len(), share);
            clips.extend(of);
        }
        let validation = validation.map(Captions::read).transpose()?;
        let inputs = Inputs {
            clips,
            shares,
            validation: validation.map(|set| set.captions_by_clip()),
            out,
            cache,
            resume,
        };
        let outcome = request.run(encoder.find()?, inputs, &mut |event| tell(event.clone()))?;
        Ok((outcome.validation, outcome.already_finished))
    };
    run_watched(py, threads, &stop, work, |py, event| {
        let (kind, text) = told(&event);
        on_event.call1(py, (kind, text))?;
        Ok(())
    })
}

/// The kind of an event, and its values as JSON.
fn told(event: &Event) -> (&'static str, String) {
    let (kind, values) = match event {
        Event::Embedded { done, total } => (
            "embedded",
            serde_json::json!({"done": done, "total": total}),
        ),
        Event::Ready {
            captions,
            vocabulary,
            weights,
            noise_variance,
            steps,
            done,
            ..
        } => (
            "ready",
            serde_json::json!({
                "captions": captions, "vocabulary": vocabulary, "weights": weights,
                "noise_variance": noise_variance, "steps": steps, "done": done,
            }),
        ),
        Event::Step(step) => (
            "step",
            serde_json::json!({"step": step.step, "loss": step.loss, "lr": step.lr, "tokens": step.tokens}),
        ),
        Event::Epoch {
            epoch,
            validation,
            elapsed,
        } => (
            "epoch",
            serde_json::json!({"epoch": epoch, "validation": validation, "seconds": elapsed.as_secs_f64()}),
        ),
    };
    (kind, values.to_string())
}
