//! CLAP checkpoints: which family one is of, its files, how recordings are cut and padded for it, its two towers.

pub mod audio_tower;
pub mod checkpoint;
pub mod family;
pub mod preprocess;
pub mod text_tower;
pub mod windowing;
