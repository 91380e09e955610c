//! Stored numbers to f32: little-endian bytes of any kind -> f32.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use safetensors::tensor::Dtype;

/// Appends the numbers of `bytes`, which are of kind `dtype`, to `out`; each is rounded to the nearest f32. `false`
/// where the kind is none that weights are made of.
pub fn widen(dtype: Dtype, bytes: &[u8], out: &mut Vec<f32>) -> bool {
    match dtype {
        Dtype::F32 => out.extend(words(bytes).map(f32::from_le_bytes)),
        Dtype::F64 => out.extend(words(bytes).map(|w| f64::from_le_bytes(w) as f32)),
        Dtype::F16 => {
            let halves: Vec<f16> = words(bytes).map(f16::from_le_bytes).collect();
            let from = extend(out, halves.len());
            halves.convert_to_f32_slice(&mut out[from..]);
        }
        Dtype::BF16 => out.extend(words(bytes).map(|w| bf16::from_le_bytes(w).to_f32())),
        Dtype::I64 => out.extend(words(bytes).map(|w| i64::from_le_bytes(w) as f32)),
        Dtype::I32 => out.extend(words(bytes).map(|w| i32::from_le_bytes(w) as f32)),
        Dtype::I16 => out.extend(words(bytes).map(|w| f32::from(i16::from_le_bytes(w)))),
        Dtype::I8 => out.extend(bytes.iter().map(|&b| f32::from(b as i8))),
        Dtype::U64 => out.extend(words(bytes).map(|w| u64::from_le_bytes(w) as f32)),
        Dtype::U32 => out.extend(words(bytes).map(|w| u32::from_le_bytes(w) as f32)),
        Dtype::U16 => out.extend(words(bytes).map(|w| f32::from(u16::from_le_bytes(w)))),
        Dtype::U8 => out.extend(bytes.iter().map(|&b| f32::from(b))),
        Dtype::BOOL => out.extend(bytes.iter().map(|&b| f32::from(u8::from(b != 0)))),
        _ => return false,
    }
    true
}

/// Makes `out` longer by `n` zeros; where they begin.
fn extend(out: &mut Vec<f32>, n: usize) -> usize {
    let from = out.len();
    out.resize(from + n, 0.0);
    from
}

/// The little-endian words of `N` bytes in `data`.
pub(super) fn words<const N: usize>(data: &[u8]) -> impl Iterator<Item = [u8; N]> {
    data.as_chunks().0.iter().copied()
}
