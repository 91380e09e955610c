//! What went wrong once: each test is named after it.

use std::ops::ControlFlow;

use super::*;

fn bert() -> Tokenizer {
    Tokenizer::from_vocab_txt(include_str!("../../../../../models/mini/minilm/vocab.txt")).unwrap()
}

/// Runs `config` on `clips` in `out`, and stops after `stop` steps.
fn go(
    config: TrainConfig,
    clips: &[Vec<String>],
    out: &std::path::Path,
    resume: bool,
    stop: usize,
) -> Result<Outcome> {
    let vocabulary = bert();
    run(
        config,
        &job(clips, &vocabulary, out, resume),
        &mut |event| match event {
            Event::Step(step) if step.step == stop => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        },
    )
}

#[test]
fn a_run_was_resumed_with_other_data() {
    let folder = tempfile::tempdir().unwrap();
    let clips = captions();
    let stopped = go(small(), &clips, folder.path(), false, 2).unwrap_err();
    assert!(matches!(stopped, Error::Interrupted(_)), "{stopped}");
    let refused = |clips: &[Vec<String>], config: TrainConfig, shift: Option<Vec<f32>>| {
        let vocabulary = bert();
        let job = Job {
            shift,
            ..job(clips, &vocabulary, folder.path(), true)
        };
        let done = run(config, &job, &mut |_| ControlFlow::Continue(()));
        let said = done.unwrap_err().to_string();
        assert!(said.contains("other settings or captions"), "{said}");
    };
    let twice: Vec<Vec<String>> = clips.iter().map(|c| [&c[..], c].concat()).collect();
    refused(&twice, small(), None);
    let alone: Vec<Vec<String>> = clips.iter().flatten().map(|c| vec![c.clone()]).collect();
    refused(&alone, small(), None);
    let mut turned = clips.clone();
    turned[0].reverse();
    refused(&turned, small(), None);
    refused(&clips, small(), Some(vec![0.1; 26]));
    let held_out = TrainConfig {
        validation: 0.1,
        ..small()
    };
    refused(&clips, held_out, None);
    assert!(go(small(), &clips, folder.path(), true, 0).is_ok());
}

#[test]
fn a_finished_run_without_its_checkpoint_was_trained_over() {
    let folder = tempfile::tempdir().unwrap();
    let clips = captions();
    let first = go(small(), &clips, folder.path(), false, 0).unwrap();
    assert!(!first.already_finished);
    let files = || {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let again = |expected: bool| {
        let before = files();
        let done = go(small(), &clips, folder.path(), true, 0);
        assert_eq!(files(), before);
        let other = [&clips[..], &clips[..1]].concat();
        let refused = go(small(), &other, folder.path(), true, 0);
        assert_eq!(refused.is_err(), expected);
        let other = TrainConfig { lr: 0.5, ..small() };
        assert!(go(other, &clips, folder.path(), true, 0).is_err());
        assert_eq!(files(), before);
        let done = done.unwrap();
        assert!(done.already_finished);
        assert_eq!(done.validation, first.validation);
        assert!(done.model.decoder.weights() == first.model.decoder.weights());
    };
    again(true);
    std::fs::remove_file(folder.path().join(crate::train::checkpoint::FILE)).unwrap();
    again(true);
    // An older version wrote down its settings alone.
    let settings = folder.path().join("train.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let older: String = text
        .split_inclusive('\n')
        .filter(|l| !l.starts_with('#'))
        .collect();
    std::fs::write(&settings, older).unwrap();
    again(false);
    // A captioner that no run made is no run to go on with.
    std::fs::remove_file(&settings).unwrap();
    let said = go(small(), &clips, folder.path(), true, 0).unwrap_err();
    assert!(said.to_string().contains("no run to go on with"), "{said}");
}

#[test]
fn joined_captions_did_not_fit_eight_positions() {
    let folder = tempfile::tempdir().unwrap();
    let clips: Vec<Vec<String>> = (0..20)
        .map(|i| {
            let who = ["dog", "cat", "man"][i % 3];
            vec![format!("a {who} and a bird call while rain falls")]
        })
        .collect();
    let config = TrainConfig {
        joined: 0.9,
        clauses: 0.0,
        validation: 0.0,
        decoder: Config {
            positions: 8,
            ..small().decoder
        },
        ..small()
    };
    let outcome = go(config, &clips, folder.path(), false, 0).unwrap();
    assert!(outcome.model.decoder.config().positions > 20);
    // Nothing was held out, so that there is no loss to tell.
    assert_eq!(outcome.validation, None);
    let readme = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
    assert!(
        !readme.contains("NaN") && readme.contains("not measured"),
        "{readme}"
    );
}

#[test]
fn a_loss_that_is_not_finite_was_trained_on_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let clips = captions();
    let vocabulary = bert();
    let config = TrainConfig {
        shift: true,
        renormalise: false,
        precision: ComputeDtype::F32,
        ..small()
    };
    let job = |shift: Option<Vec<f32>>| Job {
        shift,
        ..job(&clips, &vocabulary, folder.path(), false)
    };
    let go_on = &mut |_: &Event| ControlFlow::Continue(());
    for (shift, why) in [(None, "--shift"), (Some(vec![f32::NAN; 26]), "not finite")] {
        let said = run(config.clone(), &job(shift), go_on).unwrap_err();
        assert!(said.to_string().contains(why), "{said}");
    }
    // Nothing changes at a step that fails.
    let rows = vec![0.5; 8 * 16];
    let examples = Examples {
        embeddings: Embeddings::new(8, rows).unwrap(),
        tokens: vec![vec![1, 5, 2]; 16],
        clauses: vec![Vec::new(); 16],
        ..Examples::default()
    };
    let shape = Config {
        vocab: 16,
        embedding: 8,
        ..small().decoder
    };
    let decoder = Decoder::new(shape, 1).unwrap();
    let mut trainer = Trainer::new(small(), decoder, examples, Augmentation::default()).unwrap();
    trainer.step().unwrap();
    let last = trainer.decoder.weights().len() - 1;
    trainer.decoder.weights_mut()[last] = f32::INFINITY;
    let before = trainer.decoder.weights().to_vec();
    let activations = trainer.adam.m.clone();
    let said = trainer.step().unwrap_err().to_string();
    assert!(
        said.contains("of step 2 is") && said.contains("lower lr"),
        "{said}"
    );
    assert_eq!(trainer.steps_done(), 1);
    assert!(trainer.decoder.weights() == before && trainer.adam.m == activations);
}

#[test]
fn umlauts_were_lost_without_a_word() {
    let clips: Vec<Vec<String>> = [
        "Ein Hund bellt über die Straße",
        "Ein Zug",
        "Ein Hund im Wald",
    ]
    .map(|text| vec![text.to_owned()])
    .to_vec();
    let (vocabulary, folder) = (bert(), tempfile::tempdir().unwrap());
    let mut altered = None;
    let config = TrainConfig {
        epochs: 1,
        validation: 0.0,
        ..small()
    };
    run(
        config,
        &job(&clips, &vocabulary, folder.path(), false),
        &mut |event| {
            if let Event::Ready { altered: found, .. } = event {
                altered.clone_from(found);
            }
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    let altered = altered.unwrap();
    assert_eq!((altered.captions, &*altered.word), (1, "über"));
    assert_eq!(altered.becomes, "uber");
}
