//! The function `picture`: a recording and the sounds heard in it -> waveform, spectrogram and sounds, as the `<svg>` of a page.

use pyo3::prelude::*;
use wsac::Error;
use wsac::audio::{CancelToken, Waveform};
use wsac_experiment::report;
use wsac_report::clip::Sound;

use crate::pools::Threads;
use crate::recording::Given;
use crate::work::run;

/// The rate that a picture is drawn from, in Hz.
const RATE: u32 = 16_000;

/// Draws `recording`, with its `sounds` by name and score. Its shapes have classes, by which a page colours them.
#[pyfunction]
pub fn picture(
    py: Python<'_>,
    recording: Given<'_>,
    sounds: Vec<(String, f64)>,
) -> PyResult<String> {
    let recording = recording.recording()?;
    let sound = |(name, score)| Sound {
        name,
        score,
        ..Sound::default()
    };
    let sounds = sounds.into_iter().map(sound).collect();
    let name = recording.name().to_string_lossy();
    let stop = CancelToken::default();
    run(py, Threads::Shared, &stop, || {
        let mut stream = recording.open(RATE, &stop)?;
        let mut samples = Vec::new();
        while let Some(block) = stream.next_block()? {
            samples.extend(block);
        }
        let wave = Waveform {
            samples,
            rate: RATE,
        };
        let drawing = report::picture(&name, &wave, sounds).draw();
        let drawing = drawing.map_err(|e| Error::Config(e.to_string()))?;
        Ok(drawing.inline())
    })
}
