//! The kernels of products: a tile of the output from rows of a left and a panel of a right operand, at a time. Operands
//! are words of 32 bits along k: a pair of bf16, or an f32.
//!
//! Which one runs is found out once, when the program starts to multiply: AMX, else AVX-512 bf16, else none, and then
//! products are made of f32 numbers rounded to bf16 (`portable`), which gives the same sums in another order.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod self_test;
mod tile;

use std::sync::OnceLock;

pub(super) use tile::{Panel, Tile};

/// `to[p]` = the pair of `from[2 p]` and `from[2 p + 1]` in bf16. Only where [`Kernel::best`] is not `Portable`.
#[inline(always)]
pub(super) fn neighbours(to: &mut [u32; 16], from: &[f32; 32]) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: both kernels ask for AVX-512 bf16.
    unsafe {
        avx512::neighbours(to, from);
    }
    #[cfg(not(target_arch = "x86_64"))]
    unreachable!("no kernel converts {from:?} to {to:?}");
}

/// `to[c]` = the pair of `even[c]` and `odd[c]` in bf16. Only where [`Kernel::best`] is not `Portable`.
#[inline(always)]
pub(super) fn interleave(to: &mut [u32; 16], even: &[f32; 16], odd: &[f32; 16]) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: as above.
    unsafe {
        avx512::interleave(to, even, odd);
    }
    #[cfg(not(target_arch = "x86_64"))]
    unreachable!("no kernel converts {even:?} and {odd:?} to {to:?}");
}

/// What this processor multiplies with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Tiles of 32 x 32 in the matrix unit.
    #[cfg(target_arch = "x86_64")]
    Amx,
    /// Tiles of 12 x 32 in vector registers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// No arithmetic for bf16; f32 numbers are multiplied by the `gemm` crate.
    Portable,
}

impl Kernel {
    /// The best this processor has.
    pub fn best() -> Self {
        static BEST: OnceLock<Kernel> = OnceLock::new();
        *BEST.get_or_init(|| Self::all().next().unwrap_or(Self::Portable))
    }

    /// All that this processor has, the best first.
    pub fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let fast = [
            (avx512::usable() && self_test::amx_usable()).then_some(Self::Amx),
            avx512::usable().then_some(Self::Avx512),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let fast: [Option<Self>; 0] = [];
        fast.into_iter().flatten().chain([Self::Portable])
    }

    /// The rows of its tile.
    pub fn rows(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Amx => 32,
            _ => 12,
        }
    }

    /// Writes the pairs of an int8 panel to `to`, [words][32]: what many tiles read is widened once.
    ///
    /// # Panics
    /// Where this processor has no tiles.
    ///
    /// # Safety
    /// `from` is [words][64] int8.
    pub unsafe fn widen(self, to: &mut [u32], from: *const i8) {
        assert!(self != Self::Portable, "the portable product has no tiles");
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller's word.
        unsafe {
            avx512::widen(to, from);
        }
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("no kernel widens {from:?} to {to:?}");
    }

    /// Runs `tiles`, on one thread, as `f` asks for them.
    ///
    /// # Safety
    /// Every [`Tile`] must lie within what its pointers may read and write, and nothing else may use its output
    /// meanwhile; `self` must be one of [`Kernel::all`] and not `Portable`.
    pub unsafe fn run(self, f: impl FnOnce(&mut dyn FnMut(Tile))) {
        match self {
            // SAFETY: this processor has what the kernel needs (the caller's word), and the tiles are in bounds.
            #[cfg(target_arch = "x86_64")]
            Self::Amx => amx::session(|unit| {
                f(&mut |tile| unsafe {
                    match tile.right {
                        Panel::Bf16(_) => unit.tile(tile),
                        Panel::F32(_) | Panel::Scaled(..) | Panel::Int8(..) => avx512::tall(tile),
                    }
                })
            }),
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => f(&mut |tile| unsafe { avx512::tile(tile) }),
            Self::Portable => unreachable!("the portable product has no tiles"),
        }
    }
}
