//! BERTScore and SBERT-sim of small models against the answers of torchmetrics and aac-metrics (reference/caption_metrics.py).
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use serde_json::Value;
use wsac_encoders::{SentenceBert, TokenStates};
use wsac_learned::{bert_score, sbert_sim};
use wsac_metrics::{Items, Scores};

fn repository(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

fn expected() -> Value {
    let text = std::fs::read_to_string(repository("python/tests/golden/expected.json"));
    let mut expected: Value = serde_json::from_str(&text.unwrap()).unwrap();
    expected["aac"].take()
}

fn items(expected: &Value) -> Items {
    let [candidates, references] = [0, 1].map(|i| expected["tokens"][i].clone());
    let candidates = serde_json::from_value(candidates).unwrap();
    Items::new(candidates, serde_json::from_value(references).unwrap()).unwrap()
}

fn assert_close(scores: &Scores, wanted: &Value, name: &str, tolerance: f64) {
    assert!(
        (scores.corpus - wanted[0][name].as_f64().unwrap()).abs() < tolerance,
        "{name}"
    );
    let each: Vec<f64> = serde_json::from_value(wanted[1][name].clone()).unwrap();
    assert_eq!(each.len(), scores.per_item.len());
    for (i, (ours, wanted)) in scores.per_item.iter().zip(each).enumerate() {
        assert!(
            (ours - wanted).abs() < tolerance,
            "{name}, item {i}: {ours} {wanted}"
        );
    }
}

#[test]
fn a_small_roberta_gives_the_bert_score_of_torchmetrics() {
    let expected = expected();
    let model = TokenStates::open(repository("python/tests/golden/roberta")).unwrap();
    assert_eq!(model.name(), "roberta");
    let mut done = Vec::new();
    let found = bert_score(&model, &items(&expected), &mut |n| done.push(n));
    assert_eq!(done, [12]);
    for (scores, name) in [
        (found.precision, "bert_score.precision"),
        (found.recall, "bert_score.recall"),
        (found.f1, "bert_score.f1"),
    ] {
        assert_close(&scores, &expected["bert_score_mrefs"], name, 2e-5);
    }
}

#[test]
fn a_small_sentence_bert_gives_the_similarity_of_aac_metrics() {
    let expected = expected();
    let model = SentenceBert::open(repository("crates/encoders/tests/learned/sbert")).unwrap();
    let found = sbert_sim(&model, &items(&expected), &mut |_| {}).unwrap();
    assert_close(&found, &expected["sbert_sim"], "sbert_sim", 2e-6);
}
