//! A GPT-2 as Hugging Face lays it out is the decoder that its weights came from.
#![allow(clippy::unwrap_used)]

use wsac_nn::dropout::Dropout;

use super::*;
use crate::decoder::{Batch, Mapper, Tape, tests::formula};
use wsac_tensors::safetensors::TensorFile;

const VOCAB: &str = r#"{"!": 0, "a": 1, "b": 2, "Ġ": 3, "ab": 4, "<|endoftext|>": 5}"#;
const MERGES: &str = "#version: 0.2\na b\n";

fn config() -> Config {
    Config {
        vocab: 6,
        embedding: 5,
        width: 8,
        layers: 2,
        heads: 2,
        positions: 12,
        prefix: 3,
        mapper: Mapper::Mlp,
    }
}

/// The folder of a small GPT-2 whose tensors' names begin with `prefix`, with `words` rows, and its decoder.
pub(crate) fn folder_of(prefix: &str, words: usize, about: &str) -> (tempfile::TempDir, Decoder) {
    let decoder = Decoder::with_weights(config(), |name, shape| {
        Ok(formula("gpt2", "rich", name, shape))
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut file = TensorFile::new();
    for spec in decoder.layout().specs() {
        if let Some(part) = spec.name.strip_prefix(OURS) {
            let mut values = decoder.weights()[spec.range.clone()].to_vec();
            let mut shape = spec.shape.clone();
            if part == WORDS {
                values.resize(words * 8, 0.5);
                shape[0] = words;
            }
            file.f32(&format!("{prefix}{part}"), &shape, &values);
        }
    }
    file.save(folder.path().join("model.safetensors")).unwrap();
    for (name, text) in [
        (CONFIG, about),
        ("vocab.json", VOCAB),
        ("merges.txt", MERGES),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    (folder, decoder)
}

#[test]
fn both_ways_to_name_tensors_give_the_same_decoder() {
    for prefix in ["", "transformer."] {
        let (folder, whole) = folder_of(prefix, 7, r#"{"n_head": 2}"#);
        let gpt2 = Gpt2::open(folder.path()).unwrap();
        assert_eq!(gpt2.tokenizer.len(), 6);
        let asked = Config {
            width: 99,
            layers: 9,
            ..config()
        };
        let decoder = gpt2.decoder(&asked, 1).unwrap();
        assert_eq!(*decoder.config(), config());
        let start = decoder.mapper_start();
        assert!(decoder.weights()[..start] == whole.weights()[..start]);
        assert!(start < decoder.weights().len());
        let fresh = Decoder::new(config(), 1).unwrap();
        assert!(decoder.weights()[start..] == fresh.weights()[start..]);
        let batch = Batch {
            embeddings: vec![0.4; 5],
            parts: vec![1],
            tokens: vec![gpt2.tokenizer.encode("abba")],
            ..Batch::default()
        };
        let mut tape = Tape::default();
        decoder.forward(&mut tape, &batch, false, Dropout::NONE);
        assert!(decoder.logits(&tape).iter().all(|x| x.is_finite()));
    }
}

#[test]
fn what_gpt2_does_not_do_is_refused() {
    for about in [
        r#"{"n_head": 2, "activation_function": "relu"}"#,
        r#"{"n_head": 2, "layer_norm_epsilon": 1e-6}"#,
        r#"{"n_head": 2, "scale_attn_by_inverse_layer_idx": true}"#,
    ] {
        let (folder, _) = folder_of("", 6, about);
        let error = Gpt2::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("GPT-2 does not do"), "{error}");
    }
    let (folder, _) = folder_of("", 5, r#"{"n_head": 2}"#);
    let error = Gpt2::open(folder.path()).unwrap().decoder(&config(), 0);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("has 5 words"), "{error}");
    let error = Gpt2::open(Path::new("nowhere")).unwrap_err().to_string();
    assert!(error.contains("--gpt2 DIR"), "{error}");
}
