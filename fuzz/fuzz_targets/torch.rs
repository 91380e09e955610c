//! Any bytes as a file of weights: an error or tensors, never a panic.
#![no_main]

mod read;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| read::all(bytes));
