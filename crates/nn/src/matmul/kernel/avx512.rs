//! Tiles of up to 12 x 32 in 24 of the 32 vector registers. Each instruction adds to 16 sums the products of 16 pairs of
//! bf16 (`vdpbf16ps`) or of 16 f32 numbers (`vfmadd`).

use std::arch::x86_64::*;

use super::tile::{Panel, Tile};

/// Rows of the largest tile.
const ROWS: usize = 12;

/// Whether this processor has the instructions, and the system saves their registers.
pub fn usable() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512bf16")
}

/// See [`super::neighbours`].
///
/// # Safety
/// [`usable`].
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn neighbours(to: &mut [u32; 16], from: &[f32; 32]) {
    // SAFETY: both arrays are read and written whole.
    unsafe {
        let [low, high] = [0, 16].map(|i| _mm512_loadu_ps(from.as_ptr().add(i)));
        let pairs = std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low));
        _mm512_storeu_si512(to.as_mut_ptr().cast(), pairs);
    }
}

/// See [`super::interleave`].
///
/// # Safety
/// [`usable`].
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn interleave(to: &mut [u32; 16], even: &[f32; 16], odd: &[f32; 16]) {
    // SAFETY: the arrays are read and written whole.
    unsafe {
        let [even, odd] = [even, odd].map(|row| {
            let rounded = _mm512_cvtneps_pbh(_mm512_loadu_ps(row.as_ptr()));
            _mm512_cvtepu16_epi32(std::mem::transmute::<__m256bh, __m256i>(rounded))
        });
        let pairs = _mm512_or_si512(even, _mm512_slli_epi32::<16>(odd));
        _mm512_storeu_si512(to.as_mut_ptr().cast(), pairs);
    }
}

/// A tile of any number of rows.
///
/// # Safety
/// As [`tile`].
pub unsafe fn tall(t: Tile) {
    for first in (0..t.rows).step_by(ROWS) {
        // SAFETY: the rows of the part are rows of the whole.
        unsafe {
            tile(Tile {
                left: t.left.add(first * t.left_stride),
                rows: ROWS.min(t.rows - first),
                out: t.out.add(first * t.out_stride),
                ..t
            })
        }
    }
}

/// One tile.
///
/// # Safety
/// [`usable`], and `t` in bounds: at most 12 rows and 32 columns, `words` of each row and of the panel readable, the
/// output writable and used by nobody else.
pub unsafe fn tile(t: Tile) {
    macro_rules! of_rows {
        ($($rows:literal)*) => {
            match (t.rows, t.right) {
                // SAFETY: the caller's word.
                $(($rows, Panel::F32(panel)) => unsafe { sums::<$rows, _>(t, F32(panel)) },
                ($rows, Panel::Scaled(panel, scales)) => unsafe { sums::<$rows, _>(t, Scaled(Bf16(panel), scales)) },
                ($rows, Panel::Bf16(panel)) => unsafe { sums::<$rows, _>(t, Bf16(panel)) },
                ($rows, Panel::Int8(panel, scales)) => unsafe { sums::<$rows, _>(t, Int8(panel, scales)) },)*
                _ => unreachable!("a tile has 1 to 12 rows"),
            }
        };
    }
    of_rows!(1 2 3 4 5 6 7 8 9 10 11 12)
}

/// How a panel is read and multiplied.
trait Source: Copy {
    /// 16 words.
    type Words: Copy;
    /// Word `p` of both halves of the panel.
    unsafe fn words(self, p: usize) -> [Self::Words; 2];
    /// `sums` plus the products of the word `left` with each of `right`.
    unsafe fn add(sums: __m512, left: *const u32, right: Self::Words) -> __m512;
    /// `sums` times the scales of a half.
    unsafe fn scaled(self, half: usize, sums: __m512) -> __m512;
}

#[derive(Clone, Copy)]
struct F32(*const u32);

