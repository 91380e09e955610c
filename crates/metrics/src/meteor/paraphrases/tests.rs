//! The packed table against the pairs that it was made from, looked up the slow way.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use super::super::Phrasebook;
use super::*;

/// A table of some thousand pairs over few words, so that phrases begin and overlap in every way.
fn pairs() -> BTreeMap<String, Vec<String>> {
    let words = ["a", "ab", "b", "c", "'s", "é"];
    let mut state = 1_u64;
    let mut random = |n: u64| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) % n
    };
    let mut phrase = || -> String {
        let most = 1 + random(7);
        let length = 1 + random(most);
        let words: Vec<&str> = (0..length).map(|_| words[random(6) as usize]).collect();
        words.join(" ")
    };
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..4000 {
        let (left, right) = (phrase(), phrase());
        pairs.entry(left).or_default().push(right);
    }
    for rights in pairs.values_mut() {
        rights.sort();
        rights.dedup();
    }
    pairs
}

fn text(pairs: &BTreeMap<String, Vec<String>>) -> String {
    let rows = pairs
        .iter()
        .flat_map(|(left, rights)| rights.iter().map(move |right| (left, right)));
    rows.map(|(left, right)| format!("0.5\n{left}\n{right}\n"))
        .collect()
}

fn table(text: &str) -> Paraphrases {
    let [vocabulary, phrases, lists] = pack(text).unwrap();
    Paraphrases::parse(vocabulary.into(), phrases.into(), lists.into()).unwrap()
}

#[test]
fn sentences_find_what_a_search_through_all_pairs_finds() {
    let pairs = pairs();
    let table = table(&text(&pairs));
    let mut all: Vec<&String> = pairs.keys().chain(pairs.values().flatten()).collect();
    all.sort();
    all.dedup();
    assert!(all.len() > 10 * BLOCK);
    let sentence: Vec<&str> = all
        .iter()
        .step_by(9)
        .flat_map(|phrase| phrase.split(' '))
        .chain(["zzz", "a", "b"])
        .collect();
    let numbers: Vec<u16> = sentence.iter().map(|word| table.word(word)).collect();
    let found = table.find(&numbers);
    let mut wanted = Vec::new();
    for start in 0..sentence.len() {
        for words in 1..=MAX_WORDS.min(sentence.len() - start) {
            let phrase = sentence[start..start + words].join(" ");
            if let Ok(id) = all.binary_search_by(|known| known.as_str().cmp(&phrase)) {
                let rights = pairs.get(&phrase).into_iter().flatten();
                let ids: Vec<u32> = rights
                    .map(|r| all.binary_search(&r).unwrap() as u32)
                    .collect();
                wanted.push((start as u32, words as u32, id as u32, ids));
            }
        }
    }
    let found: Vec<_> = found
        .iter()
        .map(|f| {
            (
                f.span.start,
                f.span.words,
                f.id,
                table.right_sides(f).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert!(wanted.len() > 1000 && wanted.iter().any(|w| w.3.len() > 5));
    assert_eq!(found, wanted);
}

#[test]
fn a_phrasebook_has_all_pairs_of_known_words_both_ways() {
    let pairs = pairs();
    let book = Phrasebook::among(
        &table(&text(&pairs)),
        ["a", "ab", "c", "'s", "é", "zzz"].into_iter(),
        &["c"].into(),
    );
    let known = |phrase: &str| {
        phrase
            .split(' ')
            .all(|word| ["a", "ab", "c", "'s", "é"].contains(&word))
    };
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (left, right) in pairs
        .iter()
        .flat_map(|(l, rs)| rs.iter().map(move |r| (l, r)))
    {
        let content = |phrase: &str, other: &str| {
            let mut words = phrase.split(' ').filter(|&word| word != "c");
            words.any(|word| !other.split(' ').any(|o| o == word))
        };
        let differ = content(left, right) || content(right, left);
        if known(left) && known(right) && differ {
            wanted.entry(left).or_default().insert(right);
            wanted.entry(right).or_default().insert(left);
        }
    }
    assert!(wanted.len() > 50 && book.len() == wanted.len());
    for (phrase, others) in wanted {
        assert!(book.others(phrase).eq(others), "{phrase}");
    }
    assert_eq!(book.others("b").count(), 0);
}

#[test]
fn an_empty_table_finds_nothing() {
    let table = table("");
    assert_eq!(table.word("a"), 0);
    assert!(table.find(&[1, 2, 3]).is_empty());
}

#[test]
fn tables_of_another_form_are_refused() {
    for (text, why) in [
        ("0.5\na\n", "divisible"),
        ("0.5\na\nb  c\n", "1 to 7 words"),
        ("0.5\na\na b c d e f g h\n", "1 to 7 words"),
        ("0.5\na\nb\n0.5\na\na\n", "ascend"),
        ("0.5\na\nb\n0.5\na\nb\n", "ascend"),
    ] {
        let told = pack(text).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn damaged_bytes_find_something_or_nothing() {
    let sections = pack(&text(&pairs())).unwrap();
    for section in 0..3 {
        for at in (0..sections[section].len()).step_by(61) {
            let mut damaged = sections.clone();
            damaged[section][at] ^= 0x55;
            let mut cut = sections.clone();
            cut[section].truncate(at);
            for [vocabulary, phrases, lists] in [damaged, cut] {
                let parsed = Paraphrases::parse(vocabulary.into(), phrases.into(), lists.into());
                let Some(table) = parsed else { continue };
                table.word("ab");
                for found in table.find(&[1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1]) {
                    table.right_sides(&found).count();
                }
            }
        }
    }
}
