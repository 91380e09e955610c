//! SPICE from merged tuples on, against SPICE 1.0: every count and score of every golden item, to 1e-9.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use serde_json::Value;
use wsac_metrics::spice::{Concept, ItemScore, SpiceScores, Subset, Tuple};
use wsac_metrics::{tables::Tables, wordnet::WordNet};

/// The table that the metrics come with.
fn wordnet() -> WordNet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tables = Tables::open(root.join("models/meteor/meteor-1.5-en.bin")).unwrap();
    WordNet::new(&tables).unwrap()
}

#[test]
fn words_of_several_words_are_kin_as_in_the_original() {
    let wordnet = wordnet();
    let concept = |name| Concept::new(name, &wordnet);
    assert!(concept("climb up").matches(&concept("go up")));
    assert!(!concept("climb up").matches(&concept("go on")));
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn merged_tuples_have_the_scores_of_the_original() {
    let wordnet = wordnet();
    for set in ["clotho_loo", "audiocaps_loo"] {
        let file = |end: &str| format!("golden/metrics/dev/{set}.spice.{end}");
        let Some(golden) = wsac_golden::jsonl(&file("jsonl")) else {
            return;
        };
        let corpus = &wsac_golden::json(&file("corpus.json")).unwrap()["corpus"]["spice"];
        let score = |item: &Value| {
            let [candidate, references] =
                ["test_tuples", "ref_tuples"].map(|which| tuples(&item[which], &wordnet));
            let score = ItemScore::new(&candidate, &references);
            assert_item(&score, item);
            score
        };
        let scores = SpiceScores::new(golden.iter().map(score).collect());
        assert!(scores.items.len() > 400);
        assert_near(scores.all.corpus, corpus, set);
    }
}

/// Tuples as SPICE prints them.
fn tuples(rows: &Value, wordnet: &WordNet) -> Vec<Tuple<Concept>> {
    let tuple = |row: &Value| {
        let slots = row["tuple"].as_array().unwrap().iter();
        let slots = slots.map(|slot| Concept::from_printed(slot.as_str().unwrap(), wordnet));
        Tuple::from_slots(slots.collect()).unwrap()
    };
    rows.as_array().unwrap().iter().map(tuple).collect()
}

/// Every number that SPICE prints of an item.
fn assert_item(ours: &ItemScore, golden: &Value) {
    let said = golden["test_tuples"].as_array().unwrap().iter();
    let ours_said = ours.candidate.iter().map(|(_, said)| said);
    assert!(
        said.map(|tuple| &tuple["truth_value"]).eq(ours_said),
        "{}",
        golden["id"]
    );
    for subset in Subset::EACH {
        let what = format!("{} {subset:?}", golden["id"]);
        let counts = ours.counts[subset as usize];
        let golden = &golden["scores"][&format!("{subset:?}")];
        assert_eq!(golden["tp"], counts.matched, "{what}");
        assert_eq!(golden["fp"], counts.candidate - counts.matched, "{what}");
        assert_eq!(
            golden["fn"],
            counts.references as i64 - counts.matched as i64,
            "{what}"
        );
        assert_near(ours.f1(subset), &golden["f"], &what);
        if counts.references > 0 {
            assert_near(counts.precision(), &golden["pr"], &what);
            assert_near(counts.recall(), &golden["re"], &what);
        }
    }
}

fn assert_near(ours: f64, golden: &Value, what: &str) {
    match golden.as_f64() {
        None => assert!(ours.is_nan(), "{what}: {ours} instead of none"),
        Some(golden) => assert!(
            (ours - golden).abs() <= 1e-9,
            "{what}: {ours}, not {golden}"
        ),
    }
}
