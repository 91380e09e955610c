//! The command `wsac` of the Python package: the same program as the Rust binary, argv -> exit code; and its folder.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use pyo3::prelude::*;

/// The exit code after a panic, as that of the Rust binary.
const PANICKED: u8 = 101;

/// Runs `wsac` with `argv`, the first of which is the program's name, and returns its exit code.
#[pyfunction]
pub fn main(py: Python<'_>, argv: Vec<OsString>) -> u8 {
    let run = || catch_unwind(AssertUnwindSafe(|| wsac_cli::main(argv)));
    py.detach(run).map_or(PANICKED, Into::into)
}

/// The folder where it keeps what can be computed again.
#[pyfunction]
pub fn cache_folder() -> Option<PathBuf> {
    wsac_cli::folders::cache()
}
