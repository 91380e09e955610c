//! Numbers of a tensor: f32, our own or still in a mapped file.

use std::ops::{Deref, Range};
use std::sync::Arc;

use memmap2::Mmap;

/// The f32 numbers of a tensor, row-major.
#[derive(Debug, Clone)]
pub struct Numbers(Held);

#[derive(Debug, Clone)]
enum Held {
    Own(Vec<f32>),
    /// Bytes of a file that are little-endian f32 on a machine of that order, at an address that is a multiple of 4.
    Mapped(Arc<Mmap>, Range<usize>),
}

impl Numbers {
    /// The f32 at `range` (bytes) of `map`, without a copy; `None` where this machine cannot use them in place.
    pub(crate) fn mapped(map: Arc<Mmap>, range: Range<usize>) -> Option<Self> {
        let in_place = cfg!(target_endian = "little")
            && bytemuck::try_cast_slice::<u8, f32>(map.get(range.clone())?).is_ok();
        in_place.then_some(Self(Held::Mapped(map, range)))
    }

    /// The numbers as a vector of our own, to change or to keep.
    pub fn into_vec(self) -> Vec<f32> {
        match self.0 {
            Held::Own(numbers) => numbers,
            Held::Mapped(..) => self.to_vec(),
        }
    }
}

impl From<Vec<f32>> for Numbers {
    fn from(numbers: Vec<f32>) -> Self {
        Self(Held::Own(numbers))
    }
}

impl Deref for Numbers {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &self.0 {
            Held::Own(numbers) => numbers,
            Held::Mapped(map, range) => bytemuck::cast_slice(&map[range.clone()]),
        }
    }
}
