//! The Python module `wsac._wsac`: Python objects -> the library and back. What a person calls is `python/wsac`.

mod captioner;
mod captions;
mod encoder;
mod errors;
mod json;
mod length;
mod live;
mod matrix;
mod memory;
mod metrics;
mod picture;
mod pools;
mod program;
mod recording;
mod timeline;
mod train;
mod work;

use pyo3::prelude::*;

/// The compiled part of the package `wsac`.
#[pymodule(gil_used = false)]
mod _wsac {
    #[pymodule_export]
    use crate::captioner::Captioner;
    #[pymodule_export]
    use crate::encoder::Encoder;
    #[pymodule_export]
    use crate::length::length;
    #[pymodule_export]
    use crate::live::Live;
    #[pymodule_export]
    use crate::memory::Memory;
    #[pymodule_export]
    use crate::metrics::metrics;
    #[pymodule_export]
    use crate::picture::picture;
    #[pymodule_export]
    use crate::program::{cache_folder, main};
    #[pymodule_export]
    use crate::timeline::{Timeline, write_timeline};
    #[pymodule_export]
    use crate::train::train;

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        use pyo3::types::PyModuleMethods;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
