//! The trial that decides whether the matrix unit is used: small products of known result.
//!
//! It lays out its operands itself: the layouts of products ask which kernel is the best, which is what this finds out.

use std::sync::OnceLock;

use super::amx::{SIDE, Tiles, Unit, permitted, present, session};
use super::tile::{Panel, Tile};

/// Columns of a panel.
const PANEL: usize = 32;

/// Whether this processor has the unit, the system lends it, and it multiplies as it should.
pub fn amx_usable() -> bool {
    static USABLE: OnceLock<bool> = OnceLock::new();
    *USABLE.get_or_init(|| present() && permitted() && multiplies())
}

/// Tries the unit on two products, of which one has incomplete tiles.
fn multiplies() -> bool {
    let mut right = true;
    session(|unit| right = try_out(unit, 32, 64, 32) && try_out(unit, 19, 34, 21));
    right
}

/// Multiplies [m, k] and [k, n] small whole numbers, which must come out exactly; m and n are at most 32.
fn try_out<U: Unit>(unit: &mut Tiles<U>, m: usize, k: usize, n: usize) -> bool {
    let number = |i: usize| (i * 7 % 11) as f32 - 5.0;
    let a = |i: usize, p: usize| if p < k { number(i * k + p) } else { 0.0 };
    let b = |p: usize, j: usize| {
        if p < k && j < n {
            number(p * n + j + 3)
        } else {
            0.0
        }
    };
    // Small whole numbers are bf16 as they are.
    let pair = |even: f32, odd: f32| even.to_bits() >> 16 | odd.to_bits();
    let pairs = k.div_ceil(2).next_multiple_of(SIDE);
    let left: Vec<u32> = (0..m * pairs)
        .map(|at| (at / pairs, at % pairs * 2))
        .map(|(i, p)| pair(a(i, p), a(i, p + 1)))
        .collect();
    let right: Vec<u32> = (0..pairs * PANEL)
        .map(|at| (at / PANEL * 2, at % PANEL))
        .map(|(p, j)| pair(b(p, j), b(p + 1, j)))
        .collect();
    let mut out = vec![1.0; m * n];
    let tile = Tile {
        left: left.as_ptr(),
        left_stride: pairs,
        rows: m,
        right: Panel::Bf16(right.as_ptr()),
        words: pairs,
        out: out.as_mut_ptr(),
        out_stride: n,
        cols: n,
        add: true,
    };
    // SAFETY: the tile is the whole product, in buffers laid out for it.
    unsafe { unit.tile(tile) };
    let product = |i: usize| (0..k).map(|p| a(i / n, p) * b(p, i % n)).sum::<f32>();
    (0..m * n).all(|i| out[i] == 1.0 + product(i))
}

#[cfg(test)]
mod tests;
