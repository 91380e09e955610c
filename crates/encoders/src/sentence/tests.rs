//! MiniLM against its golden embeddings, and folders of other models.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::embedding::dot;
use crate::golden;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/mini/minilm");

fn load(model: &[u8]) -> SentenceBert {
    let vocab = std::fs::read_to_string(format!("{FOLDER}/vocab.txt")).unwrap();
    let tokenizer = Tokenizer::from_vocab_txt(&vocab).unwrap();
    SentenceBert::minilm(tokenizer, &Tensors::parse("model", model).unwrap()).unwrap()
}

fn shipped() -> SentenceBert {
    load(&std::fs::read(format!("{FOLDER}/model.safetensors")).unwrap())
}

/// The f32 weights, which are not in the repository: reference/make_minilm.py unpacks them.
fn published() -> Option<Vec<u8>> {
    let path = std::env::var_os("WSAC_MINILM_F32");
    if path.is_none() {
        eprintln!("skipped: set WSAC_MINILM_F32 to the published model.safetensors");
    }
    Some(std::fs::read(path?).unwrap())
}

fn embed(model: &SentenceBert, texts: &[impl AsRef<str>]) -> Embeddings {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    model.embed(&texts, &mut |_| {}).unwrap()
}

fn golden_50() -> Option<(Vec<String>, Vec<Vec<f32>>)> {
    let golden = golden::json("golden/metrics/dev/minilm_embeddings_50.json")?;
    let items = golden.as_array().unwrap();
    let text = |item: &serde_json::Value| item["text"].as_str().unwrap().to_owned();
    Some(
        items
            .iter()
            .map(|i| (text(i), golden::numbers(&i["embedding"])))
            .unzip(),
    )
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn f32_embeddings_equal_the_golden_ones() {
    let (Some((texts, wanted)), Some(model)) = (golden_50(), published()) else {
        return;
    };
    let ours = embed(&load(&model), &texts);
    for (i, wanted) in wanted.iter().enumerate() {
        golden::assert_close(&texts[i], ours.row(i), wanted, 1e-4);
    }
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn the_shipped_int8_model_is_near_the_golden_embeddings() {
    let Some((texts, wanted)) = golden_50() else {
        return;
    };
    let ours = embed(&shipped(), &texts);
    for (i, wanted) in wanted.iter().enumerate() {
        let cosine = dot(ours.row(i), wanted);
        assert!(cosine >= 0.999, "{}: {cosine}", texts[i]);
    }
}

#[test]
fn the_shipped_file_is_the_published_one_quantised() {
    let Some(published) = published() else {
        return;
    };
    let made = SentenceBert::quantise(&Tensors::parse("published", &published).unwrap()).unwrap();
    assert!(made.len() < 25_000_000 - 231_508);
    assert!(made == std::fs::read(format!("{FOLDER}/model.safetensors")).unwrap());
}

#[test]
fn a_text_has_the_same_embedding_in_any_company() {
    let model = shipped();
    let long = "rain falls on a tin roof while a dog barks ".repeat(40);
    let texts = [
        "a dog barks",
        "",
        "rain",
        &long,
        "a dog barks",
        "two cats fight",
    ];
    let mut seen = Vec::new();
    let texts: Vec<&str> = texts.to_vec();
    let together = model.embed(&texts, &mut |n| seen.push(n)).unwrap();
    assert_eq!(seen.last(), Some(&6));
    for (i, text) in texts.iter().enumerate() {
        assert_eq!(embed(&model, &[text]).row(0), together.row(i), "{text:?}");
    }
    assert_eq!(together.row(0), together.row(4));
    assert_eq!(embed(&model, &[] as &[&str]).len(), 0);
}

/// A folder as sentence-transformers writes it, and what PyTorch makes of it (reference/learned_metrics.py).
const LEARNED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/learned");

#[test]
fn a_folder_gives_the_embeddings_of_pytorch() {
    let model = SentenceBert::open(format!("{LEARNED}/sbert")).unwrap();
    assert_eq!((model.name(), model.depth(), model.dim()), ("sbert", 2, 16));
    let json = std::fs::read(format!("{LEARNED}/expected.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let items = json["sentences"].as_array().unwrap();
    let texts: Vec<&str> = (items.iter().map(|item| item["text"].as_str().unwrap())).collect();
    assert!(texts.len() > 10);
    let together = embed(&model, &texts);
    for (i, (text, item)) in texts.iter().zip(items).enumerate() {
        let ids = model
            .tokenizer
            .encode_truncated(text, model.max_tokens, true);
        assert_eq!(serde_json::json!(ids), item["ids"], "{text:?}");
        golden::assert_close(
            text,
            together.row(i),
            &golden::numbers(&item["embedding"]),
            1e-6,
        );
        // At this width sums are taken in another order for few rows.
        golden::assert_close(text, embed(&model, &[text]).row(0), together.row(i), 5e-7);
    }
}

/// A copy of the small folder, in which `change` changes files.
fn changed(change: impl Fn(&Path)) -> std::result::Result<SentenceBert, String> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder
        .path()
        .join("models--owner--small--one/snapshots/revision");
    std::fs::create_dir_all(copy.join("1_Pooling")).unwrap();
    for name in [
        "config.json",
        "modules.json",
        "model.safetensors",
        "sentence_bert_config.json",
        "vocab.txt",
        "1_Pooling/config.json",
    ] {
        std::fs::copy(format!("{LEARNED}/sbert/{name}"), copy.join(name)).unwrap();
    }
    change(&copy);
    SentenceBert::open(&copy).map_err(|e| e.to_string())
}

/// In file `name`, `to` instead of `from`.
fn replace(folder: &Path, name: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(folder.join(name), text.replace(from, to)).unwrap();
}

#[test]
fn a_folder_of_the_hub_is_called_as_its_model_and_may_have_its_parts_elsewhere() {
    let model = changed(|_| {}).unwrap();
    assert_eq!((model.name(), model.max_tokens), ("one", 32));
    let model = changed(|folder| {
        std::fs::create_dir(folder.join("0_BERT")).unwrap();
        for name in ["config.json", "model.safetensors", "vocab.txt"] {
            std::fs::rename(folder.join(name), folder.join("0_BERT").join(name)).unwrap();
        }
        replace(
            folder,
            "modules.json",
            r#""path": """#,
            r#""path": "0_BERT""#,
        );
        std::fs::write(
            folder.join("0_BERT/tokenizer_config.json"),
            r#"{"model_max_length": 40}"#,
        )
        .unwrap();
    });
    assert_eq!(model.unwrap().max_tokens, 40);
    // A BERT alone is pooled by the mean, as in sentence-transformers.
    let model = changed(|folder| {
        std::fs::remove_file(folder.join("modules.json")).unwrap();
        std::fs::remove_dir_all(folder.join("1_Pooling")).unwrap();
        std::fs::remove_file(folder.join("sentence_bert_config.json")).unwrap();
    });
    assert_eq!(model.unwrap().max_tokens, 64);
}

#[test]
fn what_is_no_bert_with_mean_pooling_is_refused_with_a_sentence() {
    let refused = |name: &str, from: &str, to: &str, why: &str| {
        let error = changed(|folder| replace(folder, name, from, to)).unwrap_err();
        assert!(error.contains(why), "{error}");
    };
    let pooling = "1_Pooling/config.json";
    let mean = r#""pooling_mode_mean_tokens": true"#;
    refused(
        pooling,
        mean,
        r#""pooling_mode_weightedmean_tokens": true"#,
        "pools by weightedmean_tokens; only the mean",
    );
    refused(
        pooling,
        r#"cls_token": false"#,
        r#"cls_token": true"#,
        "pools by cls_token and mean_tokens",
    );
    refused(
        pooling,
        mean,
        r#""pooling_mode": "lasttoken""#,
        "pools by lasttoken",
    );
    refused(
        "modules.json",
        "models.Pooling",
        "models.Dense",
        "has a part \"Dense\"",
    );
    refused(
        "modules.json",
        "1_Pooling",
        "../up",
        "\"../up\", which is no folder in it",
    );
    refused(
        "config.json",
        r#""bert""#,
        r#""mpnet""#,
        "is of a \"mpnet\"; only a BERT",
    );
    refused(
        "config.json",
        r#""gelu""#,
        r#""relu""#,
        "asks for the activation \"relu\"",
    );
    refused(
        "config.json",
        r#"heads": 2"#,
        r#"heads": 3"#,
        "3 heads do not share a width of 16",
    );
    refused(
        "config.json",
        r#"layers": 2"#,
        r#"layers": 3"#,
        "has 2 layers, but its config.json tells of 3",
    );
    refused(
        "config.json",
        "num_attention_heads",
        "heads",
        "missing field `num_attention_heads`",
    );
    refused("vocab.txt", "gravel\n", "", "its tokenizer has");
    refused("sentence_bert_config.json", "32", "2", "cut after 2 tokens");
    let written = |name: &str, text: &str, why: &str| {
        let error = changed(|folder| std::fs::write(folder.join(name), text).unwrap()).unwrap_err();
        assert!(error.contains(why), "{error}");
    };
    written(
        "tokenizer_config.json",
        r#"{"do_lower_case": false}"#,
        "keeps case",
    );
    written(
        "config_sentence_transformers.json",
        r#"{"default_prompt_name": "query"}"#,
        "the prompt \"query\"",
    );
    written("model.safetensors", "no weights", "no file of weights");
    for (name, why) in [
        ("config.json", "give the whole folder"),
        ("vocab.txt", "has no tokenizer"),
        ("model.safetensors", "holds no weights"),
    ] {
        let error = changed(|folder| std::fs::remove_file(folder.join(name)).unwrap()).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
    assert!(SentenceBert::open("nowhere/at/all").is_err());
}
