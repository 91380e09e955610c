#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const GOLDEN: &str = "golden/metrics/dev";

/// Pairs of one kind: how many there are, and those where the answers differ.
#[derive(Default)]
struct Tally {
    all: usize,
    differ: Vec<String>,
}

impl Tally {
    fn count(&mut self, caption: &str, ours: &str, original: &str) {
        self.all += 1;
        if ours != original {
            self.differ
                .push(format!("{caption:?}: {original:?}, here {ours:?}"));
        }
    }

    /// Fails where fewer than `share` of the pairs are equal; prints those that are not.
    fn check(&self, kind: &str, share: f64) {
        let equal = self.all - self.differ.len();
        println!("{kind}: {equal} of {} equal", self.all);
        self.differ.iter().for_each(|pair| println!("    {pair}"));
        assert!(self.all > 0, "{kind}: no pairs");
        assert!(
            equal as f64 >= share * self.all as f64,
            "{kind}: {:#?}",
            self.differ
        );
    }
}

fn text<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap()
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn golden_pairs_of_captions_and_grids() {
    let Some(pairs) = wsac_golden::jsonl(&format!("{GOLDEN}/ptb_pairs.jsonl")) else {
        return;
    };
    let mut kinds = BTreeMap::<&str, Tally>::new();
    for pair in &pairs {
        let (caption, tally) = (
            text(pair, "input"),
            kinds.entry(text(pair, "kind")).or_default(),
        );
        tally.count(caption, &with_punctuation(caption), text(pair, "ptb_raw"));
        tally.count(caption, &tokenise(caption), text(pair, "tokens"));
    }
    assert!(kinds.len() >= 20, "{:?}", kinds.keys());
    for (kind, tally) in kinds {
        let share = match kind {
            "unicode-grid" => 0.95,
            _ if kind.ends_with("-grid") || kind == "ascii-pair" || kind == "extra" => 0.99,
            _ => 1.0, // captions that people wrote, with oddities put into them or without
        };
        tally.check(kind, share);
    }
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn golden_captions() {
    let Some(lines) = wsac_golden::text(&format!("{GOLDEN}/ptb_real_captions_sample.tsv")) else {
        return;
    };
    let mut tally = Tally::default();
    for (caption, tokens) in lines.lines().map(|line| line.split_once('\t').unwrap()) {
        tally.count(caption, &tokenise(caption), tokens);
    }
    tally.check("captions", 1.0);
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn golden_items() {
    for set in ["clotho_loo", "audiocaps_loo", "hard"] {
        let Some(items) = wsac_golden::jsonl(&format!("{GOLDEN}/{set}.items.jsonl")) else {
            return;
        };
        let answers = wsac_golden::jsonl(&format!("{GOLDEN}/{set}.pycocoevalcap.jsonl")).unwrap();
        let all = |list: &Value| -> Vec<String> {
            let strings = list
                .as_array()
                .unwrap()
                .iter()
                .map(|s| s.as_str().unwrap().to_owned());
            strings.collect()
        };
        let candidates: Vec<_> = items
            .iter()
            .map(|item| text(item, "candidate").to_owned())
            .collect();
        let references: Vec<_> = items.iter().map(|item| all(&item["references"])).collect();
        let given = Items::new(candidates, references).unwrap();
        let mut tally = Tally::default();
        assert_eq!(answers.len(), items.len());
        for ((answer, ours), raw) in answers
            .iter()
            .zip(given.tokenised().iter())
            .zip(given.iter())
        {
            tally.count(raw.0, ours.0, text(answer, "tok_candidate"));
            for ((raw, ours), original) in
                raw.1.iter().zip(ours.1).zip(all(&answer["tok_references"]))
            {
                tally.count(raw, ours, &original);
            }
        }
        tally.check(set, 1.0);
    }
}

#[test]
fn pairs_of_our_own() {
    let pairs = include_str!("../../tests/ptb/pairs.jsonl");
    let mut kinds = BTreeMap::<String, Tally>::new();
    for line in pairs.lines() {
        let [kind, caption, tokens]: [String; 3] = serde_json::from_str(line).unwrap();
        kinds
            .entry(kind)
            .or_default()
            .count(&caption, &with_punctuation(&caption), &tokens);
    }
    assert_eq!(kinds.len(), 8);
    kinds
        .iter()
        .for_each(|(kind, tally)| tally.check(kind, 1.0));
}

/// Where the original would split the caption in two and shift all that follow.
#[test]
fn line_breaks_are_spaces() {
    for c in ['\n', '\r', '\u{B}', '\u{C}', '\u{2028}', '\u{2029}'] {
        assert_eq!(tokenise(&format!("a dog{c}barks{c}")), "a dog barks");
    }
    assert_eq!(with_punctuation("dog\u{85}barks"), "dog ... barks");
}

#[test]
fn empty_and_blank_captions_have_no_tokens() {
    for caption in ["", " ", "\t\n", "...", "\u{1F600}"] {
        assert_eq!(tokenise(caption), "", "{caption:?}");
    }
}

#[test]
fn tables_are_sorted_for_the_search() {
    for table in [
        words::MAY_END_SENTENCE,
        words::CAPITAL_MAY_END_SENTENCE,
        words::SMALL_MAY_END_SENTENCE,
        words::BEFORE_A_NAME,
        words::SMALL_BEFORE_A_NAME,
        words::BEFORE_A_NUMBER,
        words::SENTENCE_STARTS,
        words::EXTENSIONS,
        words::VOWEL_ENTITIES,
    ] {
        assert!(table.is_sorted(), "{table:?}");
    }
}

/// Runs that a rule must not read again from each of their characters.
#[test]
fn a_long_caption_takes_time_in_proportion() {
    let patterns = [
        "a dog barks ",
        "a",
        "1",
        "a,",
        "a.",
        ".a",
        "a.b",
        "a-",
        "-",
        "--- ",
        "'",
        "\"",
        "a'",
        "&",
        "&amp;",
        "<",
        "<a ",
        "<a b=",
        "<!a",
        "<a b='",
        "<?a",
        "</a",
        "(",
        "((4",
        "http://",
        "http://a!",
        "www.",
        "www.1",
        "www.a_",
        "#",
        "#a",
        "+",
        "%a.",
        "%",
        "~.com",
        "a.com/",
        "a@",
        "@",
        "a!@",
        "a:b",
        "inc. ",
        "inc.  ",
        "U.S. ",
        "a. ",
        "1/",
        "1-",
        "1 1",
        "1.1-",
        "(412) ",
        "_",
        "a_",
        ". ",
        "\u{A0}",
        "\u{AD}",
        "é",
        "Σ",
        "日",
        "n't",
        "O'",
        "a\\/",
        "&lt;a",
        "😀",
        "‘",
        "Inc.<a ",
        "b. <!",
        "x\u{A0}y.",
        "a.b@",
    ];
    for pattern in patterns {
        let caption = pattern.repeat(200_000 / pattern.len());
        let start = Instant::now();
        let tokens = tokenise(&caption);
        let taken = start.elapsed();
        assert!(tokens.len() <= 6 * caption.len());
        assert!(
            taken < Duration::from_secs(3),
            "{pattern:?} repeated to 200 kB took {taken:?}"
        );
    }
}

/// Captions of words, marks and characters that rules are about.
fn odd_caption() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[ -~]{1,4}",
        "\\PC{1,2}",
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "U.S.",
            "Inc.",
            "no.",
            "don't",
            "cannot",
            "'tis",
            "’s",
            "&apos;",
            "&amp;",
            "<a b='c'",
            "http://",
            "www.",
            "a@b.c",
            "1/2",
            "(412) 555-",
            "...",
            "\u{AD}",
            "\u{A0}",
            "Σ",
            "O'",
            ":-)",
            "C++",
            "file.wav",
            "$5",
            " ",
            "\t",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_caption_has_tokens_without_gaps_or_punctuation(caption in prop_oneof![odd_caption(), any::<String>()]) {
        let (all, kept) = (with_punctuation(&caption), tokenise(&caption));
        let tokens = |joined: &str| joined.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for joined in [&all, &kept] {
            prop_assert!(joined.is_empty() || tokens(joined).iter().all(|token| !token.is_empty()), "{joined:?}");
        }
        let left: Vec<_> = tokens(&all).into_iter().filter(|token| !PUNCTUATION.contains(&token.as_str())).collect();
        prop_assert_eq!(left.join(" "), kept);
    }
}