impl Source for F32 {
    type Words = __m512;

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn words(self, p: usize) -> [__m512; 2] {
        // SAFETY: the panel has 32 numbers for each p.
        unsafe {
            let at = self.0.add(32 * p).cast();
            [_mm512_load_ps(at), _mm512_load_ps(at.add(16))]
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn add(sums: __m512, left: *const u32, right: __m512) -> __m512 {
        // SAFETY: the caller's word.
        _mm512_fmadd_ps(_mm512_set1_ps(unsafe { *left.cast() }), right, sums)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn scaled(self, _: usize, sums: __m512) -> __m512 {
        sums
    }
}

/// The sum of `vdpbf16ps`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn add_pairs(sums: __m512, left: *const u32, right: __m512bh) -> __m512 {
    // SAFETY: the caller's word; both types are 512 bits.
    let left = unsafe { std::mem::transmute::<__m512i, __m512bh>(_mm512_set1_epi32(*left as i32)) };
    _mm512_dpbf16_ps(sums, left, right)
}

#[derive(Clone, Copy)]
struct Bf16(*const u32);

impl Source for Bf16 {
    type Words = __m512bh;

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn add(sums: __m512, left: *const u32, right: __m512bh) -> __m512 {
        // SAFETY: the caller's word.
        unsafe { add_pairs(sums, left, right) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn words(self, p: usize) -> [__m512bh; 2] {
        // SAFETY: the panel has 32 pairs for each p.
        unsafe {
            let at = self.0.add(32 * p);
            [
                std::mem::transmute::<__m512i, __m512bh>(_mm512_load_si512(at.cast())),
                std::mem::transmute::<__m512i, __m512bh>(_mm512_load_si512(at.add(16).cast())),
            ]
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn scaled(self, _: usize, sums: __m512) -> __m512 {
        sums
    }
}

#[derive(Clone, Copy)]
struct Scaled(Bf16, *const f32);

impl Source for Scaled {
    type Words = __m512bh;

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn add(sums: __m512, left: *const u32, right: __m512bh) -> __m512 {
        // SAFETY: the caller's word.
        unsafe { add_pairs(sums, left, right) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn words(self, p: usize) -> [__m512bh; 2] {
        // SAFETY: the caller's word.
        unsafe { self.0.words(p) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn scaled(self, half: usize, sums: __m512) -> __m512 {
        // SAFETY: there are 32 scales.
        _mm512_mul_ps(sums, unsafe { _mm512_loadu_ps(self.1.add(16 * half)) })
    }
}

/// See [`super::Kernel::widen`].
///
/// # Safety
/// [`usable`], and `from` has 64 numbers for each 32 of `to`.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn widen(to: &mut [u32], from: *const i8) {
    for (p, to) in to.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        // SAFETY: 64 numbers lie at word p; both halves are written whole.
        unsafe {
            let [low, high] = Int8(from, std::ptr::null()).words(p);
            _mm512_storeu_si512(
                to.as_mut_ptr().cast(),
                std::mem::transmute::<__m512bh, __m512i>(low),
            );
            _mm512_storeu_si512(
                to[16..].as_mut_ptr().cast(),
                std::mem::transmute::<__m512bh, __m512i>(high),
            );
        }
    }
}

#[derive(Clone, Copy)]
struct Int8(*const i8, *const f32);

impl Source for Int8 {
    type Words = __m512bh;

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn add(sums: __m512, left: *const u32, right: __m512bh) -> __m512 {
        // SAFETY: the caller's word.
        unsafe { add_pairs(sums, left, right) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn words(self, p: usize) -> [__m512bh; 2] {
        // A whole number under 128 has at most 7 bits, so its f32 is a bf16 followed by zeros: nothing is rounded.
        let wide = |at: *const i8| {
            // SAFETY: the panel has 64 numbers for each p.
            let eight = unsafe { _mm_loadu_si128(at.cast()) };
            _mm512_castps_si512(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(eight)))
        };
        // SAFETY: as above; both types are 512 bits.
        unsafe {
            let at = self.0.add(64 * p);
            let half = |at: *const i8| {
                let pairs = _mm512_or_si512(_mm512_srli_epi32::<16>(wide(at)), wide(at.add(16)));
                std::mem::transmute::<__m512i, __m512bh>(pairs)
            };
            [half(at), half(at.add(32))]
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn scaled(self, half: usize, sums: __m512) -> __m512 {
        // SAFETY: there are 32 scales.
        _mm512_mul_ps(sums, unsafe { _mm512_loadu_ps(self.1.add(16 * half)) })
    }
}

/// The sums of `R` rows, kept in registers over all words.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn sums<const R: usize, S: Source>(t: Tile, right: S) {
    let mut sums = [[_mm512_setzero_ps(); 2]; R];
    for p in 0..t.words {
        // SAFETY: p is below the words of the panel and of each row.
        unsafe {
            let [low, high] = right.words(p);
            for (r, sums) in sums.iter_mut().enumerate() {
                let left = t.left.add(r * t.left_stride + p);
                sums[0] = S::add(sums[0], left, low);
                sums[1] = S::add(sums[1], left, high);
            }
        }
    }
    let all = ((1u64 << t.cols) - 1) as u32;
    let masks = [all as u16, (all >> 16) as u16];
    for (r, sums) in sums.iter().enumerate() {
        for half in 0..2 {
            // SAFETY: the masks leave out what is beyond the tile's columns.
            unsafe {
                let to = t.out.add(r * t.out_stride).wrapping_add(16 * half);
                let mut sum = right.scaled(half, sums[half]);
                if t.add {
                    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(masks[half], to));
                }
                _mm512_mask_storeu_ps(to, masks[half], sum);
            }
        }
    }
}
