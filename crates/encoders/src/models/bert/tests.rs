//! Every layer against the golden values, for the three families whose texts a BERT reads.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::golden;
use wsac_tensors::safetensors::{TensorFile, Tensors};

const ROBERTA: Kind = Kind {
    first_position: 2,
    ..Kind::BERT
};
const STACKS: [(&str, &str, Kind); 3] = [
    ("ase_cnn14_bert", "text_encoder.text_encoder.", Kind::BERT),
    ("msclap_2022", "caption_encoder.base.", Kind::BERT),
    ("hf_clap_htsat_unfused", "text_model.", ROBERTA),
];

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn every_layer_gives_the_golden_states() {
    for (model, prefix, kind) in STACKS {
        let (Some(weights), Some(golden)) = (
            golden::clap(model),
            golden::json(&format!("golden/clap/dev/{model}.json")),
        ) else {
            return;
        };
        let bert = Bert::read(&weights, prefix, kind).unwrap();
        assert_eq!((bert.width(), bert.layers.len()), (768, 12));
        assert_eq!(bert.max_tokens(), 512);
        let items = golden["text"].as_array().unwrap();
        let traced = items.iter().filter(|item| item["taps"].is_object());
        for item in traced {
            let ids: Vec<u32> = serde_json::from_value(item["ids"].clone()).unwrap();
            let check = |name: &str, x: &[f32]| {
                golden::assert_stats(&format!("{model} {name}"), x, &item["taps"][name]);
            };
            let mut x = bert.embed(&[&ids]);
            check("embeddings", &x);
            for (i, layer) in bert.layers.iter().enumerate() {
                x = layer.forward(x, &[0, ids.len()]);
                check(&format!("layer.{i}"), &x);
            }
            assert_eq!(bert.forward(&[&ids]).0, x);
        }
    }
}

#[test]
fn what_is_no_bert_is_told() {
    let mut file = TensorFile::new();
    file.f32("embeddings.word_embeddings.weight", &[2, 4], &[0.0; 8]);
    file.f32("embeddings.position_embeddings.weight", &[3, 4], &[0.0; 12]);
    file.f32(
        "embeddings.token_type_embeddings.weight",
        &[1, 4],
        &[0.0; 4],
    );
    let bytes = file.to_bytes().unwrap();
    let weights = Tensors::parse("m.pt", &bytes).unwrap();
    let error = |prefix: &str, heads: usize| {
        let kind = Kind {
            heads,
            ..Kind::BERT
        };
        Bert::read(&weights, prefix, kind).unwrap_err().to_string()
    };
    assert!(error("x.", 2).contains("x.embeddings.word_embeddings.weight is missing"));
    assert!(error("", 3).contains("3 heads do not share a width of 4"));
    assert!(error("", 2).contains("m.pt: has no encoder.layer.0"));
}
