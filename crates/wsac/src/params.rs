//! The parameters of a model: one flat `f32` array with named, shaped ranges.
//!
//! Gradients and both moments of the optimiser are arrays of the same layout, so that an update is one pass.

use std::ops::Range;

/// Where one tensor lies in the flat array.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The tensor's name in a checkpoint.
    pub name: String,
    /// Its shape, row-major.
    pub shape: Vec<usize>,
    /// Its range in the flat array.
    pub range: Range<usize>,
}

/// Names and shapes of a model's tensors, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    specs: Vec<Spec>,
    len: usize,
}

/// A tensor in a [`Layout`]: where its numbers lie. Cheap to copy into a model's struct.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    start: usize,
    end: usize,
}

impl Layout {
    /// Adds a tensor at the end.
    pub fn add(&mut self, name: impl Into<String>, shape: &[usize]) -> Slot {
        let range = self.len..self.len + shape.iter().product::<usize>();
        self.len = range.end;
        let slot = Slot {
            start: range.start,
            end: range.end,
        };
        self.specs.push(Spec {
            name: name.into(),
            shape: shape.to_vec(),
            range,
        });
        slot
    }

    /// All tensors, in order.
    pub fn specs(&self) -> &[Spec] {
        &self.specs
    }

    /// The total of their numbers.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Slot {
    /// The tensor's numbers in `flat`.
    pub fn of(self, flat: &[f32]) -> &[f32] {
        &flat[self.start..self.end]
    }

    /// The tensor's numbers in `flat`, to write to.
    pub fn of_mut(self, flat: &mut [f32]) -> &mut [f32] {
        &mut flat[self.start..self.end]
    }

    /// The range of the tensor's numbers.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Two different tensors of `flat`, both to write to.
    ///
    /// # Panics
    /// If `other` does not lie behind this one.
    pub fn with(self, other: Slot, flat: &mut [f32]) -> (&mut [f32], &mut [f32]) {
        assert!(self.end <= other.start, "two tensors in order");
        let (left, right) = flat.split_at_mut(other.start);
        (
            &mut left[self.start..self.end],
            &mut right[..other.end - other.start],
        )
    }
}
