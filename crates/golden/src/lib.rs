//! Where the tests find golden values that are shared between projects: `$WSAC_SHARED`, else `../shared` beside the
//! repository. A golden file that is missing fails the test in CI (`CI` is set) and skips it, with a message, elsewhere.

mod compare;
mod signals;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use compare::{assert_close, assert_stats, numbers};
pub use signals::{CLAPS, clap_wave, yamnet_signal};

/// The shared file or folder called `name`, e.g. `golden/yamnet/synthetic.json`.
///
/// `None` (and a message) where this machine has no shared folder, so that the test can return.
///
/// # Panics
/// In CI, where it is missing.
pub fn shared(name: &str) -> Option<PathBuf> {
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

/// The shared text file called `name`. `None` as in [`shared`].
///
/// # Panics
/// Where it cannot be read.
pub fn text(name: &str) -> Option<String> {
    Some(std::fs::read_to_string(shared(name)?).expect("a golden file can be read"))
}

/// The shared JSON file called `name`. `None` as in [`shared`].
///
/// # Panics
/// Where it cannot be read or is not JSON.
pub fn json(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&text(name)?).expect("a golden file is JSON"))
}

/// The records of the shared JSONL file called `name`, one a line. `None` as in [`shared`].
///
/// # Panics
/// Where it cannot be read or a line is not JSON.
pub fn jsonl(name: &str) -> Option<Vec<Value>> {
    let record = |line| serde_json::from_str(line).expect("a golden line is JSON");
    Some(text(name)?.lines().map(record).collect())
}
