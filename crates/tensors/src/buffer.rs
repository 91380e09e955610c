//! Numbers of a tensor: our own, or still in a mapped file.

use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

use bytemuck::Pod;
use memmap2::Mmap;

/// The numbers of a tensor, row-major.
#[derive(Debug, Clone)]
pub struct Buffer<T = f32>(Held<T>);

#[derive(Debug, Clone)]
enum Held<T> {
    Own(Vec<T>),
    /// Bytes of a file that are little-endian `T` on a machine of that order, at an address that fits them.
    Mapped(Arc<Mmap>, Range<usize>, PhantomData<T>),
}

impl<T: Pod> Buffer<T> {
    /// The numbers at `range` (bytes) of `map`, without a copy; `None` where this machine cannot use them in place.
    pub fn mapped(map: Arc<Mmap>, range: Range<usize>) -> Option<Self> {
        let in_place = cfg!(target_endian = "little")
            && bytemuck::try_cast_slice::<u8, T>(map.get(range.clone())?).is_ok();
        in_place.then_some(Self(Held::Mapped(map, range, PhantomData)))
    }

    /// The numbers as a vector of our own, to change or to keep.
    pub fn into_vec(self) -> Vec<T> {
        match self.0 {
            Held::Own(numbers) => numbers,
            Held::Mapped(..) => self.to_vec(),
        }
    }

    /// The numbers to change; copied first where they lie in a file.
    pub fn to_mut(&mut self) -> &mut Vec<T> {
        if let Held::Mapped(..) = self.0 {
            self.0 = Held::Own(self.to_vec());
        }
        match &mut self.0 {
            Held::Own(numbers) => numbers,
            Held::Mapped(..) => unreachable!("copied above"),
        }
    }
}

impl<T> From<Vec<T>> for Buffer<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self(Held::Own(numbers))
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Held::Own(numbers) => numbers,
            Held::Mapped(map, range, _) => bytemuck::cast_slice(&map[range.clone()]),
        }
    }
}

impl<T: Pod + PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
