//! The command `wsac` of the Python package: the same program as the Rust binary, argv -> exit code.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs `wsac` with `argv`, the first of which is the program's name, and returns its exit code.
#[pyfunction]
pub fn main(py: Python<'_>, argv: Vec<OsString>) -> u8 {
    py.detach(|| wsac_cli::main(argv)).into()
}
