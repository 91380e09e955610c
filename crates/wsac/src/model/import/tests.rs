//! Against the authors' own classes (fixtures of reference/reference_decoders.py), and through a run folder.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use wsac_nn::dropout::Dropout;

use super::*;
use crate::decoder::{Batch, Tape};
use crate::generate::{DecodeOptions, Hypothesis, Search, generate};
use crate::model::StorageDtype;
use wsac_encoders::embedding::Embeddings;
use wsac_golden::{assert_close, numbers};
use wsac_tensors::weights::synthetic::SyntheticWeights;

const CLAPCAP: &str = include_str!("../../../tests/reference_decoders/clapcap.json");
const PAPER: &str = include_str!("../../../tests/reference_decoders/paper.json");

/// A fixture and its weights.
fn fixture(text: &str) -> (Value, SyntheticWeights) {
    let weights = SyntheticWeights::parse("decoder.pt", text.as_bytes()).unwrap();
    (serde_json::from_str(text).unwrap(), weights)
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The logits of the last prefix row and of each word, [sequences, 1 + words, V].
fn logits(decoder: &Decoder, golden: &Value) -> (Vec<f32>, Tape) {
    let embeddings = numbers(&golden["input"]);
    let n = embeddings.len() / decoder.config().embedding;
    let words = ids(&golden["words"]);
    let batch = Batch {
        prompts: Vec::new(),
        embeddings,
        parts: vec![1; n],
        tokens: vec![words.clone(); n],
    };
    let mut tape = Tape::default();
    decoder.forward(&mut tape, &batch, false, Dropout::NONE);
    let (prefix, vocab) = (decoder.config().prefix, decoder.config().vocab);
    let all = decoder.logits(&tape);
    let rows = all.chunks_exact((prefix + words.len()) * vocab);
    let told = rows.flat_map(|row| &row[(prefix - 1) * vocab..]).copied();
    (told.collect(), tape)
}

fn written(decoder: &Decoder, golden: &Value, search: Search) -> Vec<Vec<Hypothesis>> {
    let options = DecodeOptions {
        search,
        max_tokens: golden["most"].as_u64().unwrap() as usize,
        ..DecodeOptions::default()
    };
    let end = golden["stop"].as_u64().unwrap() as u32;
    let embeddings = numbers(&golden["input"]);
    let each = embeddings.chunks_exact(decoder.config().embedding);
    each.map(|row| generate(decoder, row, end, &options))
        .collect()
}

fn assert_greedy(decoder: &Decoder, golden: &Value) {
    let ours = written(decoder, golden, Search::Greedy);
    for (ours, wanted) in ours.iter().zip(golden["greedy"].as_array().unwrap()) {
        assert_eq!(ours[0].tokens, ids(wanted));
    }
}

#[test]
fn clapcap_equals_its_own_code() {
    let (golden, weights) = fixture(CLAPCAP);
    assert_eq!(Origin::of(&weights), Some(Origin::ClapCap));
    let decoder = Origin::ClapCap.decoder(&weights, 160).unwrap();
    let (layers, heads, rows) = (2, 8, 4);
    let mapper = Mapper::Transformer {
        layers,
        heads,
        rows,
    };
    assert_eq!(decoder.config().mapper, mapper);
    assert_eq!((decoder.config().heads, decoder.config().prefix), (2, 5));
    let (ours, tape) = logits(&decoder, &golden);
    assert_close("prefix", &tape.mapped[0], &numbers(&golden["prefix"]), 1e-4);
    assert_close("logits", &ours, &numbers(&golden["logits"]), 1e-4);
    assert_greedy(&decoder, &golden);
    let ours = written(&decoder, &golden, Search::Average { width: 5 });
    for (ours, wanted) in ours.iter().zip(golden["beams"].as_array().unwrap()) {
        let ours: Vec<_> = ours.iter().map(|told| told.tokens.clone()).collect();
        let wanted: Vec<_> = wanted.as_array().unwrap().iter().map(ids).collect();
        assert_eq!(ours, wanted);
    }
}

#[test]
fn a_decoder_of_the_papers_code_writes_the_same_without_the_words_it_never_uses() {
    let (golden, weights) = fixture(PAPER);
    assert_eq!(Origin::of(&weights), Some(Origin::Paper));
    let used = golden["used"].as_u64().unwrap() as usize;
    let decoder = Origin::Paper.decoder(&weights, used).unwrap();
    let config = decoder.config();
    assert_eq!((config.layers, config.heads, config.prefix), (4, 4, 1));
    assert_eq!((config.vocab, config.positions), (90, 40));
    assert_eq!(config.mapper, Mapper::Linear);
    let (ours, _) = logits(&decoder, &golden);
    assert_close("logits", &ours, &numbers(&golden["logits"]), 1e-4);
    assert_greedy(&decoder, &golden);
    let error = Origin::Paper.decoder(&weights, 30_522).unwrap_err();
    assert!(error.to_string().contains("has 120 words"), "{error}");
}

/// A state dict of the paper's shape but for its width, all zeros but the names: GPT-2's words, BERT's ids.
struct Zeros(Vec<(String, Vec<usize>)>);

impl Zeros {
    fn like(text: &str, words: usize) -> Self {
        let (_, weights) = fixture(text);
        let names = weights.names().into_iter();
        let sized = names.map(|name| {
            let mut shape = weights.shape(name).unwrap();
            if name.ends_with(WORDS) {
                shape[0] = words;
            }
            (name.to_owned(), shape)
        });
        let clap = ["clap.base.a".to_owned(), "clap.projection.b".to_owned()];
        Self(sized.chain(clap.map(|name| (name, vec![2]))).collect())
    }
}

impl Weights for Zeros {
    fn path(&self) -> &Path {
        Path::new("decoder.pt")
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        (self.0.iter().find(|(n, _)| n == name)).map(|(_, shape)| shape.clone())
    }

    fn get(&self, name: &str, shape: &[usize]) -> wsac_tensors::Result<Buffer> {
        assert_eq!(self.shape(name).as_deref(), Some(shape), "{name}");
        Ok(vec![0.0; shape.iter().product()].into())
    }
}

#[test]
fn decoders_become_run_folders_with_and_without_a_memory() {
    let clap = ("wavcaps", "wavcaps-1");
    let folder = tempfile::tempdir().unwrap();
    let rows = Embeddings::new(16, vec![1.0; 32]).unwrap();
    let memory = Memory::new(&["a dog barks", "rain"], rows).unwrap();
    for memory in [None, Some(memory)] {
        let weights = Zeros::like(PAPER, 50_257);
        let known = memory.is_some();
        let made = Origin::Paper.model(&weights, "theirs", clap, memory);
        made.unwrap()
            .save(folder.path(), StorageDtype::F16)
            .unwrap();
        let loaded = Model::load(folder.path()).unwrap();
        assert_eq!(loaded.memory.is_some(), known);
        assert_eq!(loaded.card.bridge == Bridge::Direct, !known);
        assert_eq!(
            (loaded.card.clap.as_str(), loaded.tokenizer.len()),
            ("wavcaps", 30_522)
        );
        assert!(!loaded.is_clapcap());
    }
    std::fs::remove_file(folder.path().join("memory.safetensors")).unwrap();
    let error = Model::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("has no memory.safetensors"), "{error}");

    let narrow = Memory::new(&["rain"], Embeddings::new(2, vec![1.0; 2]).unwrap()).unwrap();
    let weights = Zeros::like(PAPER, 50_257);
    let error = Origin::Paper.model(&weights, "theirs", clap, Some(narrow));
    assert!(error.unwrap_err().to_string().contains("of width 16"));
}

