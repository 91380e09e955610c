//! The trial passes on a model of the unit, and on the processor's own.

use super::super::amx::*;
use super::*;

/// The unit by its definition, for processors without one: registers, loads, products and stores.
struct Model([[u32; SIDE * SIDE]; 8]);

impl Unit for Model {
    unsafe fn load<const N: u8>(&mut self, at: *const u32, stride: usize) {
        for r in 0..SIDE {
            // SAFETY: the caller's word.
            let row = unsafe { std::slice::from_raw_parts(at.byte_add(r * stride), SIDE) };
            self.0[N as usize][r * SIDE..][..SIDE].copy_from_slice(row);
        }
    }

    fn zero<const N: u8>(&mut self) {
        self.0[N as usize].fill(0);
    }

    fn multiply<const N: u8, const A: u8, const B: u8>(&mut self) {
        let [left, right] = [A, B].map(|register| self.0[register as usize]);
        let halves = |pair: u32| [pair << 16, pair & 0xFFFF_0000].map(f32::from_bits);
        for (i, sum) in self.0[N as usize].iter_mut().enumerate() {
            let products = (0..SIDE).map(|p| {
                let (a, b) = (
                    halves(left[i / SIDE * SIDE + p]),
                    halves(right[p * SIDE + i % SIDE]),
                );
                a[0] * b[0] + a[1] * b[1]
            });
            *sum = products.fold(f32::from_bits(*sum), |s, p| s + p).to_bits();
        }
    }

    unsafe fn store<const N: u8>(&mut self, at: *mut f32, stride: usize) {
        for r in 0..SIDE {
            // SAFETY: the caller's word.
            let row = unsafe { std::slice::from_raw_parts_mut(at.byte_add(r * stride), SIDE) };
            let from = &self.0[N as usize][r * SIDE..][..SIDE];
            row.iter_mut()
                .zip(from)
                .for_each(|(o, bits)| *o = f32::from_bits(*bits));
        }
    }
}

fn model() -> Tiles<Model> {
    Tiles::new(Model([[0; SIDE * SIDE]; 8]))
}

/// Both the model and, where there is one, the processor's own unit pass the trial that decides whether it is used.
#[test]
fn the_trial_passes() {
    for (m, k, n) in [
        (1, 1, 1),
        (16, 32, 32),
        (17, 31, 16),
        (31, 97, 17),
        (32, 160, 32),
    ] {
        assert!(try_out(&mut model(), m, k, n), "{m} x {k} x {n}");
    }
    if present() && permitted() {
        assert!(multiplies());
    }
}
