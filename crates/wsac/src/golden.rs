//! Where the tests find golden values that are shared between projects: `$WSAC_SHARED`, else `../shared` beside the repository.

use std::path::{Path, PathBuf};

/// The shared file or folder called `name`, e.g. `golden/yamnet/synthetic.json`.
///
/// `None` (and a message) where this machine has no shared folder, so that the test can return; in CI that is a failure.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("WSAC_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is missing; set WSAC_SHARED",
        path.display()
    );
    eprintln!(
        "skipped: {} is missing (set WSAC_SHARED to the folder with the golden values)",
        path.display()
    );
    None
}

/// The shared JSON file called `name`, read. `None` as in [`shared`].
pub(crate) fn json(name: &str) -> Option<serde_json::Value> {
    let bytes = std::fs::read(shared(name)?).expect("a golden file can be read");
    Some(serde_json::from_slice(&bytes).expect("a golden file is JSON"))
}

/// The numbers of a JSON list, as f32.
pub(crate) fn numbers(list: &serde_json::Value) -> Vec<f32> {
    let list = list.as_array().expect("a list of numbers");
    list.iter()
        .map(|x| x.as_f64().expect("a number") as f32)
        .collect()
}

/// Fails where two vectors differ in length, or anywhere by more than `tolerance`.
pub(crate) fn assert_close(what: &str, ours: &[f32], golden: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), golden.len(), "{what}: length");
    for (i, (a, b)) in ours.iter().zip(golden).enumerate() {
        assert!(
            (a - b).abs() <= tolerance,
            "{what}[{i}]: {a} is not {b} within {tolerance}"
        );
    }
}

/// The 3 s signal at 16 kHz of golden/yamnet/synthetic.json, by its formula.
pub(crate) fn yamnet_signal() -> Vec<f32> {
    let sine = |cycles: f64, phase: f64| (std::f64::consts::TAU * cycles + phase).sin();
    let at = |t: f64| {
        0.3 * sine(440.0 * t, 0.0)
            + 0.2 * sine(1730.0 * t, 0.5)
            + 0.1 * sine(5000.0 * t * (1.0 + 0.05 * t), 0.0)
    };
    (0..48_000)
        .map(|n| at(f64::from(n) / 16_000.0) as f32)
        .collect()
}
