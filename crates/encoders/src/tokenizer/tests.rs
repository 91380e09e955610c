//! Ids against the golden ones of the reference tokenizers, and what is saved against what is loaded.
#![allow(clippy::unwrap_used)]
use std::collections::HashMap;

use super::*;
use crate::golden;
use sha2::{Digest, Sha256};

const VOCAB: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../models/mini/minilm/vocab.txt"
);

fn whole() -> Tokenizer {
    Tokenizer::from_vocab_txt(&std::fs::read_to_string(VOCAB).unwrap()).unwrap()
}

fn ids(value: &serde_json::Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn ids_equal_the_golden_ones() {
    let Some(golden) = golden::json("golden/wsac/dev/tokens.json") else {
        return;
    };
    let tokenizer = whole();
    assert_eq!(tokenizer.len(), golden["vocab_size"]);
    for row in golden["rows"].as_array().unwrap() {
        let text = row["text"].as_str().unwrap();
        assert_eq!(tokenizer.encode(text), ids(&row["ids"]), "{text:?}");
        let encoder = tokenizer.encode_truncated(text, 30, true);
        assert_eq!(encoder, ids(&row["encoder_30"]), "{text:?}");
        let mut target = tokenizer.encode_truncated(text, 22, false);
        let lost = !target.contains(&tokenizer.sep());
        assert_eq!(lost, row["lost_sep_at_22"], "{text:?}");
        target.resize(22, tokenizer.pad());
        assert_eq!(target, ids(&row["reference_target_22"]), "{text:?}");
    }
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn the_pruned_vocabulary_is_that_of_the_yardstick() {
    let read = |name: &str| golden::json(&format!("golden/wsac/yardstick/{name}"));
    let (Some(golden), Some(train), Some(val)) = (
        read("clean_seed0.json"),
        read("clotho_train_texts.json"),
        read("clotho_val_texts.json"),
    ) else {
        return;
    };
    let texts = |v: &serde_json::Value| -> Vec<String> {
        serde_json::from_value(v.clone()).unwrap_or_else(|_| {
            serde_json::from_value(v["texts"].clone()).expect("a list of texts")
        })
    };
    let whole = whole();
    let (train, val) = (texts(&train), texts(&val));
    let pruned = whole.prune(train.iter().map(String::as_str), 22);
    let hash = |bytes: Vec<u8>| -> String {
        Sha256::digest(bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    };
    let id_of: HashMap<&str, u32> = (0..)
        .zip(whole.words())
        .map(|(i, w)| (w.as_str(), i))
        .collect();
    let kept: Vec<u8> = pruned
        .words()
        .iter()
        .flat_map(|w| id_of[w.as_str()].to_le_bytes())
        .collect();
    let data = &golden["data"];
    assert_eq!(pruned.len(), golden["hyper"]["vocab"]);
    assert_eq!(hash(kept), data["kept_ids_sha256"]);
    for (texts, key) in [(&train, "train_ids_sha256"), (&val, "val_ids_sha256")] {
        let rows = texts.iter().flat_map(|text| {
            let mut row = pruned.encode_truncated(text, 22, false);
            row.resize(22, pruned.pad());
            row.into_iter().flat_map(|id| (id as u16).to_le_bytes())
        });
        assert_eq!(hash(rows.collect()), data[key]);
    }
}

#[test]
fn a_saved_tokenizer_encodes_and_decodes_as_before() {
    let texts = ["A dog barks.", "Rain falls, then thunder; a man's voice!"];
    let pruned = whole().prune(texts, 30);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokenizer.json");
    pruned.save(&file).unwrap();
    let loaded = Tokenizer::load(&file).unwrap();
    assert_eq!(loaded.words(), pruned.words());
    let theirs = tokenizers::Tokenizer::from_file(&file).unwrap();
    for text in texts {
        let ids = pruned.encode(text);
        assert_eq!(loaded.encode(text), ids);
        assert_eq!(theirs.encode(text, true).unwrap().get_ids(), ids);
        assert_eq!(loaded.decode(&ids), text.to_lowercase());
    }
    assert!(loaded.encode("a zebra").contains(&loaded.unk()));
    assert!(pruned.encode("a zebra").contains(&pruned.unk()));
}

#[test]
fn decoded_text_is_spaced_as_people_type() {
    let tokenizer = whole();
    for text in [
        "a high-pitched beep, then silence.",
        "someone says \"hello\" (twice), and the dogs' barking doesn't stop",
        "an engine idles at 1,000 rpm for 3.5 seconds",
        "in 1999, 20 men and/or women clap",
    ] {
        assert_eq!(tokenizer.decode(&tokenizer.encode(text)), text);
    }
    assert_eq!(
        tokenizer.decode(&[101, 9_999_999, 100, 3899, 102, 0]),
        "dog"
    );
    assert_eq!(tokenizer.decode(&[]), "");
}

#[test]
fn wrong_vocabularies_are_told() {
    let words = |s: &str| s.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let error = |v: &str| Tokenizer::from_vocab(words(v)).unwrap_err().to_string();
    assert!(error("[PAD] [UNK] [CLS] dog").contains("[SEP]"));
    assert!(error("[PAD] [UNK] [CLS] [SEP] dog dog").contains("twice"));
    let json = br#"{"model":{"type":"BPE","vocab":{}}}"#;
    let error = Tokenizer::from_json(json, "t.json")
        .unwrap_err()
        .to_string();
    assert!(error.contains("t.json") && error.contains("BPE"), "{error}");
}

fn gpt2() -> Tokenizer {
    let merges = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/gpt2/merges.txt");
    Tokenizer::from_gpt2_merges(&std::fs::read_to_string(merges).unwrap()).unwrap()
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn texts_of_each_family_have_the_golden_ids() {
    let families = [
        ("ase_cnn14_bert", whole(), 30, true),
        ("msclap_2022", whole(), 100, true),
        ("msclap_2023", gpt2(), 77, false),
    ];
    for (model, tokenizer, max_len, keep_sep) in families {
        let Some(golden) = golden::json(&format!("golden/clap/dev/{model}.json")) else {
            return;
        };
        for item in golden["text"].as_array().unwrap() {
            let text = item["text"].as_str().unwrap();
            let ours = tokenizer.encode_truncated(text, max_len, keep_sep);
            assert_eq!(ours, ids(&item["ids"]), "{model} {text:?}");
        }
    }
}

#[test]
fn gpt2_is_saved_loaded_and_read_back() {
    let tokenizer = gpt2();
    assert_eq!(tokenizer.len(), 50_257);
    assert_eq!((tokenizer.sep(), tokenizer.pad()), (220, 0));
    assert_eq!(tokenizer.words()[50_256], "<|endoftext|>");
    let folder = tempfile::tempdir().unwrap();
    assert!(Tokenizer::find(folder.path()).unwrap().is_none());
    tokenizer
        .save(folder.path().join("tokenizer.json"))
        .unwrap();
    let loaded = Tokenizer::find(folder.path()).unwrap().unwrap();
    assert_eq!(loaded.words(), tokenizer.words());
    let text = "A dog barks twice, café! 犬 🐦";
    for tokenizer in [tokenizer, loaded] {
        let ids = tokenizer.encode(text);
        assert_eq!(ids[ids.len() - 2..], [220, 50_256]);
        assert_eq!(tokenizer.decode(&ids), text);
        assert_eq!(tokenizer.decode(&[3290, 99_999]), "dog");
        assert_eq!(tokenizer.silent(), [50_256]);
        assert_eq!(tokenizer.prune([text], 9).len(), tokenizer.len());
    }
}

/// A small vocabulary laid out as RoBERTa's: its special tokens first, `<mask>` last.
const ROBERTA: &str = r#"{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "a": 4, "d": 5, "o": 6, "g": 7, "Ġ": 8,
    "do": 9, "dog": 10, "Ġdog": 11, "<mask>": 12}"#;

#[test]
fn roberta_frames_texts_and_keeps_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("vocab.json"), ROBERTA).unwrap();
    std::fs::write(at("merges.txt"), "#version: 0.2\nd o\ndo g\nĠ dog\n").unwrap();
    let tokenizer = Tokenizer::find(folder.path()).unwrap().unwrap();
    assert_eq!(
        (tokenizer.cls(), tokenizer.sep(), tokenizer.pad()),
        (0, 2, 1)
    );
    tokenizer.save(at("tokenizer.json")).unwrap();
    let loaded = Tokenizer::find(folder.path()).unwrap().unwrap();
    for tokenizer in [tokenizer, loaded] {
        assert_eq!(tokenizer.encode(""), [0, 2]);
        assert_eq!(tokenizer.encode("a dog dog"), [0, 4, 11, 11, 2]);
        let long = tokenizer.encode_truncated(&"dog ".repeat(100), 77, true);
        assert_eq!((long.len(), long[76]), (77, 2));
        assert_eq!(tokenizer.decode(&[0, 4, 11, 2, 1]), "a dog");
    }
}

#[test]
fn files_that_are_no_bpe_are_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("vocab.json"), r#"{"a": 0, "b": 1}"#).unwrap();
    std::fs::write(folder.path().join("merges.txt"), "nopair\n").unwrap();
    let error = Tokenizer::find(folder.path()).unwrap_err().to_string();
    assert!(error.contains("line 1: \"nopair\" is no pair"), "{error}");
    std::fs::write(folder.path().join("merges.txt"), "").unwrap();
    let error = Tokenizer::find(folder.path()).unwrap_err().to_string();
    assert!(error.contains("neither RoBERTa's"), "{error}");
}
