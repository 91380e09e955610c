//! METEOR with the tables that come with wsac, against the original.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use serde_json::Value;

use super::*;

/// METEOR with the tables in `models/meteor`.
fn meteor() -> Meteor {
    let tables = "../../models/meteor/meteor-1.5-en.bin";
    Meteor::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(tables)).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(text).collect()
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn all_23_statistics_and_all_scores_are_those_of_the_original() {
    let meteor = meteor();
    for set in ["clotho_loo", "audiocaps_loo", "hard"] {
        let name = format!("golden/metrics/dev/{set}.pycocoevalcap");
        let Some(rows) = wsac_golden::jsonl(&format!("{name}.jsonl")) else {
            return;
        };
        assert!(rows.len() > 400);
        let candidates = rows.iter().map(|row| text(&row["tok_candidate"]));
        let references = rows.iter().map(|row| texts(&row["tok_references"]));
        let items = Items::new(candidates.collect(), references.collect()).unwrap();
        let statistics = meteor.best_statistics(&items).unwrap();
        let scores = meteor.score(&items).unwrap();
        for (row, (counted, score)) in rows.iter().zip(statistics.iter().zip(&scores.per_item)) {
            let id = &row["id"];
            assert_eq!(
                counted.to_string(),
                text(&row["meteor_stats"]),
                "{set} {id}"
            );
            let golden = row["meteor"].as_f64().unwrap();
            assert!(
                (score - golden).abs() <= 1e-12,
                "{set} {id}: {score}, not {golden}"
            );
        }
        let corpus = wsac_golden::json(&format!("{name}.corpus.json")).unwrap();
        let golden = corpus["corpus"]["meteor"].as_f64().unwrap();
        assert!(
            (scores.corpus - golden).abs() <= 1e-12,
            "{set}: {}, not {golden}",
            scores.corpus
        );
    }
}

/// What the original answers, as a black box, to pairs that try one behaviour each.
#[test]
fn oddities_of_the_original_are_kept() {
    let meteor = meteor();
    for (candidate, reference, statistics) in [
        // Words with the same Java hash are equal, but to the synonyms, paraphrases and function words they are not.
        (
            "call",
            "can. zz",
            "1 2 0 0 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 1",
        ),
        (
            "calls",
            "can. zz",
            "1 2 0 0 0 0 0 0 1 1 0 0 0 0 0 0 0 0 0 0 1 1 1",
        ),
        (
            "an. b",
            "all b",
            "2 2 0 1 2 1 0 1 0 0 0 0 0 0 0 0 0 0 0 0 1 2 2",
        ),
        (
            "phone",
            "can. zz",
            "1 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
        ),
        (
            "request",
            "can. zz",
            "1 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
        ),
        // A synonym, and paraphrases in one direction of the table and in the other.
        (
            "phone",
            "call zz",
            "1 2 0 0 0 0 0 0 0 0 0 0 1 1 0 0 0 0 0 0 1 1 1",
        ),
        (
            "request",
            "call zz",
            "1 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 0 0 1 1 1",
        ),
        (
            "a legal appeal",
            "call zz",
            "3 2 1 0 0 0 0 0 0 0 0 0 0 0 0 0 2 1 1 0 1 3 1",
        ),
        (
            "call zz",
            "a legal appeal",
            "2 3 0 1 0 0 0 0 0 0 0 0 0 0 0 0 1 2 0 1 1 1 3",
        ),
        // A word that stands twice on one side.
        (
            "full loud loud",
            "fun. loud",
            "3 2 0 0 2 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 2 2",
        ),
    ] {
        let counted = meteor.statistics(candidate, reference).unwrap().to_string();
        assert_eq!(
            counted.replace(".0", ""),
            statistics,
            "{candidate} / {reference}"
        );
    }
}

#[test]
fn empty_captions_score_0_and_so_does_an_empty_corpus() {
    let meteor = meteor();
    let score = |candidate: &str, reference: &str| {
        let items = Items::new(vec![candidate.into()], vec![vec![reference.into()]]).unwrap();
        let scores = meteor.score(&items).unwrap();
        assert_eq!(scores.per_item.len(), 1);
        (scores.corpus, scores.per_item[0])
    };
    for pair in [
        ("", ""),
        ("a dog", ""),
        ("", "a dog"),
        (" \t", "a"),
        ("xyzzy", "a dog"),
    ] {
        assert_eq!(score(pair.0, pair.1), (0.0, 0.0), "{pair:?}");
    }
    assert_eq!(score("a dog barks", "a dog barks"), (1.0, 1.0));
    let none = meteor.score(&Items::new(vec![], vec![]).unwrap()).unwrap();
    assert!(none.per_item.is_empty() && none.corpus == 0.0);
}

#[test]
fn very_long_captions_are_scored_or_refused_with_their_number() {
    let meteor = meteor();
    let statistics = |candidate: &str, reference: &str| meteor.statistics(candidate, reference);
    // A word of 1 MB that the stemmer would change letter by letter, 100,000 words, and 1 MB of one word.
    let word = "ay".repeat(500_000);
    assert_eq!(
        statistics(&word, "a dog").unwrap().matched,
        Sides::default()
    );
    assert_eq!(statistics(&word, &word).unwrap().score(), 1.0);
    let words = "a dog barks at the birds ".repeat(100_000 / 6);
    let counted = statistics(&words, "the dogs barked at a bird").unwrap();
    assert_eq!(counted.matched.reference, 6);
    let counted = statistics(&"a ".repeat(500_000), "a a a dog").unwrap();
    assert_eq!(counted.matched.candidate, 3);
    let references = vec![vec!["a".into()], vec!["a".into(), words.clone()]];
    let items = Items::new(vec!["a".into(), words], references).unwrap();
    let told = meteor.score(&items).unwrap_err().to_string();
    assert!(
        told.contains("item 1 ") && told.contains("99996 words"),
        "{told}"
    );
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let meteor = meteor();
    let captions = [
        "a dog barks",
        "dogs are barking loudly",
        "rain falls on a roof",
        "it is raining hard",
    ];
    let candidate = |i: usize| format!("{} and {}", captions[i % 4], captions[i / 7 % 4]);
    let references = |i: usize| (0..5).map(|k| captions[(i + k) % 4].to_owned()).collect();
    let items = Items::new(
        (0..200).map(candidate).collect(),
        (0..200).map(references).collect(),
    );
    let items = items.unwrap();
    let with = |threads| -> (f64, Vec<f64>) {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let scores = pool.install(|| meteor.score(&items).unwrap());
        (scores.corpus, scores.per_item)
    };
    assert_eq!(with(1), with(3));
    assert!(with(1).0 > 0.1);
}
