//! Writing safetensors tensor by tensor, so that never more than one of them is in memory.

use std::io::Write;
use std::path::Path;

use half::f16;
use safetensors::tensor::Dtype;
use serde_json::{Map, json};

use super::DESCRIPTION;
use crate::atomic_file::write_piecewise;
use crate::buffer::Buffer;
use crate::error::{Error, Result};

/// A tensor that is to be written.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its name in the file.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Rounded to f16, else f32.
    pub half: bool,
}

impl Planned {
    /// How many bytes it takes.
    pub fn bytes(&self) -> u64 {
        let size = if self.half { 2 } else { 4 };
        self.shape.iter().product::<usize>() as u64 * size
    }
}

/// Writes the tensors of `plan` to `path`; `get` gives the numbers of each in turn. The file is there when it is whole.
///
/// # Errors
/// Those of `get`; where a number is too large for f16, or the file cannot be written.
pub fn write(
    path: &Path,
    description: &str,
    plan: &mut [Planned],
    mut get: impl FnMut(&Planned) -> Result<Buffer>,
) -> Result<()> {
    // f32 first, so that all of them lie at multiples of 4 and can be used in place.
    plan.sort_by(|a, b| (a.half, &a.name).cmp(&(b.half, &b.name)));
    let header = header(description, plan);
    write_piecewise(path, |file| {
        let failed = |e| Error::io(path, e);
        file.write_all(&(header.len() as u64).to_le_bytes())
            .and_then(|()| file.write_all(&header))
            .map_err(failed)?;
        for tensor in &*plan {
            let numbers = get(tensor)?;
            if tensor.half {
                for &x in numbers.iter() {
                    let half = f16::from_f32(x);
                    if half.is_infinite() && x.is_finite() {
                        let name = &tensor.name;
                        let reason =
                            format!("tensor {name} holds {x}, too large for f16; write f32");
                        return Err(Error::model(path, reason));
                    }
                    file.write_all(&half.to_le_bytes()).map_err(failed)?;
                }
            } else {
                for some in numbers.chunks(1 << 16) {
                    let bytes: Vec<u8> = some.iter().flat_map(|x| x.to_le_bytes()).collect();
                    file.write_all(&bytes).map_err(failed)?;
                }
            }
        }
        Ok(())
    })
}

/// The header for the tensors of `plan`, which follow it in this order; filled up to a multiple of 8 bytes.
fn header(description: &str, plan: &[Planned]) -> Vec<u8> {
    let mut entries = Map::new();
    entries.insert("__metadata__".into(), json!({ DESCRIPTION: description }));
    let mut at = 0;
    for tensor in plan {
        let dtype = if tensor.half { Dtype::F16 } else { Dtype::F32 };
        let from = at;
        at += tensor.bytes();
        let entry = json!({ "dtype": dtype, "shape": tensor.shape, "data_offsets": [from, at] });
        entries.insert(tensor.name.clone(), entry);
    }
    let mut header = serde_json::Value::Object(entries).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    header
}
