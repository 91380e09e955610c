//! Candidates with their references, and the metrics that need nothing else: lists of captions -> scores.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use wsac_metrics::{bleu, cider, cider_d, diversity, ptb, rouge_l, rouge_l_of_words, vocab};

use super::compute::{compute, error};
use super::scores::Scores;
use crate::errors::OrRaise;

/// The tokens of each of `captions`, joined by spaces; all stand in one file, in this order.
#[pyfunction]
pub fn tokenise(py: Python<'_>, captions: Vec<String>) -> PyResult<Vec<String>> {
    compute(py, || Ok(ptb::tokenise_all(&captions)))
}

/// N candidates, each with its references.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct Items(pub wsac_metrics::Items);

#[pymethods]
impl Items {
    #[new]
    fn new(
        py: Python<'_>,
        candidates: Vec<String>,
        references: Vec<Vec<String>>,
    ) -> PyResult<Self> {
        let items = wsac_metrics::Items::new(candidates, references);
        items.map(Self).map_err(error).or_raise(py)
    }

    /// The same items, tokenised.
    fn tokenised(&self, py: Python<'_>) -> PyResult<Self> {
        compute(py, || Ok(Self(self.0.tokenised())))
    }

    /// BLEU-1 to BLEU-4.
    fn bleu(&self, py: Python<'_>) -> PyResult<[Scores; 4]> {
        compute(py, || Ok(bleu(&self.0).map(Scores)))
    }

    /// ROUGE-L of words that single spaces part (pycocoevalcap).
    fn rouge_l(&self, py: Python<'_>) -> PyResult<Scores> {
        compute(py, || Ok(Scores(rouge_l(&self.0))))
    }

    /// ROUGE-L of words that white space parts (aac-metrics).
    fn rouge_l_of_words(&self, py: Python<'_>) -> PyResult<Scores> {
        compute(py, || Ok(Scores(rouge_l_of_words(&self.0))))
    }

    /// CIDEr-D.
    fn cider_d(&self, py: Python<'_>) -> PyResult<Scores> {
        compute(py, || Ok(Scores(cider_d(&self.0))))
    }

    /// Plain CIDEr.
    fn cider(&self, py: Python<'_>) -> PyResult<Scores> {
        compute(py, || Ok(Scores(cider(&self.0))))
    }

    /// The vocabulary: a dict of numbers of the corpus, and the number of distinct words of each candidate.
    fn vocab<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyDict>, Vec<f64>)> {
        let v = compute(py, || Ok(vocab(&self.0)))?;
        let corpus = PyDict::new(py);
        for (name, number) in [
            ("cands", v.candidates),
            ("mrefs_full", v.references),
            ("ratio_full", v.ratio),
            ("mrefs_avg", v.references_one),
            ("ratio_avg", v.ratio_one),
            ("precision", v.precision),
            ("recall", v.recall),
            ("f1", v.f1),
            ("jaccard", v.jaccard),
        ] {
            corpus.set_item(name, number)?;
        }
        Ok((corpus, v.per_candidate))
    }

    /// The diversity of the candidates: a dict of numbers.
    fn diversity<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let d = compute(py, || Ok(diversity(self.0.candidates())))?;
        let corpus = PyDict::new(py);
        for (name, number) in [
            ("distinct_1", d.distinct_1),
            ("distinct_2", d.distinct_2),
            ("unique", d.unique),
            ("mean_length", d.mean_length),
        ] {
            corpus.set_item(name, number)?;
        }
        Ok(corpus)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}
