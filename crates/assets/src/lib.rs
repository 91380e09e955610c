//! The files of `models/`, name -> bytes. They are bytes alone: what they mean is said by the crates that read them.
//!
//! A crate of their own, so that 47 MB are compiled once, whatever is edited.

#[cfg(built_in)]
macro_rules! built_in {
    ($($name:literal),*) => {
        &[$(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/", $name))),)*]
    };
}

/// Names below `models/`, and contents.
#[cfg(built_in)]
pub const FILES: &[(&str, &[u8])] = built_in![
    "mini/yamnet.safetensors",
    "mini/classes.csv",
    "mini/classes.safetensors",
    "mini/config.json",
    "mini/decoder.safetensors",
    "mini/tokenizer.json",
    "mini/memory.safetensors",
    "mini/clauses.safetensors",
    "mini/minilm/model.safetensors",
    "mini/minilm/vocab.txt",
    "gpt2/merges.txt"
];

/// Nothing: the folder `models/` was not at hand when this was built.
#[cfg(not(built_in))]
pub const FILES: &[(&str, &[u8])] = &[];
