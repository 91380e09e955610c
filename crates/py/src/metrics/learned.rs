//! The metrics that need a model of the user's: folders and files -> open models -> scores.

use std::path::PathBuf;

use numpy::{IntoPyArray, PyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use wsac::audio::Source;
use wsac::encoders::TokenStates;
use wsac::encoders::encoder::{Encoder, text_tower};
use wsac::encoders::fluency::{self, KINDS, is_published};
use wsac::encoders::towers::{AudioTower, TextTower};
use wsac_learned as learned;

use super::error;
use super::items::Items;
use super::scores::Scores;

/// A Sentence-BERT.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct SentenceBert(wsac::encoders::SentenceBert);

#[pymethods]
impl SentenceBert {
    /// The model in `folder`, else the built-in all-MiniLM-L6-v2.
    #[new]
    fn new(py: Python<'_>, folder: Option<PathBuf>) -> PyResult<Self> {
        let opened = py.detach(|| match folder {
            Some(folder) => wsac::encoders::SentenceBert::open(folder),
            None => text_tower(),
        });
        opened.map(Self).map_err(error::of_model)
    }

    /// What it is called.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// Whether it is the one of FENSE.
    #[getter]
    fn is_of_fense(&self) -> bool {
        learned::is_of_fense(&self.0)
    }

    /// SBERT-sim of tokenised items.
    fn score(&self, py: Python<'_>, items: &Items) -> PyResult<Scores> {
        let scores = py.detach(|| learned::sbert_sim(&self.0, &items.0, &mut |_| {}));
        scores.map(Scores).map_err(error::of_model)
    }
}

/// FENSE's detector of fluency errors.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct FluencyDetector {
    detector: fluency::FluencyDetector,
    name: String,
    published: bool,
}

#[pymethods]
impl FluencyDetector {
    #[new]
    fn new(py: Python<'_>, file: PathBuf) -> PyResult<Self> {
        let opened = py.detach(|| {
            let detector = fluency::FluencyDetector::open(&file)?;
            let name = file.file_stem().unwrap_or(file.as_os_str());
            Ok(Self {
                name: name.to_string_lossy().into(),
                published: is_published(&file)?,
                detector,
            })
        });
        opened.map_err(error::of_model)
    }

    /// The name of its file, without the ending.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is one of the two that FENSE published.
    #[getter]
    fn published(&self) -> bool {
        self.published
    }

    /// The errors of the candidates of tokenised items, more probable than `threshold`; and the probability of each kind of
    /// error, a dict of float64 [N].
    fn score<'py>(
        &self,
        py: Python<'py>,
        items: &Items,
        threshold: f32,
    ) -> PyResult<(Scores, Bound<'py, PyDict>)> {
        let found = py.detach(|| learned::fluency(&self.detector, &items.0, &mut |_| {}));
        let kinds = PyDict::new(py);
        for (i, kind) in KINDS.into_iter().enumerate() {
            let probabilities: Vec<f64> = found.iter().map(|f| f64::from(f.0[i])).collect();
            let array: Bound<'py, PyArray1<f64>> = probabilities.into_pyarray(py);
            kinds.set_item(kind, array)?;
        }
        Ok((Scores(learned::fluency_errors(&found, threshold)), kinds))
    }
}

/// Both towers of a CLAP, each opened when it is first needed.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct Clap {
    encoder: Encoder,
}

#[pymethods]
impl Clap {
    /// The encoder called `name`: `mini`, a folder or a checkpoint.
    #[new]
    fn new(py: Python<'_>, name: String) -> PyResult<Self> {
        let encoder = py.detach(|| Encoder::open(&name, None));
        Ok(Self {
            encoder: encoder.map_err(error::of_model)?,
        })
    }

    /// The mean cosine of each candidate to its references.
    fn score(&self, py: Python<'_>, items: &Items) -> PyResult<Scores> {
        let scores = py.detach(|| {
            let tower = self.encoder.text_tower()?;
            learned::clap_sim(tower.as_ref(), &items.0, &mut |_| {})
        });
        scores.map(Scores).map_err(error::of_model)
    }

    /// The cosine of each of the tokenised `candidates` to its recording.
    fn score_audio(
        &self,
        py: Python<'_>,
        candidates: Vec<String>,
        recordings: Vec<PathBuf>,
    ) -> PyResult<Scores> {
        if candidates.len() != recordings.len() {
            let (c, r) = (candidates.len(), recordings.len());
            let why = format!("{c} candidates have {r} recordings; each candidate needs one");
            return Err(PyValueError::new_err(why));
        }
        let scores = py.detach(|| {
            let audio: Box<dyn AudioTower> = self.encoder.audio_tower()?;
            let text: Box<dyn TextTower> = self.encoder.text_tower()?;
            let sources: Vec<Source> = recordings.iter().map(Source::from).collect();
            let heard = learned::hear(audio.as_ref(), &sources, |_, _| {});
            let heard = heard
                .into_iter()
                .map(|embedding| embedding.map(Some))
                .collect::<Result<Vec<_>, _>>()?;
            learned::clap_sim_of_audio(text.as_ref(), &candidates, &heard, &mut |_| {})
        });
        scores.map(Scores).map_err(error::of_model)
    }
}

/// A BERT or RoBERTa, for BERTScore.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct Bert(TokenStates);

#[pymethods]
impl Bert {
    #[new]
    fn new(py: Python<'_>, folder: PathBuf) -> PyResult<Self> {
        let opened = py.detach(|| TokenStates::open(folder));
        opened.map(Self).map_err(error::of_model)
    }

    /// BERTScore of tokenised items: precision, recall, F1.
    fn score(&self, py: Python<'_>, items: &Items) -> [Scores; 3] {
        let found = py.detach(|| learned::bert_score(&self.0, &items.0, &mut |_| {}));
        [found.precision, found.recall, found.f1].map(Scores)
    }
}
