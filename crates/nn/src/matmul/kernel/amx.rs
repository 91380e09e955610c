//! Tiles of 32 x 32 in the matrix unit: four tile registers of sums, two of the left and two of the right operand.
//!
//! The intrinsics are not stable in Rust, so the six instructions are written as assembly. The unit is asked for once
//! (Linux gives it on request), tried on a small product of known result (`self_test`), and only then used.

use std::arch::asm;

use super::tile::{Panel, Tile};

/// Rows of a tile register, and the pairs or sums in a row of it.
pub const SIDE: usize = 16;

/// AMX-BF16 and AMX-TILE (CPUID leaf 7), and tile state enabled by the system (XCR0 bits 17 and 18).
pub fn present() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    if __cpuid(0).eax < 7 || __cpuid(1).ecx >> 27 & 1 == 0 {
        return false;
    }
    let (low, high): (u32, u32);
    // SAFETY: XGETBV is there where CPUID says OSXSAVE, as was just asked.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") high, options(nomem, nostack))
    };
    let _ = high;
    let features = __cpuid_count(7, 0).edx;
    features >> 22 & 1 == 1 && features >> 24 & 1 == 1 && low >> 17 & 3 == 3
}

/// Asks Linux for the tile registers: `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`.
#[cfg(target_os = "linux")]
pub fn permitted() -> bool {
    let mut answer: i64 = 158;
    // SAFETY: a system call that only changes what this process may use.
    unsafe {
        asm!("syscall", inlateout("rax") answer, in("rdi") 0x1023, in("rsi") 18,
             lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    answer == 0
}

/// Other systems lend the registers without being asked; where they do not, [`present`] has said no.
#[cfg(not(target_os = "linux"))]
pub fn permitted() -> bool {
    true
}

/// The instructions on tile registers, so that tests can put a model of the unit in their place. A register has 16
/// rows of 64 bytes.
pub trait Unit {
    /// Register `N` = 16 rows, `stride` bytes apart.
    ///
    /// # Safety
    /// The rows must be readable.
    unsafe fn load<const N: u8>(&mut self, at: *const u32, stride: usize);
    /// Register `N` = 0.
    fn zero<const N: u8>(&mut self);
    /// The sums in register `N` += the pairs of `A` x the pairs of `B`.
    fn multiply<const N: u8, const A: u8, const B: u8>(&mut self);
    /// Register `N` to 16 rows, `stride` bytes apart.
    ///
    /// # Safety
    /// The rows must be writable.
    unsafe fn store<const N: u8>(&mut self, at: *mut f32, stride: usize);
}

/// The matrix unit of this processor, configured for this thread (only [`session`] makes one).
pub struct Hardware;

impl Unit for Hardware {
    unsafe fn load<const N: u8>(&mut self, at: *const u32, stride: usize) {
        // SAFETY: the unit is configured, the rows are readable (the caller's word).
        unsafe {
            asm!("tileloadd tmm{n}, [{at} + {stride}*1]", n = const N, at = in(reg) at, stride = in(reg) stride,
                 options(nostack, readonly));
        }
    }

    fn zero<const N: u8>(&mut self) {
        // SAFETY: the unit is configured; nothing but a tile register changes.
        unsafe { asm!("tilezero tmm{n}", n = const N, options(nostack, nomem)) };
    }

    fn multiply<const N: u8, const A: u8, const B: u8>(&mut self) {
        // SAFETY: as above.
        unsafe {
            asm!("tdpbf16ps tmm{n}, tmm{a}, tmm{b}", n = const N, a = const A, b = const B, options(nostack, nomem));
        }
    }

    unsafe fn store<const N: u8>(&mut self, at: *mut f32, stride: usize) {
        // SAFETY: as for `load`, to be written.
        unsafe {
            asm!("tilestored [{at} + {stride}*1], tmm{n}", n = const N, at = in(reg) at, stride = in(reg) stride,
                 options(nostack));
        }
    }
}

/// The memory layout of LDTILECFG: palette 1, all eight registers 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Shape {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

const SHAPE: Shape = {
    let (mut bytes, mut rows, mut i) = ([0; 16], [0; 16], 0);
    while i < 8 {
        (bytes[i], rows[i]) = (64, SIDE as u8);
        i += 1;
    }
    Shape {
        palette: 1,
        start_row: 0,
        reserved: [0; 14],
        bytes,
        rows,
    }
};

/// Lends `f` the unit; the registers are given back after it, so that the system need not save them.
pub fn session(f: impl FnOnce(&mut Tiles<Hardware>)) {
    // SAFETY: the callers have asked `present` and `permitted`; SHAPE is a valid configuration.
    unsafe { asm!("ldtilecfg [{}]", in(reg) &SHAPE, options(nostack, readonly)) };
    f(&mut Tiles::new(Hardware));
    // SAFETY: as above.
    unsafe { asm!("tilerelease", options(nostack, nomem)) };
}

/// A unit and the space for tiles that are not whole.
pub struct Tiles<U> {
    unit: U,
    /// Up to 16 rows of a left operand.
    edge: [u32; SIDE * SIDE],
    /// The sums of 32 x 32.
    sums: [f32; 4 * SIDE * SIDE],
}

impl<U: Unit> Tiles<U> {
    /// `unit`, and zeros.
    pub fn new(unit: U) -> Self {
        Self {
            unit,
            edge: [0; SIDE * SIDE],
            sums: [0.0; 4 * SIDE * SIDE],
        }
    }

    /// One tile. Registers 0 to 3 hold the sums [upper | lower][left | right], 4 and 5 the left, 6 and 7 the right operand.
    ///
    /// # Safety
    /// `t` in bounds: at most 32 rows and columns, `words` (a multiple of 16) of each row and of the bf16 panel readable,
    /// the output writable and used by nobody else.
    pub unsafe fn tile(&mut self, t: Tile) {
        let Panel::Bf16(panel) = t.right else {
            unreachable!("the unit reads bf16 panels")
        };
        let lower = t.rows > SIDE;
        self.unit.zero::<0>();
        self.unit.zero::<1>();
        self.unit.zero::<2>();
        self.unit.zero::<3>();
        for p in (0..t.words).step_by(SIDE) {
            // SAFETY: 16 pairs from p on are in the panel and in each row.
            unsafe {
                self.unit.load::<6>(panel.add(32 * p), 128);
                self.unit.load::<7>(panel.add(32 * p + SIDE), 128);
                self.left::<4>(t, 0, p);
                self.unit.multiply::<0, 4, 6>();
                self.unit.multiply::<1, 4, 7>();
                if lower {
                    self.left::<5>(t, SIDE, p);
                    self.unit.multiply::<2, 5, 6>();
                    self.unit.multiply::<3, 5, 7>();
                }
            }
        }
        let sums = self.sums.as_mut_ptr();
        // SAFETY: the four quarters of `sums`, 32 rows of 128 bytes.
        unsafe {
            self.unit.store::<0>(sums, 128);
            self.unit.store::<1>(sums.add(SIDE), 128);
            self.unit.store::<2>(sums.add(2 * SIDE * SIDE), 128);
            self.unit.store::<3>(sums.add(2 * SIDE * SIDE + SIDE), 128);
        }
        for (r, sums) in self.sums.chunks_exact(2 * SIDE).take(t.rows).enumerate() {
            // SAFETY: row r of the output has `cols` numbers.
            let out =
                unsafe { std::slice::from_raw_parts_mut(t.out.add(r * t.out_stride), t.cols) };
            if t.add {
                out.iter_mut().zip(sums).for_each(|(o, s)| *o += s);
            } else {
                out.copy_from_slice(&sums[..t.cols]);
            }
        }
    }

    /// Loads 16 rows of the left operand from `first` on; rows that the tile does not have are zero.
    ///
    /// # Safety
    /// As for [`Tiles::tile`].
    unsafe fn left<const N: u8>(&mut self, t: Tile, first: usize, p: usize) {
        let rows = (t.rows - first).min(SIDE);
        // SAFETY: rows `first..first + rows` are the tile's.
        unsafe {
            let at = t.left.add(first * t.left_stride + p);
            if rows == SIDE {
                return self.unit.load::<N>(at, 4 * t.left_stride);
            }
            self.edge.fill(0);
            for r in 0..rows {
                let row = std::slice::from_raw_parts(at.add(r * t.left_stride), SIDE);
                self.edge[r * SIDE..][..SIDE].copy_from_slice(row);
            }
            self.unit.load::<N>(self.edge.as_ptr(), 64);
        }
    }
}
