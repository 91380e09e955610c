//! The flag `--precision`: the data type of matrix products.

use clap::ValueEnum;
use wsac::encoders::compute_dtype::ComputeDtype;

/// The data type of matrix products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// bf16 where the processor supports it, else f32
    Auto,
    /// The same on every machine
    F32,
    /// About twice as fast on processors that support it
    Bf16,
}

impl From<Precision> for ComputeDtype {
    fn from(choice: Precision) -> Self {
        match choice {
            Precision::Auto => Self::Auto,
            Precision::F32 => Self::F32,
            Precision::Bf16 => Self::Bf16,
        }
    }
}
