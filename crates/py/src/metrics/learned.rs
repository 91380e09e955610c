//! The metrics that need a model of the user's: folders and files -> open models -> scores.

use std::path::PathBuf;

use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use wsac::encoders::TokenStates;
use wsac::encoders::encoder::text_tower;
use wsac::encoders::fluency::{self, KINDS, is_published};
use wsac_learned as learned;

use super::compute::compute;
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
        compute(py, || match folder {
            Some(folder) => Ok(Self(wsac::encoders::SentenceBert::open(folder)?)),
            None => Ok(Self(text_tower()?)),
        })
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
        let score = || Ok(learned::sbert_sim(&self.0, &items.0, &mut |_| {})?);
        compute(py, score).map(Scores)
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
        compute(py, || {
            let detector = fluency::FluencyDetector::open(&file)?;
            let name = file.file_stem().unwrap_or(file.as_os_str());
            Ok(Self {
                name: name.to_string_lossy().into(),
                published: is_published(&file)?,
                detector,
            })
        })
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
        let found = compute(py, || {
            Ok(learned::fluency(&self.detector, &items.0, &mut |_| {}))
        })?;
        let kinds = PyDict::new(py);
        for (i, kind) in KINDS.into_iter().enumerate() {
            let probabilities: Vec<f64> = found.iter().map(|f| f64::from(f.0[i])).collect();
            let array: Bound<'py, PyArray1<f64>> = probabilities.into_pyarray(py);
            kinds.set_item(kind, array)?;
        }
        Ok((Scores(learned::fluency_errors(&found, threshold)), kinds))
    }
}

/// A BERT or RoBERTa, for BERTScore.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct Bert(TokenStates);

#[pymethods]
impl Bert {
    #[new]
    fn new(py: Python<'_>, folder: PathBuf) -> PyResult<Self> {
        compute(py, || Ok(Self(TokenStates::open(folder)?)))
    }

    /// BERTScore of tokenised items: precision, recall, F1.
    fn score(&self, py: Python<'_>, items: &Items) -> PyResult<[Scores; 3]> {
        let found = compute(py, || {
            Ok(learned::bert_score(&self.0, &items.0, &mut |_| {}))
        })?;
        Ok([found.precision, found.recall, found.f1].map(Scores))
    }
}
