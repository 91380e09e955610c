//! Training against the PyTorch yardstick, and against itself: stopped and resumed, the run is the same bit for bit.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;

use super::*;
use crate::bridge::Bridge;
use crate::clap::{Space, TextTower};
use crate::decoder::{Config, Mapper, tests::formula};
use crate::golden;
use crate::memory::Centre;
use crate::tensors::Tensors;
use crate::tokenizer::Tokenizer;
use std::sync::LazyLock;

/// Clotho's captions and embeddings as the PyTorch run had them, and its vocabulary (golden/wsac, "Yardstick").
fn yardstick(split: &str, tokenizer: Option<&Tokenizer>) -> Option<(Examples, Tokenizer)> {
    let at = |name: String| golden::shared(&format!("golden/wsac/yardstick/{name}"));
    let texts = at(format!("clotho_{split}_texts.json"))?;
    let texts: Vec<String> = serde_json::from_slice(&std::fs::read(texts).unwrap()).unwrap();
    let path = at(format!("clotho_{split}_minilm_f16.safetensors"))?;
    let bytes = std::fs::read(&path).unwrap();
    let rows = Tensors::parse(&path, &bytes)
        .unwrap()
        .get("embeddings", &[texts.len(), 384])
        .unwrap();
    let whole = Tokenizer::from_vocab_txt(include_str!("../../../../models/mini/minilm/vocab.txt"))
        .unwrap();
    let pruned = tokenizer
        .cloned()
        .unwrap_or_else(|| whole.prune(texts.iter().map(String::as_str), 22));
    let tokens = texts
        .iter()
        .map(|t| pruned.encode_truncated(t, 22, false))
        .collect();
    let clauses = vec![Vec::new(); texts.len()];
    Some((
        Examples {
            embeddings: Embeddings::new(384, rows).unwrap(),
            tokens,
            clauses,
            joins: Vec::new(),
        },
        pruned,
    ))
}

#[test]
fn the_first_losses_equal_the_yardstick() {
    let Some((train, tokenizer)) = yardstick("train", None) else {
        return;
    };
    assert_eq!(tokenizer.len(), 4175);
    assert_eq!(train.tokens.iter().map(Vec::len).sum::<usize>(), 291_218);
    for run in ["clean_seed0", "noise_est_seed0"] {
        let golden = golden::json(&format!("golden/wsac/yardstick/{run}.json")).unwrap();
        let config = TrainConfig {
            batch: 64,
            lr: 1e-3,
            drop_last: true,
            dropout: 0.0,
            clip: None,
            clauses: 0.0,
            joined: 0.0,
            ..TrainConfig::default()
        };
        let shape = Config {
            vocab: 4175,
            embedding: 384,
            width: 256,
            positions: 32,
            mapper: Mapper::Mlp,
            ..Config::default()
        };
        let salt = "wsac-yardstick/seed0";
        let decoder =
            Decoder::with_weights(shape, |name, shape| Ok(formula(salt, "plain", name, shape)))
                .unwrap();
        let noise_variance = golden["noise_variance"].as_f64().unwrap();
        let perturb = Perturb {
            noise_variance,
            renormalise: true,
            ..Perturb::default()
        };
        let mut trainer = Trainer::new(config, decoder, train.clone(), perturb).unwrap();
        trainer.salt = salt.into();
        for want in &golden["first_60_losses"].as_array().unwrap()[..10] {
            let (ours, want) = (trainer.step().loss, want.as_f64().unwrap());
            assert!((ours - want).abs() < 1e-4, "{run}: {ours} is not {want}");
        }
    }
}

/// A text tower that needs no weights: bags of letters.
struct Letters;

impl TextTower for Letters {
    fn dim(&self) -> usize {
        26
    }

    fn embed(&self, texts: &[&str], on_progress: &mut dyn FnMut(usize)) -> Result<Embeddings> {
        let count = |text: &&str| {
            let mut row = vec![0.1; 26];
            text.bytes()
                .filter(u8::is_ascii_lowercase)
                .for_each(|b| row[(b - b'a') as usize] += 1.0);
            row
        };
        on_progress(texts.len());
        Embeddings::new(26, texts.iter().flat_map(count).collect())
    }
}

