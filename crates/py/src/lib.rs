//! The Python module `wsac._wsac`: Python objects -> the library and back. What a person calls is `python/wsac`.

mod metrics;
mod program;

use pyo3::prelude::*;

/// The compiled part of the package `wsac`.
#[pymodule(gil_used = false)]
mod _wsac {
    #[pymodule_export]
    use crate::metrics::metrics;
    #[pymodule_export]
    use crate::program::main;

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        use pyo3::types::PyModuleMethods;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
