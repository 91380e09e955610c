//! There are no import cycles: no file imports a file that (by any way) imports it, and no crate one that stands above it.
//!
//! An arrow runs from a file to the file that *defines* what it names, by `use` or by a path in the code; re-exports
//! are followed. `mod x;`, a re-export of one's own children, tests and methods called on values are no arrows.
//! While cutting, this prints the circles of all crates, or of those whose files begin with `$IMPORTS_OF`:
//! `IMPORTS_OF=crates/nn cargo test -p wsac-golden --test imports -- --ignored --nocapture print_circles`.
//! With `$IMPORTS_LAX` set, a file may import from the modules it lies in: what is left is to be cut first.

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

/// Each circle in words, the largest first.
fn circles() -> Vec<String> {
    let forest = modules::Forest::read(&layers::crates(&root()));
    let mut arrows = arrows::arrows(&forest);
    if std::env::var_os("IMPORTS_LAX").is_some() {
        arrows::without_arrows_to_parents(&mut arrows);
    }
    graph::circles(&arrows)
}

#[test]
fn no_file_imports_a_file_that_imports_it() {
    let circles = circles();
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
#[ignore = "prints for those who cut, and never fails"]
fn print_circles() {
    let of = std::env::var("IMPORTS_OF").unwrap_or_default();
    let mut circles = circles();
    circles.retain(|circle| circle.contains(&format!("  {of}")));
    println!("{} circles\n\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn no_crate_depends_on_one_that_is_not_below_it() {
    let wrong = layers::wrong(&layers::crates(&root()));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
