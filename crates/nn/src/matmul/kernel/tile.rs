//! What a kernel is asked for: a tile of the output, and the panel of the right operand that it is multiplied with.

/// A tile: `out[rows, cols] (+)= left[rows, words] right[words, cols]`, at most [`super::Kernel::rows`] x 32.
#[derive(Debug, Clone, Copy)]
pub struct Tile {
    /// The first word of the tile's first row, and the words from one row to the next.
    pub left: *const u32,
    pub left_stride: usize,
    pub rows: usize,
    /// The panel, from its first word of this block on.
    pub right: Panel,
    /// How many words are multiplied: of pairs a multiple of 16.
    pub words: usize,
    /// The tile's first number, and the numbers from one row to the next.
    pub out: *mut f32,
    pub out_stride: usize,
    pub cols: usize,
    /// Whether the product is added to what is there.
    pub add: bool,
}

/// A panel of 32 columns.
#[derive(Debug, Clone, Copy)]
pub enum Panel {
    /// [k][32] f32.
    F32(*const u32),
    /// [pairs][32] pairs of bf16.
    Bf16(*const u32),
    /// The same, and the 32 columns' scales.
    Scaled(*const u32, *const f32),
    /// [pairs][2 halves][even k of 16 columns, odd k of 16 columns] int8, and the 32 columns' scales.
    Int8(*const i8, *const f32),
}
