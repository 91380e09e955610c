//! The decoder's matrices packed for generation, in f32, bf16 (half the memory traffic per token) or int8 (a quarter).
//!
//! Generating one caption reads every weight once per token, so the time it takes is that of reading them from memory.

use wsac_nn::matmul::{Mat, Packed, ProductDtype, Right};

use super::Decoder;
use super::mapper::layout::Net;
use super::matrices::{Matrices, WeightDtype};
use super::tape::Part;
use crate::params::Slot;

impl Decoder {
    /// Packs the matrices for generation. The f32 weights are kept; changing them discards the packed ones.
    /// If packing makes f32 products no faster, [`WeightDtype::F32`] does nothing.
    pub fn pack(&mut self, form: WeightDtype) {
        if form == WeightDtype::F32 && !ProductDtype::F32.packs() {
            return;
        }
        let pack = |mat: Mat| match form {
            WeightDtype::F32 => Packed::f32(mat),
            WeightDtype::Bf16 => Packed::bf16(mat),
            WeightDtype::Int8 => Packed::int8(mat),
        };
        let parts = [
            Part::Attention,
            Part::AttentionOut,
            Part::Inner,
            Part::InnerOut,
        ];
        let blocks = 0..self.blocks.len();
        let mapper: &[(Slot, Slot)] = match &self.mapper {
            Net::Dense(layers) => layers,
            Net::Transformer(_) => &[],
        };
        let turned = |&(weight, bias): &(Slot, Slot)| self.turned(weight, bias.range().len());
        self.packed = Some(Matrices {
            mapper: mapper
                .iter()
                .map(|layer| Packed::f32(turned(layer)))
                .collect(),
            blocks: blocks
                .map(|i| parts.map(|part| pack(self.matrix(i, part))))
                .collect(),
            head: pack(self.head_matrix()),
        });
    }

    /// The weight and bias of a layer.
    pub(super) fn part(&self, block: usize, part: Part) -> (Slot, Slot) {
        let block = &self.blocks[block];
        match part {
            Part::Attention => block.c_attn,
            Part::AttentionOut => block.attn_proj,
            Part::Inner => block.c_fc,
            Part::InnerOut => block.mlp_proj,
        }
    }

    /// The weight of a layer, [in, out].
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

    /// Layer `i` of the mapper as packed.
    pub(super) fn packed_mapper(&self, i: usize) -> Option<&Packed> {
        self.packed.as_ref().and_then(|packed| packed.mapper.get(i))
    }

    /// The weight of a layer as products take it: packed, else in `precision`.
    pub(super) fn operand(&self, block: usize, part: Part, precision: ProductDtype) -> Right<'_> {
        match &self.packed {
            Some(packed) => (&packed.blocks[block][part as usize]).into(),
            None => precision.of(self.matrix(block, part)),
        }
    }

    /// The head as products take it.
    pub(super) fn head_operand(&self, precision: ProductDtype) -> Right<'_> {
        match &self.packed {
            Some(packed) => (&packed.head).into(),
            None => precision.of(self.head_matrix()),
        }
    }
}