fn captions() -> Vec<Vec<String>> {
    let (who, what) = (
        ["a dog", "a cat", "the man", "rain", "a bird"],
        ["barks", "sings loudly", "stops", "runs by"],
    );
    let one = |i: usize| {
        format!(
            "{} {} while {} {}",
            who[i % 5],
            what[i % 4],
            who[(i + 1) % 5],
            what[(i / 2) % 4]
        )
    };
    (0..40).map(|i| vec![one(i), one(i + 7)]).collect()
}

fn small() -> TrainConfig {
    let decoder = Config {
        width: 16,
        layers: 2,
        heads: 2,
        ..Config::default()
    };
    TrainConfig {
        epochs: 3,
        min_steps: 0,
        batch: 16,
        lr: 1e-2,
        decoder,
        ..TrainConfig::default()
    }
}

static LETTERS: LazyLock<Space> = LazyLock::new(|| Space {
    name: "letters".into(),
    identity: "letters".into(),
    bridge: Bridge::Direct,
    centre: Centre::None,
    noise_variance: 0.01,
    hears_parts: true,
});

fn job<'a>(
    clips: &'a [Vec<String>],
    vocabulary: &'a Tokenizer,
    out: &std::path::Path,
    resume: bool,
) -> Job<'a> {
    Job {
        clips,
        validation: None,
        text: &Letters,
        space: &LETTERS,
        vocabulary,
        shift: None,
        out: out.into(),
        cache: Some(out.join("cache")),
        resume,
    }
}

#[test]
fn a_run_learns_and_its_resumption_equals_it_bit_for_bit() {
    let vocabulary =
        Tokenizer::from_vocab_txt(include_str!("../../../../models/mini/minilm/vocab.txt"))
            .unwrap();
    let (clips, folder) = (captions(), tempfile::tempdir().unwrap());
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let mut losses = Vec::new();
    let watch = &mut |event: &Event| {
        if let Event::Step(step) = event {
            losses.push(step.loss);
        }
        ControlFlow::Continue(())
    };
    let one = run(small(), &job(&clips, &vocabulary, &whole, false), watch).unwrap();
    assert!(losses[losses.len() - 1] < losses[0] - 0.5, "{losses:?}");

    let stop_after = |steps: usize| {
        move |event: &Event| match event {
            Event::Step(step) if step.step == steps => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    };
    for (steps, resume) in [(2, false), (8, true)] {
        let stopped = run(
            small(),
            &job(&clips, &vocabulary, &parts, resume),
            &mut stop_after(steps),
        )
        .unwrap_err();
        assert!(matches!(stopped, Error::Interrupted(_)), "{stopped}");
    }
    let two = run(
        small(),
        &job(&clips, &vocabulary, &parts, true),
        &mut |_| ControlFlow::Continue(()),
    )
    .unwrap();
    assert!(one.model.decoder.weights() == two.model.decoder.weights());
    let read =
        |folder: &std::path::Path| std::fs::read_to_string(folder.join("log.jsonl")).unwrap();
    assert_eq!(read(&whole), read(&parts));

    let other = TrainConfig {
        lr: 2e-2,
        ..small()
    };
    let refused = run(other, &job(&clips, &vocabulary, &parts, true), &mut |_| {
        ControlFlow::Continue(())
    });
    assert!(refused.unwrap_err().to_string().contains("other settings"));

    let loaded = crate::model::Model::load(&whole).unwrap();
    assert!(
        loaded.decoder.weights() == one.model.decoder.weights() && loaded.card == one.model.card
    );
    assert_eq!(loaded.tokenizer.words(), one.model.tokenizer.words());
}

#[test]
fn a_run_is_never_written_over() {
    let vocabulary =
        Tokenizer::from_vocab_txt(include_str!("../../../../models/mini/minilm/vocab.txt"))
            .unwrap();
    let (clips, folder) = (captions(), tempfile::tempdir().unwrap());
    let config = TrainConfig {
        epochs: 1,
        ..small()
    };
    let go_on = &mut |_: &Event| ControlFlow::Continue(());
    run(
        config.clone(),
        &job(&clips, &vocabulary, folder.path(), false),
        go_on,
    )
    .unwrap();
    let error = run(
        config,
        &job(&clips, &vocabulary, folder.path(), false),
        go_on,
    )
    .unwrap_err();
    assert!(error.to_string().contains("already holds a run"), "{error}");
}
