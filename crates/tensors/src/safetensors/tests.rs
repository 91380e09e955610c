//! What is written is read back; what is broken is reported.

#![allow(clippy::unwrap_used)]

use half::bf16;

use super::*;

fn sample() -> TensorFile {
    let mut file = TensorFile::new();
    file.f32("b", &[3], &[1.5, -2.0, 0.1]);
    file.f16("a", &[2, 2], &[0.5, 1.0, -65504.0, 0.1]);
    file.int8_rows("q", &[3, 2], &[1.0, -0.5, 0.0, 0.0, 0.02, 0.01]);
    file.bytes("text", b"caption");
    file.u32("offsets", &[0, 7]);
    file.describe("{\"k\":1}");
    file
}

#[test]
fn what_is_written_is_read_back() {
    let bytes = sample().to_bytes().unwrap();
    let file = Tensors::parse("x.safetensors", &bytes).unwrap();
    assert_eq!(file.names(), ["a", "b", "offsets", "q", "q.scale", "text"]);
    assert_eq!(file.description(), Some("{\"k\":1}"));
    assert_eq!(file.get("b", &[3]).unwrap(), [1.5, -2.0, 0.1]);
    assert_eq!(file.get_bytes("text").unwrap(), b"caption");
    assert_eq!(file.get_u32("offsets").unwrap(), [0, 7]);
    assert!(file.get_u32("text").is_err() && file.get_bytes("none").is_err());
    assert_eq!(file.get("a", &[2, 2]).unwrap()[..3], [0.5, 1.0, -65504.0]);
    assert_eq!(
        file.get_i8("q", &[3, 2]).unwrap(),
        [127, -64, 0, 0, 127, 64]
    );
    let q = file.get("q", &[3, 2]).unwrap();
    wsac_golden::assert_close("q", &q, &[1.0, -0.5, 0.0, 0.0, 0.02, 0.01], 0.004);
}

#[test]
fn bf16_is_read() {
    let stored = Stored {
        dtype: Dtype::BF16,
        shape: vec![1],
        data: bf16::from_f32(-3.5).to_le_bytes().to_vec(),
    };
    let bytes = safetensors::serialize([("x", &stored)], None).unwrap();
    let file = Tensors::parse("x", &bytes).unwrap();
    assert_eq!(file.get("x", &[1]).unwrap(), [-3.5]);
}

#[test]
fn errors_name_the_tensor_and_the_shapes() {
    let bytes = sample().to_bytes().unwrap();
    let file = Tensors::parse("m.safetensors", &bytes).unwrap();
    let missing = file.get("nowhere", &[1]).unwrap_err().to_string();
    assert_eq!(missing, "m.safetensors: tensor nowhere is missing");
    let shape = file.get("b", &[4]).unwrap_err().to_string();
    assert_eq!(shape, "m.safetensors: tensor b has shape [3], not [4]");
    assert!(Tensors::parse("m", &bytes[..bytes.len() - 1]).is_err());
    assert!(Tensors::parse("m", b"").is_err());
}

#[test]
fn a_saved_file_is_whole_and_repeatable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.safetensors");
    sample().save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), sample().to_bytes().unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let mut twice = sample();
    twice.f32("b", &[1], &[0.0]);
    assert!(twice.to_bytes().is_err());
    let mut short = sample();
    short.f32("c", &[2], &[0.0]);
    assert!(short.to_bytes().is_err());
}
