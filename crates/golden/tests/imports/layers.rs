//! The crates of the workspace, what each depends on, and the order of the house.

use std::fs;
use std::path::{Path, PathBuf};

/// From the top to the bottom: a crate depends only on crates of the rows below its own.
const LAYERS: &[&[&str]] = &[
    // The Python module runs the program too.
    &["wsac-py"],
    &["wsac-cli", "wsac-lab"],
    &["wsac-server", "wsac-experiment"],
    &["wsac"],
    // Needs models and the metrics, nothing of the captioner.
    &["wsac-learned"],
    &["wsac-encoders"],
    &["wsac-tensors", "wsac-audio"],
    &["wsac-nn"],
    &["wsac-assets"],
    // These know nothing of the others.
    &["wsac-metrics", "wsac-report"],
];

/// Crates that only tests may depend on.
const FOR_TESTS: &[&str] = &["wsac-golden"];

/// A crate of the workspace.
pub struct Crate {
    /// Its package's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The packages it depends on outside tests, of any registry.
    depends_on: Vec<String>,
}

/// All crates under `crates/`.
pub fn crates(root: &Path) -> Vec<Crate> {
    let folders = fs::read_dir(root.join("crates")).expect("crates/");
    let mut folders: Vec<PathBuf> = folders.map(|f| f.expect("a folder").path()).collect();
    folders.sort();
    folders.retain(|folder| folder.join("Cargo.toml").is_file());
    folders.into_iter().map(read).collect()
}

fn read(folder: PathBuf) -> Crate {
    let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = toml::from_str(&text).expect("a manifest");
    let tables = ["dependencies", "build-dependencies"];
    let mut depends_on = Vec::new();
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flat_map(|t| t.values());
    let places = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    for place in places {
        for table in tables
            .iter()
            .filter_map(|name| place.get(*name)?.as_table())
        {
            depends_on.extend(table.keys().cloned());
        }
    }
    let name = manifest["package"]["name"].as_str().expect("a name");
    Crate {
        name: name.to_owned(),
        folder,
        depends_on,
    }
}

/// Every dependency that does not run downwards, in words.
pub fn wrong(crates: &[Crate]) -> Vec<String> {
    let layer = |name: &str| LAYERS.iter().position(|row| row.contains(&name));
    let mut wrong = Vec::new();
    for package in crates.iter().filter(|c| !FOR_TESTS.contains(&&*c.name)) {
        let Some(own) = layer(&package.name) else {
            wrong.push(format!("{} stands on no layer: give it one", package.name));
            continue;
        };
        for name in &package.depends_on {
            if FOR_TESTS.contains(&name.as_str()) {
                wrong.push(format!("{} -> {name}: for tests only", package.name));
            } else if layer(name).is_some_and(|other| other <= own) {
                wrong.push(format!("{} -> {name}: it is not below", package.name));
            }
        }
    }
    wrong
}

#[test]
fn a_dependency_that_runs_up_or_sideways_is_seen() {
    let make = |name: &str, on: &str| Crate {
        name: name.to_owned(),
        folder: PathBuf::new(),
        depends_on: vec![on.to_owned()],
    };
    assert!(
        wrong(&[
            make("wsac", "wsac-metrics"),
            make("wsac-golden", "serde_json")
        ])
        .is_empty()
    );
    let crates = [
        make("wsac-nn", "wsac-tensors"),
        make("wsac-audio", "wsac-tensors"),
        make("wsac-report", "wsac-golden"),
        make("wsac-attic", "serde"),
    ];
    assert_eq!(wrong(&crates).len(), 4);
}
