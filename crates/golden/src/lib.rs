//! Where the tests find golden values: some are committed, in `data`; the rest is shared between projects and lies in
//! `$WSAC_SHARED`, else in `../shared` beside the repository.
//!
//! A test that needs the rest is ignored where that is missing (`build.rs` of its crate sets `cfg(no_golden)`), and fails
//! there in CI (`CI` is set). None passes unseen.

mod compare;
mod signals;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use compare::{assert_close, assert_stats, numbers};
pub use signals::{CLAPS, clap_wave, yamnet_signal};

/// The golden file or folder called `name`, e.g. `golden/yamnet/synthetic.json`. There is always one.
///
/// # Panics
/// Where it is missing.
pub fn shared(name: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = own.join("data").join(name);
    if committed.is_file() {
        return Some(committed);
    }
    let folder =
        std::env::var_os("WSAC_SHARED").map_or_else(|| own.join("../../../shared"), PathBuf::from);
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is missing: set WSAC_SHARED to the folder with the golden values, and mark tests that need them \
         #[cfg_attr(no_golden, ignore = \"needs the shared golden values\")]",
        path.display()
    );
    Some(path)
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
