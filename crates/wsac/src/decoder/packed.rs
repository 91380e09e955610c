//! The decoder's matrices laid out for writing captions, in bf16 (half the memory to read a word) or int8 (a quarter).
//!
//! A word read by one caption needs every weight once, so that the time it takes is that of reading them from memory.

use wsac_nn::matmul::{Mat, Packed, Precision, Right};

use super::{Decoder, Slot};

/// The kind of numbers matrices are laid out in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// bf16: a weight is off by at most 0.2 % of itself.
    Bf16,
    /// int8 with a scale an output: a weight is off by at most 0.4 % of the largest that leads to the same output.
    Int8,
}

/// The matrices of a block, in the order they are met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Attention,
    AttentionOut,
    Inner,
    InnerOut,
}

/// All matrices but those of the mapper, which is met once a caption.
#[derive(Debug, Clone)]
pub(super) struct Matrices {
    blocks: Vec<[Packed; 4]>,
    head: Packed,
}

impl Decoder {
    /// Lays the matrices out for writing captions. The f32 weights stay; whoever changes them loses what was laid out.
    pub fn pack(&mut self, form: Form) {
        let pack = |mat: Mat| match form {
            Form::Bf16 => Packed::bf16(mat),
            Form::Int8 => Packed::int8(mat),
        };
        let parts = [
            Part::Attention,
            Part::AttentionOut,
            Part::Inner,
            Part::InnerOut,
        ];
        let blocks = 0..self.blocks.len();
        self.packed = Some(Matrices {
            blocks: blocks
                .map(|i| parts.map(|part| pack(self.matrix(i, part))))
                .collect(),
            head: pack(self.head_matrix()),
        });
    }

    /// Weight and bias of a part.
    pub(super) fn part(&self, block: usize, part: Part) -> (Slot, Slot) {
        let block = &self.blocks[block];
        match part {
            Part::Attention => block.c_attn,
            Part::AttentionOut => block.attn_proj,
            Part::Inner => block.c_fc,
            Part::InnerOut => block.mlp_proj,
        }
    }

    /// A part's weight, [in, out].
    pub(super) fn matrix(&self, block: usize, part: Part) -> Mat<'_> {
        let (weight, bias) = self.part(block, part);
        let (weight, outputs) = (weight.of(&self.weights), bias.range().len());
        Mat::new(weight, weight.len() / outputs, outputs)
    }

    /// The head, [d, V].
    fn head_matrix(&self) -> Mat<'_> {
        let (v, d) = (self.config.vocab, self.config.width);
        Mat::new(self.wte.of(&self.weights), v, d).t()
    }

    /// A part's weight as products take it: as it was laid out, else in `precision`.
    pub(super) fn operand(&self, block: usize, part: Part, precision: Precision) -> Right<'_> {
        match &self.packed {
            Some(packed) => (&packed.blocks[block][part as usize]).into(),
            None => precision.of(self.matrix(block, part)),
        }
    }

    /// The head as products take it.
    pub(super) fn head_operand(&self, precision: Precision) -> Right<'_> {
        match &self.packed {
            Some(packed) => (&packed.head).into(),
            None => precision.of(self.head_matrix()),
        }
    }
}
