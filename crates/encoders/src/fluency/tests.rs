//! The detector against a small one of PyTorch's, `tests/learned/echecker.ckpt` (reference/learned_metrics.py).
#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::*;
use crate::golden::{assert_close, numbers};
use wsac_tensors::safetensors::{TensorFile, Tensors};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/learned");

fn small() -> FluencyDetector {
    FluencyDetector::open(format!("{FOLDER}/echecker.ckpt")).unwrap()
}

/// The texts of `part`, and what is expected of each.
fn expected(part: &str) -> (Vec<String>, Vec<Value>) {
    let json = std::fs::read(format!("{FOLDER}/expected.json")).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    let items = json[part].as_array().unwrap().clone();
    let text = |item: &Value| item["text"].as_str().unwrap().to_owned();
    (items.iter().map(text).collect(), items)
}

#[test]
fn probabilities_equal_those_of_pytorch() {
    let (detector, (texts, wanted)) = (small(), expected("fluency"));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = detector.detect(&texts, &mut |_| {});
    assert!(texts.len() > 10 && found.iter().any(Fluency::has_error));
    assert!(!found.iter().all(Fluency::has_error));
    for ((text, found), wanted) in texts.iter().zip(&found).zip(&wanted) {
        assert_eq!(plain(text), wanted["plain"].as_str().unwrap());
        let ids = detector
            .tokenizer
            .encode_truncated(&plain(text), MAX_TOKENS, true);
        assert_eq!(serde_json::json!(ids), wanted["ids"], "{text:?}");
        assert_close(text, &found.0, &numbers(&wanted["probabilities"]), 2e-6);
    }
}

#[test]
fn a_caption_has_the_same_probabilities_in_any_company() {
    let (detector, (texts, _)) = (small(), expected("fluency"));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut done = 0;
    let together = detector.detect(&texts, &mut |n| done = n);
    assert_eq!(done, texts.len());
    for (text, wanted) in texts.iter().zip(together) {
        // At this width sums are taken in another order for few rows.
        let alone = detector.detect(&[text], &mut |_| {});
        assert_close(text, &alone[0].0, &wanted.0, 1e-6);
    }
    assert!(detector.detect(&[], &mut |_| {}).is_empty());
}

#[test]
fn only_more_than_the_threshold_is_an_error() {
    let of = |p: f32| Fluency([1.0, 1.0, 1.0, 1.0, 1.0, p]);
    assert!(!of(0.9).has_error() && of(0.900_001).has_error() && !of(f32::NAN).has_error());
}

/// The tensors of a detector, `width` wide over 6 words, as `change` leaves name and shape.
fn tensors(width: usize, change: impl Fn(&mut String, &mut Vec<usize>)) -> Vec<u8> {
    let mut file = TensorFile::new();
    let mut add = |name: &str, shape: &[usize]| {
        let (mut name, mut shape) = (name.to_owned(), shape.to_vec());
        change(&mut name, &mut shape);
        file.f32(&name, &shape, &vec![0.01; shape.iter().product()]);
    };
    for (part, rows) in [("word", 6), ("position", 8), ("token_type", 2)] {
        let name = format!("encoder.embeddings.{part}_embeddings.weight");
        add(&name, &[rows, width]);
    }
    let mut layer = |name: &str, shape: &[usize]| {
        add(&format!("{name}.weight"), shape);
        add(&format!("{name}.bias"), &shape[..1]);
    };
    layer("encoder.embeddings.LayerNorm", &[width]);
    for part in ["self.query", "self.key", "self.value", "output.dense"] {
        layer(
            &format!("encoder.encoder.layer.0.attention.{part}"),
            &[width, width],
        );
    }
    layer(
        "encoder.encoder.layer.0.attention.output.LayerNorm",
        &[width],
    );
    layer("encoder.encoder.layer.0.intermediate.dense", &[8, width]);
    layer("encoder.encoder.layer.0.output.dense", &[width, 8]);
    layer("encoder.encoder.layer.0.output.LayerNorm", &[width]);
    layer("encoder.pooler.dense", &[width, width]);
    layer("clf", &[6, width]);
    file.to_bytes().unwrap()
}

fn read(bytes: &[u8], model_type: &str) -> std::result::Result<(), String> {
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"].map(str::to_owned);
    let tokenizer = Tokenizer::from_vocab(words.to_vec()).unwrap();
    let weights = Tensors::parse("d.ckpt", bytes).unwrap();
    let read = FluencyDetector::new(&weights, model_type, tokenizer);
    read.map(|_| ()).map_err(|e| e.to_string())
}

#[test]
fn what_is_no_detector_is_refused_with_a_sentence() {
    let whole = tensors(64, |_, _| {});
    assert_eq!(read(&whole, "google/bert_uncased_L-1_H-64_A-1"), Ok(()));
    let refused = |bytes: &[u8], model_type: &str, why: &str| {
        let error = read(bytes, model_type).unwrap_err();
        assert!(
            error.starts_with("d.ckpt: ") && error.contains(why),
            "{error}"
        );
    };
    let base = KNOWN[0];
    refused(
        &whole,
        "bert-base-cased",
        "is a \"bert-base-cased\"; detectors are known",
    );
    refused(
        &tensors(60, |_, _| {}),
        base,
        "is 60 wide, but bert-base-uncased has heads of 64",
    );
    let change = |from: &'static str, to: &'static str| {
        tensors(64, move |name, _| *name = name.replace(from, to))
    };
    refused(
        &change("clf.bias", "clf.b"),
        base,
        "1 tensor is missing: clf.bias",
    );
    refused(
        &change("encoder.pooler.dense", "head"),
        base,
        "no fluency error detector has: head.bias",
    );
    refused(
        &change("encoder.embeddings.word", "bert.word"),
        base,
        "word_embeddings.weight is missing",
    );
    let shape = |of: &'static str, axis: usize, size: usize| {
        tensors(64, move |name, shape| {
            if name.starts_with(of) {
                shape[axis] = size;
            }
        })
    };
    refused(
        &shape("clf", 0, 5),
        base,
        "tensor clf.weight has shape [5, 64], not [6, 64]",
    );
    refused(
        &shape("encoder.embeddings.word", 0, 7),
        base,
        "knows 7 words, but the vocabulary of",
    );
}

#[test]
fn a_foreign_checkpoint_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.ckpt");
    let refused = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        FluencyDetector::open(&path).unwrap_err().to_string()
    };
    assert!(
        refused(&tensors(64, |_, _| {})).contains("does not say which BERT it is (model_type)")
    );
    let whole = std::fs::read(format!("{FOLDER}/echecker.ckpt")).unwrap();
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        assert!(refused(&whole[..length]).contains("d.ckpt"), "{length}");
    }
    assert!(refused(b"<html>").contains("web page"));
    assert!(FluencyDetector::open(folder.path().join("gone")).is_err());
}

#[test]
fn a_published_detector_is_known_by_its_checksum() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "abc").expect("a file");
    // FIPS 180-2's example.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(has_checksum(file.path(), &["0", abc]).expect("a file"));
    assert!(!is_published(file.path()).expect("a file"));
    assert!(is_published("no such file").is_err());
}