#[test]
fn clapcap_becomes_a_run_folder_and_an_audio_encoder() {
    let weights = Zeros::like(CLAPCAP, 50_257);
    let folder = tempfile::tempdir().unwrap();
    let made = Origin::ClapCap.model(&weights, "clapcap", ("./clap", ""), None);
    made.unwrap()
        .save(folder.path(), StorageDtype::F32)
        .unwrap();
    let loaded = Model::load(folder.path()).unwrap();
    assert!(loaded.is_clapcap() && loaded.memory.is_none());
    let inside = folder.path().join("clap");
    assert_eq!(Path::new(&loaded.card.clap), inside);
    assert_eq!(
        (loaded.tokenizer.sep(), loaded.tokenizer.len()),
        (220, 50_257)
    );

    let audio = ClapCapAudio::of(&weights);
    assert_eq!(
        audio.names(),
        ["audio_encoder.base.a", "audio_encoder.projection.b"]
    );
    assert_eq!(audio.shape("audio_encoder.base.a"), Some(vec![2]));
    assert_eq!(*audio.get("audio_encoder.base.a", &[2]).unwrap(), [0.0; 2]);
    audio.save(&inside).unwrap();
    let bytes = std::fs::read(inside.join("model.safetensors")).unwrap();
    let saved = wsac_tensors::safetensors::Tensors::parse("saved", &bytes).unwrap();
    assert_eq!(saved.names().len(), 2);
}

#[test]
fn tables_that_are_not_shared_are_told() {
    let (_, weights) = fixture(PAPER);
    struct Untied(SyntheticWeights);
    impl Weights for Untied {
        fn path(&self) -> &Path {
            self.0.path()
        }
        fn names(&self) -> Vec<&str> {
            self.0.names()
        }
        fn shape(&self, name: &str) -> Option<Vec<usize>> {
            self.0.shape(&name.replace("lm_head", "transformer.wte"))
        }
        fn get(&self, name: &str, shape: &[usize]) -> wsac_tensors::Result<Buffer> {
            if name.contains("lm_head") {
                return Ok(vec![0.0; shape.iter().product()].into());
            }
            self.0.get(name, shape)
        }
    }
    let error = Origin::Paper.decoder(&Untied(weights), 90).unwrap_err();
    assert!(error.to_string().contains("lm_head"), "{error}");
}
