//! The class `Timeline`: the segments of one recording, found as they are asked for, a JSON object each; and their file formats.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use serde::Deserialize;
use wsac::audio::{AudioStream, CancelToken};
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::{Format, Segment, Segments, TimelineOptions, Timelines};

use crate::errors::{OrRaise, config};
use crate::json;
use crate::pools::Threads;
use crate::recording::Recording;
use crate::work::{run, run_shared};

/// Where a timeline is cut, by the names that the command line has; all times in seconds.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cut {
    min_length: f64,
    max_length: f64,
    max_gap: f64,
    silence: Option<f32>,
}

impl Default for Cut {
    fn default() -> Self {
        let own = TimelineOptions::default();
        Self {
            min_length: own.min_length,
            max_length: own.max_length,
            max_gap: own.max_gap,
            silence: own.silence,
        }
    }
}

/// The segments of a recording.
#[pyclass(frozen, module = "wsac._wsac")]
pub struct Timeline {
    captioner: Arc<Captioner>,
    threads: Threads,
    words: CaptionOptions,
    summary: bool,
    stop: CancelToken,
    /// `None` once it has ended or failed.
    segments: Mutex<Option<Segments<Arc<Captioner>, AudioStream>>>,
}

/// The next segment of a timeline, or what is known at its end.
enum Next {
    Segment(Segment),
    End {
        duration: f64,
        warnings: Vec<String>,
        summary: Option<String>,
    },
}

/// A segment as JSON; or at the end duration, warnings and summary.
type Told = (Option<String>, Option<(f64, Vec<String>, Option<String>)>);

impl Timeline {
    /// The timeline of `recording`, of which nothing but the beginning is read yet; with `summary` it ends with a sentence
    /// about the whole.
    pub fn open(
        py: Python<'_>,
        captioner: Arc<Captioner>,
        threads: Threads,
        recording: &Recording,
        cut: Cut,
        words: CaptionOptions,
        summary: bool,
    ) -> PyResult<Self> {
        let mut options = TimelineOptions::default();
        (options.min_length, options.max_length) = (cut.min_length, cut.max_length);
        (options.max_gap, options.silence) = (cut.max_gap, cut.silence);
        let stop = CancelToken::default();
        let segments = run_shared(py, || {
            let stream = recording.open(captioner.rate(), &stop)?;
            Segments::new(captioner.clone(), stream, options, words.clone())
        })?;
        Ok(Self {
            segments: Mutex::new(Some(segments)),
            captioner,
            threads,
            words,
            summary,
            stop,
        })
    }
}

#[pymethods]
impl Timeline {
    /// The next segment, or the end; nothing at all after that.
    fn next(&self, py: Python<'_>) -> PyResult<Told> {
        let next = run(py, self.threads, &self.stop, || {
            let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
            // What fails is not taken up again.
            let Some(mut going) = segments.take() else {
                return Ok(None);
            };
            if let Some(segment) = going.next()? {
                *segments = Some(going);
                return Ok(Some(Next::Segment(segment)));
            }
            let timeline = going.finish();
            let whole = timeline.whole.filter(|_| self.summary);
            let told = |whole| self.captioner.describe(&whole, &self.words);
            let summary = whole.map(told).transpose()?.map(|caption| caption.text);
            Ok(Some(Next::End {
                duration: timeline.duration,
                warnings: timeline.warnings,
                summary: summary.or_else(|| self.summary.then(|| "Silence.".to_owned())),
            }))
        })?;
        Ok(match next {
            None => (None, None),
            Some(Next::Segment(segment)) => (Some(json::write(py, &segment)?), None),
            Some(Next::End {
                duration,
                warnings,
                summary,
            }) => (None, Some((duration, warnings, summary))),
        })
    }
}

/// `segments`, as JSON, of the recording `name` of `duration` seconds, in a file format of the command line.
#[pyfunction]
#[pyo3(signature = (format, name, segments, duration, summary=None))]
pub fn write_timeline(
    py: Python<'_>,
    format: &str,
    name: &str,
    segments: Vec<String>,
    duration: f64,
    summary: Option<&str>,
) -> PyResult<String> {
    let format: Format = json::read(py, &json::write(py, &format)?)?;
    let segments: Vec<Segment> = (segments.iter())
        .map(|segment| json::read(py, segment))
        .collect::<PyResult<_>>()?;
    let name = Path::new(name);
    let mut bytes = Vec::new();
    let mut out = Timelines::new(format, false, &mut bytes).or_raise(py)?;
    let written = segments
        .iter()
        .try_for_each(|segment| out.write(name, segment));
    written.and_then(|()| out.end(name, duration, summary))?;
    drop(out);
    String::from_utf8(bytes).map_err(|e| config(py, e.to_string()))
}
