//! WeightLoader all of a file of weights that has this content: an error or tensors, never a panic.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use wsac::tensors::weights::{WeightFile, Weights};

/// A file of this process; in memory where the system has such a place.
static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    folder.join(format!("wsac-fuzz-{}", std::process::id()))
});

/// Opens a file with the content `bytes` and asks for each of its tensors.
pub fn all(bytes: &[u8]) {
    fs::write(&*PATH, bytes).expect("a place for the file");
    let Ok(file) = WeightFile::open(&*PATH) else {
        return;
    };
    for name in file.names() {
        let shape = file.shape(name).expect("a tensor that is named");
        if let Ok(numbers) = file.get(name, &shape) {
            assert_eq!(numbers.len(), shape.iter().product::<usize>());
        }
    }
}
