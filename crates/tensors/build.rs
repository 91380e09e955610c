//! Tests that need the shared golden values are ignored, visibly, where those are missing; in CI they run, and fail.
//! Where they lie: see `wsac-golden`.

use std::path::PathBuf;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(no_golden)");
    println!("cargo::rerun-if-env-changed=WSAC_SHARED");
    println!("cargo::rerun-if-env-changed=CI");
    let shared = std::env::var_os("WSAC_SHARED").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let golden = shared.unwrap_or_else(beside).join("golden");
    if !golden.is_dir() && std::env::var_os("CI").is_none() {
        println!("cargo::rustc-cfg=no_golden");
    }
}
