//! The tiny PyTorch files of the golden values, number by number.

#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::*;
use crate::weights::WeightFile;
use wsac_golden as golden;

fn golden_file(name: &str) -> Option<PathBuf> {
    golden::shared(&format!("golden/clap/pt/{name}"))
}

fn open(path: &Path) -> Result<TorchFile> {
    let file = File::open(path).unwrap();
    match path.to_string_lossy().contains("legacy") {
        true => TorchFile::legacy(path, file),
        false => TorchFile::zipped(path, file),
    }
}

fn sizes(list: &Value) -> Vec<usize> {
    let list = list.as_array().unwrap().iter();
    list.map(|n| n.as_u64().unwrap() as usize).collect()
}

#[test]
fn all_golden_tensors_are_read_exactly() {
    let Some(expected) = golden::json("golden/clap/pt/expected.json") else {
        return;
    };
    let mut read = 0;
    for (file, about) in expected.as_object().unwrap() {
        let Some(tensors) = about["tensors"].as_object() else {
            continue;
        };
        let file = open(&golden_file(file).unwrap()).unwrap();
        assert_eq!(file.names().len(), tensors.len());
        for (name, wanted) in tensors {
            let name = name.strip_prefix("module.").unwrap_or(name);
            let tensor = &file.tensors[name];
            let dtype = match wanted["dtype"].as_str().unwrap() {
                "float32" => Dtype::F32,
                "float16" => Dtype::F16,
                "bfloat16" => Dtype::BF16,
                "float64" => Dtype::F64,
                "int64" => Dtype::I64,
                "int32" => Dtype::I32,
                "uint8" => Dtype::U8,
                "bool" => Dtype::BOOL,
                other => panic!("{other}"),
            };
            assert_eq!(tensor.dtype, dtype, "{name}");
            assert_eq!(tensor.shape, sizes(&wanted["shape"]), "{name}");
            assert_eq!(tensor.strides, sizes(&wanted["stride"]), "{name}");
            if tensor.count() > 0 {
                let offset = wanted["storage_offset"].as_u64().unwrap() as usize;
                assert_eq!(tensor.offset, offset, "{name}");
            }
            let values = wanted["values_row_major"].as_array().unwrap().iter();
            let values: Vec<f32> = values
                .map(|v| match v {
                    Value::Bool(b) => f32::from(u8::from(*b)),
                    number => number.as_f64().unwrap() as f32,
                })
                .collect();
            assert_eq!(*file.get(name, &tensor.shape).unwrap(), values, "{name}");
            read += 1;
        }
    }
    assert_eq!(read, 5 * 18 + 2);
}

#[test]
fn what_is_beside_the_weights_is_skipped_and_named() {
    let Some(path) = golden_file("zip_model.pt") else {
        return;
    };
    let file = WeightFile::open(path).unwrap();
    assert_eq!(file.skipped(), ["config", "epoch", "optimizer"]);
    let error = file.get("f32", &[1]).unwrap_err().to_string();
    assert!(error.ends_with("tensor f32 has shape [2, 3, 4], not [1]"));
    assert!(file.get("nowhere", &[1]).is_err() && file.shape("nowhere").is_none());
}

#[test]
fn foreign_names_and_cut_files_are_refused() {
    let (Some(foreign), Some(cut)) = (golden_file("must_refuse.pt"), golden_file("truncated.pt"))
    else {
        return;
    };
    let error = WeightFile::open(foreign).unwrap_err().to_string();
    assert!(error.contains("posixpath.basename") && error.contains("nothing was executed"));
    let error = WeightFile::open(cut).unwrap_err().to_string();
    assert!(error.contains("download it again"), "{error}");
}
