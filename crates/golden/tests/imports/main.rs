//! There are no import cycles: no file imports a file that (by any way) imports it, and no crate one that stands above it.
//!
//! An arrow runs from a file to the file that *defines* what it names, by `use` or by a path in the code; re-exports
//! are followed. `mod x;`, a re-export of one's own children, tests and methods called on values are no arrows.

mod arrows;
mod graph;
mod layers;
mod modules;
mod names;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository")
}

#[test]
fn no_file_imports_a_file_that_imports_it() {
    let forest = modules::Forest::read(&layers::crates(&root()));
    let circles = graph::circles(&arrows::arrows(&forest));
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn no_crate_depends_on_one_that_is_not_below_it() {
    let wrong = layers::wrong(&layers::crates(&root()));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
