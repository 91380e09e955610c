//! The native half of SPICE: the rules, one by one, as runs of SPICE 1.0 on made-up captions showed them.
#![allow(clippy::unwrap_used)]

use super::*;

/// A little of WordNet's kinships: a rail is a track or a train, but a track is no train.
const SYNSETS: &str = "train\n1 2 3\nrail\n3 4\ntrack\n4\nbig\n5\nlarge\n5\nred\n6\nscarlet\n6 7\n\
    go_up\n8\nclimb_up\n8\nperson\n9\nsomeone\n9\n";

fn wordnet() -> WordNet {
    WordNet::from_text(SYNSETS, "").unwrap()
}

fn tuple(slots: &[&str]) -> Tuple {
    Tuple::from_slots(slots.iter().map(|slot| slot.to_string()).collect()).unwrap()
}

fn graph(tuples: &[&[&str]]) -> Graph {
    let tuples: Vec<_> = tuples.iter().map(|slots| tuple(slots)).collect();
    Graph::of([&tuples[..]], &wordnet())
}

/// The merged tuples of raw ones, as they are printed.
fn merged(tuples: &[&[&str]]) -> Vec<String> {
    (graph(tuples).tuples().iter().map(Tuple::to_string)).collect()
}

fn score(candidate: &[&[&str]], references: &[&[&str]]) -> ItemScore {
    ItemScore::new(&graph(candidate).tuples(), &graph(references).tuples())
}

#[test]
fn a_name_joins_what_is_most_like_it() {
    let order =
        |names: [&'static str; 3]| merged(&names.map(|name| [name]).each_ref().map(|n| &n[..]));
    assert_eq!(
        order(["train", "track", "rail"]),
        ["(train)", "(rail/track)"]
    );
    assert_eq!(
        order(["track", "train", "rail"]),
        ["(rail/track)", "(train)"]
    );
    assert_eq!(order(["train", "rail", "track"]), ["(rail/track/train)"]);
    assert_eq!(order(["dog", "cat", "dog"]), ["(dog)", "(cat)"]);
}

#[test]
fn attributes_and_relations_are_merged_where_they_stand() {
    let tuples: [&[&str]; 7] = [
        &["someone", "big"],
        &["person", "large"],
        &["dog", "large"],
        &["person", "go up", "hill"],
        &["someone", "climb up", "hill"],
        &["hill", "be on", "map"],
        &["hill", "on", "map"],
    ];
    assert_eq!(
        merged(&tuples),
        [
            "(someone/person)",
            "(someone/person, big/large)",
            "(dog)",
            "(dog, large)",
            "(hill)",
            "(someone/person, climb up/go up, hill)",
            "(map)",
            "(hill, on, map)",
        ]
    );
}

#[test]
fn a_tuple_counts_where_every_slot_can_mean_the_same() {
    let candidate: [&[&str]; 3] = [
        &["someone"],
        &["someone", "go up", "hill"],
        &["hill", "red"],
    ];
    let references: [&[&str]; 3] = [
        &["person"],
        &["person", "climb up", "hill"],
        &["person", "red"],
    ];
    let score = score(&candidate, &references);
    let said: Vec<_> = score
        .candidate
        .iter()
        .map(|(t, said)| (t.to_string(), *said))
        .collect();
    let expected = [
        ("(someone)", true),
        ("(hill)", true),
        ("(someone, go up, hill)", true),
        ("(hill, red)", false),
    ];
    assert_eq!(said, expected.map(|(t, said)| (t.to_owned(), said)));
    let counts = Counts {
        candidate: 4,
        references: 4,
        matched: 3,
    };
    assert_eq!(score.counts[Subset::All as usize], counts);
    assert_eq!(score.f1(Subset::All), 0.75);
    assert_eq!(score.f1(Subset::Attribute), 0.0);
}

#[test]
fn one_reference_tuple_may_match_two_and_recall_exceed_one() {
    let score = score(
        &[&["track"], &["train"], &["train", "on", "track"]],
        &[&["rail"]],
    );
    let all = score.counts[Subset::All as usize];
    assert_eq!(
        (all.precision(), all.recall(), all.f1()),
        (2.0 / 3.0, 2.0, 1.0)
    );
}

#[test]
fn colours_sizes_and_numbers_count_under_a_single_name() {
    let references: [&[&str]; 4] = [
        &["dog", "red"],
        &["cat", "two"],
        &["cat", "big"],
        &["cow", "scarlet"],
    ];
    let counts = |references: &[&[&str]]| {
        let counts = score(&[], references).counts;
        [
            Subset::Attribute,
            Subset::Color,
            Subset::Size,
            Subset::Cardinality,
        ]
        .map(|subset| counts[subset as usize].references)
    };
    assert_eq!(counts(&references), [4, 1, 1, 1]);
    assert_eq!(
        counts(&[&["dog", "red"], &["dog", "scarlet"], &["red"]]),
        [1, 0, 0, 0]
    );
}

#[test]
fn items_without_tuples_score_zero_and_their_subsets_nothing() {
    let nothing: [&[&str]; 0] = [];
    let dog: [&[&str]; 1] = [&["dog"]];
    let items = vec![
        score(&nothing, &nothing),
        score(&dog, &nothing),
        score(&nothing, &dog),
        score(&dog, &dog),
    ];
    let scores = SpiceScores::new(items);
    assert_eq!(scores.all.per_item, [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(scores.all.corpus, 0.25);
    assert!(scores.object.per_item[..2].iter().all(|f| f.is_nan()));
    assert_eq!(scores.object.per_item[2..], [0.0, 1.0]);
    assert_eq!(scores.object.corpus, 0.5);
    assert!(scores.color.corpus.is_nan());
    assert_eq!(SpiceScores::new(vec![]).all.corpus, 0.0);
}

#[test]
fn all_references_make_one_graph() {
    let items = Items::new(vec!["a".into()], vec![vec!["a".into(), "b".into()]]).unwrap();
    let parse = |caption: &str| match caption {
        "a" => vec![tuple(&["someone", "big"])],
        _ => vec![tuple(&["person", "red"])],
    };
    let scores = spice(&items, parse, &wordnet());
    let references: Vec<_> = scores.items[0]
        .references
        .iter()
        .map(Tuple::to_string)
        .collect();
    assert_eq!(
        references,
        [
            "(someone/person)",
            "(someone/person, big)",
            "(someone/person, red)"
        ]
    );
    assert_eq!(scores.all.corpus, 0.8);
}
