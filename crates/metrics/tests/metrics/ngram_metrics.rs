//! BLEU, ROUGE-L, CIDEr-D and the vocabulary measures against pycocoevalcap 1.2 and aac-metrics 0.6.0.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use wsac_metrics::{Corpus, Items, Scores, bleu, cider, cider_d, diversity, rouge_l, vocab};

const TOLERANCE: f64 = 1e-12;

struct Golden {
    items: Items,
    records: Vec<Value>,
    corpus: Value,
}

/// Tokenised items and what `tool` (`pycocoevalcap`, `aac_metrics`) said of them.
fn golden(set: &str, tool: &str) -> Option<Golden> {
    let name = |ending| format!("golden/metrics/dev/{set}.{tool}.{ending}");
    let records = wsac_golden::jsonl(&name("jsonl"))?;
    let corpus = wsac_golden::json(&name("corpus.json"))?;
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let references = |r: &Value| {
        r["tok_references"]
            .as_array()
            .unwrap()
            .iter()
            .map(text)
            .collect()
    };
    let items = Items::new(
        records.iter().map(|r| text(&r["tok_candidate"])).collect(),
        records.iter().map(references).collect(),
    );
    Some(Golden {
        items: items.unwrap(),
        records,
        corpus: corpus["corpus"].clone(),
    })
}

impl Golden {
    fn compare(&self, key: &str, ours: &Scores) {
        assert_eq!(ours.per_item.len(), self.records.len());
        let close = |what: &str, ours: f64, wanted: &Value| {
            let wanted = wanted.as_f64().unwrap();
            assert!(
                (ours - wanted).abs() <= TOLERANCE,
                "{key} of {what}: {ours} is not {wanted}"
            );
        };
        for (ours, record) in ours.per_item.iter().zip(&self.records) {
            close(record["id"].as_str().unwrap(), *ours, &record[key]);
        }
        close("the corpus", ours.corpus, &self.corpus[key]);
    }

    fn compare_all(&self, cider_d_key: &str) {
        let bleu = bleu(&self.items);
        for (n, scores) in bleu.iter().enumerate() {
            self.compare(&format!("bleu_{}", n + 1), scores);
        }
        self.compare(cider_d_key, &cider_d(&self.items));
        self.compare("rouge_l", &rouge_l(&self.items));
    }
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn every_item_scores_as_in_pycocoevalcap() {
    for set in ["clotho_loo", "audiocaps_loo", "hard"] {
        let Some(golden) = golden(set, "pycocoevalcap") else {
            return;
        };
        golden.compare_all("cider");
    }
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn every_item_scores_as_in_aac_metrics() {
    for set in ["clotho_loo", "audiocaps_loo", "hard"] {
        let Some(golden) = golden(set, "aac_metrics") else {
            return;
        };
        golden.compare_all("cider_d");
        let vocab = vocab(&golden.items);
        for (ours, record) in vocab.per_candidate.iter().zip(&golden.records) {
            assert_eq!(Some(*ours), record["vocab.cands"].as_f64());
        }
        let ours = [
            ("cands", vocab.candidates),
            ("mrefs_full", vocab.references),
            ("ratio_full", vocab.ratio),
            ("mrefs_avg", vocab.references_one),
            ("ratio_avg", vocab.ratio_one),
            ("precision", vocab.precision),
            ("recall", vocab.recall),
            ("f1", vocab.f1),
            ("jaccard", vocab.jaccard),
        ];
        for (key, ours) in ours {
            let wanted = golden.corpus[format!("vocab.{key}")].as_f64().unwrap();
            assert!(
                (ours - wanted).abs() <= TOLERANCE,
                "{set} {key}: {ours} is not {wanted}"
            );
        }
    }
}

fn items(candidates: &[&str], references: &[&[&str]]) -> Items {
    let strings = |all: &[&str]| all.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
    Items::new(
        strings(candidates),
        references.iter().map(|r| strings(r)).collect(),
    )
    .unwrap()
}

#[test]
fn plain_cider_neither_clips_nor_minds_length() {
    // One candidate says its words twice: the cosine of the unigrams stays 1, CIDEr-D's clipping makes it a half.
    let items = items(&["rain rain", "wind"], &[&["rain"], &["wind"]]);
    let (plain, d) = (cider(&items), cider_d(&items));
    assert!(
        (plain.per_item[0] - 2.5).abs() < 1e-12,
        "{}",
        plain.per_item[0]
    );
    assert!(
        (d.per_item[0] - 1.25 * (-1.0f64 / 72.0).exp()).abs() < 1e-12,
        "{}",
        d.per_item[0]
    );
    assert!((plain.per_item[1] - 2.5).abs() < 1e-12 && (d.per_item[1] - 2.5).abs() < 1e-12);
}

#[test]
fn nothing_said_has_a_score() {
    let empty = items(&["", "a dog", ""], &[&["a dog"], &["", "a cat"], &[""]]);
    for scores in bleu(&empty)
        .iter()
        .chain([&cider_d(&empty), &cider(&empty)])
    {
        assert!(scores.per_item[0] < 1e-6 && scores.per_item[2] < 1e-6);
        assert!(scores.per_item[1] > 0.0 && scores.corpus.is_finite());
    }
    assert_eq!(rouge_l(&empty).per_item[0], 0.0);
    assert_eq!(rouge_l(&empty).per_item[2], 1.0);
    let none = items(&[], &[]);
    assert_eq!(cider_d(&none).corpus, 0.0);
    assert_eq!(vocab(&none).f1, 0.0);
    assert_eq!(diversity(none.candidates()).mean_length, 0.0);
}

#[test]
fn a_corpus_compares_as_cider_d_scores_against_one_reference() {
    let pairs = [
        (
            "A dog barks, and barks again.",
            "A dog barks at a passing car.",
        ),
        ("Rain falls on a tin roof!", "Rain is falling on a roof"),
        ("A man's voice", "People talk in a large hall."),
        ("Birds", "A dog barks"),
    ];
    let items = Items::new(
        pairs.iter().map(|(c, _)| (*c).to_owned()).collect(),
        pairs.iter().map(|(_, r)| vec![(*r).to_owned()]).collect(),
    );
    let items = items.unwrap();
    let scores = cider_d(&items.clone().tokenised());
    let references: Vec<&String> = items.references().iter().flatten().collect();
    let corpus = Corpus::of(&references);
    for ((candidate, references), score) in items.iter().zip(&scores.per_item) {
        let vectors = corpus.vectors(&[candidate, &references[0]]);
        let likeness = vectors[0].clipped_cosine(&vectors[1]);
        assert!((10.0 * likeness - score).abs() < TOLERANCE, "{candidate}");
    }
    // Words that the corpus has not are told apart.
    let vectors = corpus.vectors(&["xyzzy plugh", "quux frobs", "xyzzy plugh"]);
    assert_eq!(vectors[0].clipped_cosine(&vectors[1]), 0.0);
    assert!((vectors[0].clipped_cosine(&vectors[2]) - 0.5).abs() < TOLERANCE);
}
