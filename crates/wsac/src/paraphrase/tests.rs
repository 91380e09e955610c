//! Paraphrases with the real table, and the rules that they keep.

use super::*;
use wsac_encoders::embedding::Embeddings;

fn tables() -> Tables {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    Tables::open(format!("{root}/models/meteor/meteor-1.5-en.bin")).expect("the tables")
}

fn captions() -> Vec<String> {
    [
        "A person walks on gravel while birds chirp.",
        "Birds chirp while a person walks on gravel.",
        "Someone walks on the stairs",
        "Someone walks on gravel, and a dog barks.",
        "A person walks on the stairs",
        "Rain falls.",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// All texts alike, but for those with one of `apart`.
fn embedded(texts: &[String], apart: &str) -> Embeddings {
    let rows = texts.iter().flat_map(|text| {
        if text.contains(apart) {
            [0.0, 1.0]
        } else {
            [1.0, 0.0]
        }
    });
    Embeddings::from_unit_rows(2, rows.collect()).expect("rows")
}

fn paraphrases(apart: &str, how: Paraphrasing) -> Vec<Vec<String>> {
    paraphrase(&captions(), &tables(), &how, &mut |texts| {
        Ok(embedded(texts, apart))
    })
    .expect("paraphrases")
}

#[test]
fn captions_are_said_in_words_that_they_have_and_turned_round() {
    let how = Paraphrasing {
        each: 4,
        ..Paraphrasing::default()
    };
    let said = paraphrases("%", how);
    assert_eq!(said.len(), 6);
    let has = |i: usize, text: &str| said[i].iter().any(|said| said == text);
    assert!(has(4, "Someone walks on the stairs"), "{said:?}");
    assert!(has(2, "A person walks on the stairs"), "{said:?}");
    assert!(
        has(0, "Birds chirp while a person walks on gravel."),
        "{said:?}"
    );
    assert!(said[5].is_empty(), "{said:?}");
    let texts: Vec<_> = captions().iter().map(|c| spelled(c)).collect();
    let met: HashSet<_> = texts.iter().flat_map(|text| meetings(text)).collect();
    for (caption, said) in captions().iter().zip(&said) {
        let distinct: HashSet<String> = said.iter().map(|text| words(text)).collect();
        assert!(distinct.len() == said.len() && !distinct.contains(&words(caption)));
        for text in said {
            assert!(
                meetings(&spelled(text)).all(|three| met.contains(&three)),
                "{text}"
            );
        }
    }
}

#[test]
fn what_the_text_tower_finds_apart_is_left_out_and_seeds_repeat() {
    let how = Paraphrasing::default();
    let said = paraphrases("omeone", how);
    for (caption, said) in captions().iter().zip(&said) {
        let omeone = caption.contains("omeone");
        assert!(
            said.iter().all(|text| text.contains("omeone") == omeone),
            "{said:?}"
        );
    }
    assert!(said.iter().all(|said| said.len() <= how.each));
    assert_eq!(said, paraphrases("omeone", how));
    let wrong = Paraphrasing {
        similarity: 2.0,
        ..how
    };
    let told = wrong.check().expect_err("refused").to_string();
    assert!(told.contains("between -1 and 1"), "{told}");
}

#[test]
fn texts_are_taken_apart_and_put_together() {
    let text = spelled("A dog barks, then Rain.");
    assert_eq!(text.join("|"), "a|dog|barks|,|then|rain|.");
    assert_eq!(written(&text, "A dog"), "A dog barks, then rain.");
    assert_eq!(written(&text, "a dog"), "a dog barks, then rain.");
    assert_eq!(written(&[], "A"), "");
    assert_eq!(meetings(&[]).count(), 0);
    let two: Vec<_> = meetings(&text[..1]).collect();
    assert_eq!(two, [["", "a", ""]]);
}
