//! The scores of one metric: a number for the corpus, one for each item, intervals and paired tests.

use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use wsac_metrics::{Sampling, compare, interval};

use super::compute::{compute, error};
use crate::errors::{OrRaise, config};

/// The scores of one metric.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct Scores(pub wsac_metrics::Scores);

#[pymethods]
impl Scores {
    /// The score of all items together.
    #[getter]
    fn corpus(&self) -> f64 {
        self.0.corpus
    }

    /// The score of each item, float64 [N].
    #[getter]
    fn per_item<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.0.per_item.clone().into_pyarray(py)
    }

    /// The bootstrap interval of the corpus score: (low, high).
    fn interval(&self, py: Python<'_>, rounds: usize, level: f64, seed: u64) -> PyResult<[f64; 2]> {
        let sampling = sampling(py, rounds, level, seed)?;
        let found = compute(py, || Ok(interval(&self.0, sampling)))?;
        Ok([found.low, found.high])
    }

    /// The difference to `other`, its interval, and the p-value: (difference, low, high, p).
    fn compare(
        &self,
        py: Python<'_>,
        other: &Self,
        rounds: usize,
        level: f64,
        seed: u64,
    ) -> PyResult<[f64; 4]> {
        let sampling = sampling(py, rounds, level, seed)?;
        let found = compute(py, || compare(&self.0, &other.0, sampling).map_err(error))?;
        let interval = found.interval;
        Ok([found.difference, interval.low, interval.high, found.p])
    }

    /// Scores whose corpus value is the mean of `per_item`.
    #[staticmethod]
    fn mean_of(per_item: Vec<f64>) -> Self {
        Self(wsac_metrics::Scores::mean_of(per_item))
    }

    /// `self * (1 - penalty * errors)`, item by item.
    fn penalised(&self, py: Python<'_>, errors: &Self, penalty: f64) -> PyResult<Self> {
        let found = wsac_metrics::penalised(&self.0, &errors.0, penalty);
        found.map(Self).map_err(error).or_raise(py)
    }

    /// The mean of these and `others`, item by item: of CIDEr-D and SPICE it is SPIDEr.
    fn mean_with(&self, py: Python<'_>, others: &Self) -> PyResult<Self> {
        let found = wsac_metrics::spider(&self.0, &others.0);
        found.map(Self).map_err(error).or_raise(py)
    }

    fn __len__(&self) -> usize {
        self.0.per_item.len()
    }
}

fn sampling(py: Python<'_>, rounds: usize, level: f64, seed: u64) -> PyResult<Sampling> {
    if rounds == 0 {
        return Err(config(py, "rounds must be at least 1, e.g. 1000"));
    }
    if !(0.0 < level && level < 1.0) {
        return Err(config(py, "level must lie between 0 and 1, e.g. 0.95"));
    }
    Ok(Sampling {
        rounds,
        level,
        seed,
    })
}
