//! The networks, one architecture a file, with the names of their checkpoints; weights in, `forward` out.

pub mod bert;
pub mod cnn14;
pub mod gpt2;
pub mod hook;
pub mod htsat;
pub mod layers;
pub mod packing;
pub mod roberta;
pub mod yamnet;
