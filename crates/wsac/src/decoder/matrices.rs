//! The decoder's matrices in the layout that products read fastest.

use wsac_nn::matmul::Packed;

/// The number format of packed matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightDtype {
    /// f32, as trained.
    F32,
    /// bf16: a weight is off by at most 0.2 % of itself.
    Bf16,
    /// int8 with one scale per output: a weight is off by at most 0.4 % of the largest weight of the same output.
    Int8,
}

/// All matrices; those of a dense mapper, which is used once per caption, are always f32.
#[derive(Debug, Clone)]
pub(super) struct Matrices {
    pub mapper: Vec<Packed>,
    pub blocks: Vec<[Packed; 4]>,
    pub head: Packed,
}
