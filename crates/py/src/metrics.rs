//! The module `wsac._wsac.metrics`: lists of captions -> the metrics of `wsac-metrics` and `wsac-learned` -> scores.
//!
//! What a person calls is `python/wsac/metrics`. The interpreter's lock is released wherever something is computed.

mod compute;
mod items;
mod learned;
mod scores;
mod tables;

use pyo3::prelude::*;

/// Caption metrics.
#[pymodule(submodule, gil_used = false)]
pub mod metrics {
    #[pymodule_export]
    use super::items::{Items, tokenise};
    #[pymodule_export]
    use super::learned::{Bert, FluencyDetector, SentenceBert};
    #[pymodule_export]
    use super::scores::Scores;
    #[pymodule_export]
    use super::tables::{Meteor, Spice};
}
