//! Training against the PyTorch yardstick, and against itself: stopped and resumed, the run is the same bit for bit.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;

use super::*;
use crate::bridge::{Augmentation, Bridge};
use crate::decoder::{Config, Decoder, Mapper, tests::formula};
use crate::error::{Error, Result};
use crate::memory::Centre;
use crate::model::Defaults;
use crate::prompt::Prompting;
use std::sync::LazyLock;
use wsac_encoders::compute_dtype::ComputeDtype;
use wsac_encoders::embedding::Embeddings;
use wsac_encoders::encoder::EmbeddingSpace;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_encoders::towers::TextTower;
use wsac_golden as golden;
use wsac_nn::rng::Stream;
use wsac_tensors::safetensors::Tensors;

mod faults;

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
            ..Examples::default()
        },
        pruned,
    ))
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
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
            precision: ComputeDtype::F32,
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
        let perturb = Augmentation {
            noise_variance,
            renormalise: true,
            ..Augmentation::default()
        };
        let mut trainer = Trainer::new(config, decoder, train.clone(), perturb).unwrap();
        trainer.salt = salt.into();
        for want in &golden["first_60_losses"].as_array().unwrap()[..10] {
            let (ours, want) = (trainer.step().unwrap().loss, want.as_f64().unwrap());
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

    fn embed(
        &self,
        texts: &[&str],
        on_progress: &mut dyn FnMut(usize),
    ) -> wsac_encoders::Result<Embeddings> {
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

static LETTERS: LazyLock<EmbeddingSpace> = LazyLock::new(|| EmbeddingSpace {
    name: "letters".into(),
    identity: "letters".into(),
});

const DEFAULTS: Defaults = Defaults {
    bridge: Bridge::Direct,
    centre: Centre::None,
    noise_variance: 0.01,
    clauses: true,
};

fn job<'a>(
    clips: &'a [Vec<String>],
    vocabulary: &'a Tokenizer,
    out: &std::path::Path,
    resume: bool,
) -> Job<'a> {
    Job {
        clips,
        shares: &[],
        validation: None,
        text: &Letters,
        space: &LETTERS,
        defaults: DEFAULTS,
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

/// Runs `config` whole, and stopped and resumed; gives the whole run's folder and outcome.
fn resumed_equals_whole(config: &TrainConfig, shares: &[f64]) -> (tempfile::TempDir, Outcome) {
    let vocabulary =
        Tokenizer::from_vocab_txt(include_str!("../../../../models/mini/minilm/vocab.txt"))
            .unwrap();
    let (clips, folder) = (captions(), tempfile::tempdir().unwrap());
    let go = |name: &str, resume, stop: usize| {
        let out = folder.path().join(name);
        let job = Job {
            shares,
            ..job(&clips, &vocabulary, &out, resume)
        };
        run(config.clone(), &job, &mut |event| match event {
            Event::Step(step) if step.step == stop => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
    };
    let whole = go("whole", false, 0).unwrap();
    assert!(matches!(
        go("parts", false, 4).unwrap_err(),
        Error::Interrupted(_)
    ));
    let parts = go("parts", true, 0).unwrap();
    assert!(whole.model.decoder.weights() == parts.model.decoder.weights());
    assert_eq!(whole.validation, parts.validation);
    (folder, whole)
}

#[test]
fn techniques_beyond_the_paper_change_what_is_learned_and_resume_bit_for_bit() {
    let plain = resumed_equals_whole(&small(), &[]).1;
    let replace = |by| Replace {
        share: 0.5,
        by,
        low: 0.2,
        high: 0.99,
    };
    let prompt = |kind: &str| TrainConfig {
        clauses: 0.0,
        joined: 0.0,
        prompt: toml::from_str(kind).unwrap(),
        ..small()
    };
    let configs = [
        TrainConfig {
            replace: vec![replace(Related::Clip)],
            ..small()
        },
        TrainConfig {
            replace: vec![replace(Related::Near), replace(Related::Projection)],
            ..small()
        },
        prompt("kind = \"captions\"\nlow = 0.2\nhigh = 0.99\nmask = 0.2"),
        prompt("kind = \"keywords\"\nmost = 2"),
        TrainConfig {
            freeze: true,
            ..small()
        },
    ];
    for config in configs {
        let (folder, outcome) = resumed_equals_whole(&config, &[]);
        let weights = outcome.model.decoder.weights();
        assert!(weights != plain.model.decoder.weights(), "{config:?}");
        let loaded = crate::model::Model::load(folder.path().join("whole")).unwrap();
        assert!(loaded.decoder.weights() == weights && loaded.card == outcome.model.card);
        assert_eq!(loaded.card.prompt, config.prompt);
        let keywords = matches!(config.prompt, Prompting::Keywords { .. });
        assert_eq!(loaded.keywords.is_some(), keywords);
        assert!(loaded.decoder.config().positions >= config.prompt.positions() + 30);
        if config.freeze {
            let fresh = Decoder::new(loaded.decoder.config().clone(), config.seed).unwrap();
            let start = fresh.mapper_start();
            assert!(weights[..start] == fresh.weights()[..start]);
            assert!(weights[start..] != fresh.weights()[start..]);
        }
    }
}

#[test]
fn a_run_begins_with_a_gpt2_and_may_keep_it_as_it_is() {
    use crate::model::gpt2::tests::folder_of;
    let (gpt2, whole) = folder_of("transformer.", 7, r#"{"n_head": 2}"#);
    let clips: Vec<Vec<String>> = ["ab", "ba", "abb", "baa", "aab"]
        .map(|text| vec![text.to_owned(), format!("{text} a")])
        .to_vec();
    let vocabulary = Tokenizer::from_vocab_txt("[PAD]\n[UNK]\n[CLS]\n[SEP]").unwrap();
    let start = whole.mapper_start();
    for freeze in [true, false] {
        let config = TrainConfig {
            gpt2: Some(gpt2.path().into()),
            freeze,
            batch: 4,
            max_tokens: 8,
            ..small()
        };
        let out = tempfile::tempdir().unwrap();
        let job = job(&clips, &vocabulary, out.path(), false);
        let outcome = run(config, &job, &mut |_| ControlFlow::Continue(())).unwrap();
        let loaded = crate::model::Model::load(out.path()).unwrap();
        assert!(loaded.decoder.weights() == outcome.model.decoder.weights());
        let kept = loaded.decoder.weights()[..start] == whole.weights()[..start];
        assert_eq!(kept, freeze);
        assert_eq!((loaded.tokenizer.len(), loaded.card.decoder.layers), (6, 2));
        assert!(outcome.validation.unwrap().is_finite());
    }
}

#[test]
fn a_corpus_has_its_share_of_an_epoch_and_other_captions_each_time() {
    let n = 40;
    let examples = Examples {
        embeddings: Embeddings::new(4, vec![0.5; 4 * n]).unwrap(),
        tokens: vec![vec![1, 5, 2]; n],
        clauses: vec![Vec::new(); n],
        shares: [vec![1.0; 20], vec![0.3; 10], vec![2.0; 10]].concat(),
        ..Examples::default()
    };
    assert_eq!(examples.drawn(), 20 + 3 + 20);
    let epoch = |name: &str| {
        let mut order = examples.order(|of| Stream::new(&format!("{name}{of}")));
        order.sort_unstable();
        order
    };
    let (one, two) = (epoch("1"), epoch("2"));
    assert_eq!(one.len(), examples.drawn());
    assert_eq!(one[..20], (0..20).collect::<Vec<_>>());
    assert_eq!(one[23..], (30..40).flat_map(|i| [i, i]).collect::<Vec<_>>());
    assert_ne!(one[20..23], two[20..23]);
    assert_eq!(one, epoch("1"));
    // Even shares are no shares.
    let ones = vec![1.0; 40];
    let even = resumed_equals_whole(&small(), &ones).1;
    let plain = resumed_equals_whole(&small(), &[]).1;
    assert!(even.model.decoder.weights() == plain.model.decoder.weights());
    let shares = [vec![1.0; 20], vec![0.5; 20]].concat();
    resumed_equals_whole(&small(), &shares);
}

#[test]
fn settings_that_say_nothing_of_techniques_are_written_as_ever() {
    let text = toml::to_string(&TrainConfig::default()).unwrap();
    for name in ["replace", "prompt", "gpt2", "freeze"] {
        assert!(!text.contains(name), "{text}");
    }
    let named = "freeze = true\ngpt2 = \"a\"\nreplace = [{ by = \"clip\", share = 0.5 }]\n\
                 prompt = { kind = \"captions\", most = 2 }\n";
    let config = TrainConfig::default().with_toml(named).unwrap();
    assert_eq!(config.replace[0].by, Related::Clip);
    let again = toml::to_string(&config).unwrap();
    assert_eq!(TrainConfig::default().with_toml(&again).unwrap(), config);
    let wrong = TrainConfig {
        replace: vec![config.replace[0]; 3],
        ..config
    };
    assert!(wrong.check().unwrap_err().to_string().contains("shares"));
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

/// In bf16 a run learns what it learns in f32, on every processor, and goes on bit for bit where it stopped.
#[test]
fn bf16_learns_the_same_and_resumes() {
    let run = |precision, stop: usize| {
        let config = TrainConfig {
            precision,
            ..small()
        };
        let captions = 64;
        let tokens = |i: usize| vec![1 + (i % 7) as u32, 8 + (i % 5) as u32, 2];
        let rows =
            (0..captions).flat_map(|i| (0..8).map(move |j| f32::from(u8::from(i % 7 == j)) + 0.1));
        let examples = Examples {
            embeddings: Embeddings::new(8, rows.collect()).unwrap(),
            tokens: (0..captions).map(tokens).collect(),
            clauses: vec![Vec::new(); captions],
            ..Examples::default()
        };
        let shape = Config {
            vocab: 16,
            embedding: 8,
            ..config.decoder.clone()
        };
        let new = || {
            let decoder = Decoder::new(shape.clone(), 1).unwrap();
            Trainer::new(
                config.clone(),
                decoder,
                examples.clone(),
                Augmentation::default(),
            )
            .unwrap()
        };
        let mut trainer = new();
        let mut losses = Vec::new();
        while trainer.steps_done() < trainer.steps() {
            if trainer.steps_done() == stop {
                let (done, weights, adam) = (
                    trainer.steps_done(),
                    trainer.decoder.weights().to_vec(),
                    trainer.adam.clone(),
                );
                trainer = new();
                trainer.restore(done, &weights, adam);
            }
            losses.push(trainer.step().unwrap().loss);
        }
        (losses, trainer.decoder.weights().to_vec())
    };
    let (exact, _) = run(ComputeDtype::F32, usize::MAX);
    let (rounded, weights) = run(ComputeDtype::Bf16, usize::MAX);
    assert!(
        exact[exact.len() - 1] < 0.9 * exact[0],
        "it learns: {exact:?}"
    );
    assert_ne!(exact, rounded, "something was rounded");
    for (e, r) in exact.iter().zip(&rounded) {
        assert!((e - r).abs() < 0.03 * e, "{e} {r}");
    }
    assert_eq!(run(ComputeDtype::Bf16, 5), (rounded, weights));
}
