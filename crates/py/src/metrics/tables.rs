//! METEOR with its word tables, and SPICE with the user's jars.

use std::ops::ControlFlow;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use wsac::audio::CancelToken;
use wsac_metrics::spice::{Counts, SpiceJars, SpiceScores, SpiceStep, Subset};

use super::compute::{compute, error};
use super::items::Items;
use super::scores::Scores;
use crate::pools::Threads;
use crate::work::run_watched;

/// METEOR 1.5.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct Meteor(wsac_metrics::meteor::Meteor);

#[pymethods]
impl Meteor {
    #[new]
    fn new(py: Python<'_>, tables: PathBuf) -> PyResult<Self> {
        let open = || wsac_metrics::meteor::Meteor::open(tables).map_err(error);
        compute(py, open).map(Self)
    }

    /// METEOR of tokenised items.
    fn score(&self, py: Python<'_>, items: &Items) -> PyResult<Scores> {
        compute(py, || self.0.score(&items.0).map_err(error)).map(Scores)
    }
}

/// SPICE 1.0.
#[pyclass(frozen, module = "wsac._wsac.metrics")]
pub struct Spice {
    jars: SpiceJars,
    meteor: Py<Meteor>,
    cache: Option<PathBuf>,
}

#[pymethods]
impl Spice {
    #[new]
    fn new(
        py: Python<'_>,
        jars: PathBuf,
        java: PathBuf,
        meteor: Py<Meteor>,
        cache: Option<PathBuf>,
    ) -> PyResult<Self> {
        let jars = compute(py, || SpiceJars::open_with(jars, java).map_err(error))?;
        Ok(Self {
            jars,
            meteor,
            cache,
        })
    }

    /// SPICE of tokenised items, and for each item a dict of its subsets: pr, re, f, fn, numImages, fp, tp. `tell` is
    /// called with a sentence before each step that takes its time.
    fn score<'py>(
        &self,
        py: Python<'py>,
        items: &Items,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<(Scores, Vec<Bound<'py, PyDict>>)> {
        let meteor = self.meteor.get();
        let stop = CancelToken::default();
        let score = |progress: &mut dyn FnMut(SpiceStep) -> ControlFlow<()>| {
            let mut progress = |step| {
                let _ = progress(step);
            };
            let (wordnet, cache) = (meteor.0.wordnet(), self.cache.as_deref());
            let found = self.jars.scores(&items.0, wordnet, cache, &mut progress);
            found.map_err(error)
        };
        let found = run_watched(py, Threads::Shared, &stop, score, |py, step| {
            tell.as_ref()
                .map_or(Ok(()), |tell| tell.call1(py, (sentence(step),)).map(drop))
        })?;
        let subsets = subsets(py, &found)?;
        Ok((Scores(found.all), subsets))
    }
}

fn sentence(step: SpiceStep) -> String {
    match step {
        SpiceStep::Parsing { captions, of } => {
            format!("SPICE parses {captions} of {of} captions, 15 or more a second")
        }
        SpiceStep::Scoring { items } => {
            format!("SPICE scores {items} items whose synonyms can be merged in several ways")
        }
    }
}

/// As `SpiceScorer` writes them, in its order.
const NAMES: [(&str, Subset); 7] = [
    ("All", Subset::All),
    ("Relation", Subset::Relation),
    ("Cardinality", Subset::Cardinality),
    ("Attribute", Subset::Attribute),
    ("Size", Subset::Size),
    ("Color", Subset::Color),
    ("Object", Subset::Object),
];

fn subsets<'py>(py: Python<'py>, found: &SpiceScores) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let of_item = |item: &wsac_metrics::spice::ItemScore| {
        let subsets = PyDict::new(py);
        for (name, subset) in NAMES {
            let counts: &Counts = &item.counts[subset as usize];
            let numbers = PyDict::new(py);
            let [candidate, references, matched] =
                [counts.candidate, counts.references, counts.matched].map(|n| n as f64);
            for (key, number) in [
                ("pr", counts.precision()),
                ("re", counts.recall()),
                ("f", counts.f1()),
                ("fn", references - matched),
                ("numImages", 1.0),
                ("fp", candidate - matched),
                ("tp", matched),
            ] {
                numbers.set_item(key, number)?;
            }
            subsets.set_item(name, numbers)?;
        }
        Ok(subsets)
    };
    found.items.iter().map(of_item).collect()
}
