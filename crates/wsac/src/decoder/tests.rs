//! The decoder against PyTorch (shared golden/wsac), and against itself.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use wsac_nn::dropout::Dropout;
use wsac_nn::optim::{Adam, Rule};

use super::*;
use wsac_golden as golden;

/// The golden weights: a formula of the tensor's name (golden/wsac/README.md, "Weights").
pub(crate) fn formula(case: &str, rule: &str, name: &str, shape: &[usize]) -> Vec<f32> {
    let stream = Stream::new(&format!("{case}/{name}"));
    let n = shape.iter().product::<usize>() as u64;
    let (matrix, table, bias) = match rule {
        "plain" => (0.02 * 3f64.sqrt(), 0.02 * 3f64.sqrt(), 0.0),
        "rich" => (0.15 * 3f64.sqrt(), 0.15 * 3f64.sqrt(), 0.1),
        "gen" => (0.35 * 3f64.sqrt(), 0.3 * 3f64.sqrt(), 0.1),
        _ => panic!("rule {rule}"),
    };
    let gain = if rule == "plain" { 0.0 } else { 0.2 };
    (0..n)
        .map(|i| {
            if name.ends_with(".bias") {
                stream.symmetric(i, bias)
            } else if shape.len() == 1 {
                (1.0 + gain * (2.0 * stream.uniform(i) - 1.0)) as f32
            } else if name.contains(".wte.") || name.contains(".wpe.") {
                stream.symmetric(i, table)
            } else {
                stream.symmetric(i, matrix)
            }
        })
        .collect()
}

fn n(v: &Value) -> usize {
    v.as_u64().unwrap() as usize
}

/// The decoder of a golden case; `sizes` is the file's `config`.
pub(crate) fn golden_decoder(sizes: &Value, case: &Value, weights_case: &str) -> Decoder {
    let config = Config {
        vocab: n(&sizes["V"]),
        embedding: n(&sizes["E"]),
        width: n(&sizes["d"]),
        layers: n(&sizes["L"]),
        heads: n(&sizes["H"]),
        positions: n(&sizes["n_positions"]),
        prefix: n(&case["prefix_len"]),
        mapper: if case["mapper"] == "linear" {
            Mapper::Linear
        } else {
            Mapper::Mlp
        },
    };
    let rule = case["rule"].as_str().unwrap();
    Decoder::with_weights(config, |name, shape| {
        Ok(formula(weights_case, rule, name, shape))
    })
    .unwrap()
}

fn golden_batch(case: &str, tokens: &Value, e: usize) -> Batch {
    let tokens: Vec<Vec<u32>> = serde_json::from_value(tokens.clone()).unwrap();
    let stream = Stream::new(&format!("{case}/input.prefix"));
    let scale = (3.0 / e as f64).sqrt();
    Batch {
        prompts: Vec::new(),
        embeddings: (0..(tokens.len() * e) as u64)
            .map(|i| stream.symmetric(i, scale))
            .collect(),
        parts: vec![1; tokens.len()],
        tokens,
    }
}

fn samples<'a>(record: &'a Value, key: &str) -> impl Iterator<Item = (usize, f64)> + 'a {
    let values = record[key].as_array().unwrap();
    record["idx"]
        .as_array()
        .unwrap()
        .iter()
        .zip(values)
        .map(|(i, v)| (n(i), v.as_f64().unwrap()))
}

#[test]
fn logits_losses_and_gradients_equal_pytorch() {
    assert_equals_pytorch("decoder_tiny", 1e-5);
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn logits_losses_and_gradients_of_the_paper_equal_pytorch() {
    assert_equals_pytorch("decoder_paper", 3e-5);
}

fn assert_equals_pytorch(file: &str, logit_tolerance: f64) {
    let Some(golden) = golden::json(&format!("golden/wsac/dev/{file}.json")) else {
        return;
    };
    let sizes = &golden["config"];
    for case in golden["cases"].as_array().unwrap() {
        let name = case["case"].as_str().unwrap();
        let decoder = golden_decoder(sizes, case, name);
        let batch = golden_batch(name, &case["tokens"], n(&sizes["E"]));
        let mut tape = Tape::default();
        decoder.forward(&mut tape, &batch, false, Dropout::NONE);
        let logits = decoder.logits(&tape);
        for (i, want) in samples(&case["logits"], "f64") {
            assert!(
                (f64::from(logits[i]) - want).abs() < logit_tolerance,
                "{name} logit {i}"
            );
        }
        let mut grads = Vec::new();
        let loss = decoder.loss_and_gradient(&mut tape, &mut grads, &batch, Dropout::NONE);
        let dembeddings = tape.embedding_gradient().to_vec();
        assert!(
            (loss - case["loss_f64"].as_f64().unwrap()).abs() < 5e-6,
            "{name} loss"
        );
        let nll = decoder.nll(&mut tape, &batch);
        assert_eq!(nll.targets, n(&case["n_targets"]));
        assert!((nll.total / nll.targets as f64 - loss).abs() < 1e-6);
        for (key, record) in case["grads"].as_object().unwrap() {
            let ours = match decoder.layout().specs().iter().find(|s| s.name == *key) {
                Some(spec) => &grads[spec.range.clone()],
                None if key == "input.prefix" => &dembeddings[..],
                None => panic!("no tensor {key}"),
            };
            let largest = record["max_abs_f64"].as_f64().unwrap();
            for (i, want) in samples(record, "f64") {
                let off = (f64::from(ours[i]) - want).abs();
                assert!(
                    off <= 1e-5 * largest,
                    "{name} {key}[{i}]: {} is not {want}",
                    ours[i]
                );
            }
            let l2 = ours
                .iter()
                .map(|g| f64::from(*g).powi(2))
                .sum::<f64>()
                .sqrt();
            let want = record["l2_f64"].as_f64().unwrap();
            assert!(
                (l2 - want).abs() <= 1e-5 * want + 1e-5 * largest,
                "{name} {key} norm {l2} {want}"
            );
        }
    }
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn trajectories_of_every_optimiser_equal_pytorch() {
    let (Some(golden), Some(tiny), Some(paper)) = (
        golden::json("golden/wsac/dev/optim.json"),
        golden::json("golden/wsac/dev/decoder_tiny.json"),
        golden::json("golden/wsac/dev/decoder_paper.json"),
    ) else {
        return;
    };
    for run in golden["trajectories"].as_array().unwrap() {
        let (sizes, tolerance) = if run["size"] == "tiny" {
            (&tiny["config"], 2e-5)
        } else {
            (&paper["config"], 1e-4)
        };
        let weight_decay = run["weight_decay"].as_f64().unwrap() as f32;
        let rule = match run["optimizer"].as_str().unwrap() {
            "adam" => Rule::Adam,
            "adamw" => Rule::AdamW { weight_decay },
            "hf_adamw" => Rule::HfAdamW { weight_decay },
            _ => continue, // adam_l2 is there to catch a mix-up; we do not offer it.
        };
        let mut decoder = golden_decoder(sizes, run, run["weights_case"].as_str().unwrap());
        let mut adam = Adam::new(
            rule,
            run["eps"].as_f64().unwrap() as f32,
            decoder.weights().len(),
        );
        let cases: Vec<&str> = run["batch_cases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c.as_str().unwrap())
            .collect();
        let batches: Vec<Batch> = cases
            .iter()
            .map(|c| golden_batch(c, &golden["batch_tokens"][c], n(&sizes["E"])))
            .collect();
        let (mut tape, mut grads) = (Tape::default(), Vec::new());
        let losses = run["loss_f64"].as_array().unwrap();
        for step in 0..n(&run["steps"]) {
            let loss =
                decoder.loss_and_gradient(&mut tape, &mut grads, &batches[step % 4], Dropout::NONE);
            let want = losses[step].as_f64().unwrap();
            assert!(
                (loss - want).abs() < 1e-5,
                "{} step {step}: {loss} is not {want}",
                run["optimizer"]
            );
            adam.step(
                decoder.weights_mut(),
                &grads,
                run["lr"][step].as_f64().unwrap(),
                1.0,
            );
        }
        let d = n(&sizes["d"]);
        for (name, record) in run["weights"].as_object().unwrap() {
            let spec = decoder
                .layout()
                .specs()
                .iter()
                .find(|s| s.name == *name)
                .unwrap();
            let ours = &decoder.weights()[spec.range.clone()];
            // The exact gradient of the key bias is 0: Adam divides rounding noise by rounding noise there.
            let key_bias = |i: usize| name.ends_with("c_attn.bias") && (d..2 * d).contains(&i);
            for (i, want) in samples(record, "f64").filter(|(i, _)| !key_bias(*i)) {
                let off = (f64::from(ours[i]) - want).abs();
                assert!(
                    off <= tolerance,
                    "{} {name}[{i}]: {} is not {want}",
                    run["optimizer"],
                    ours[i]
                );
            }
        }
    }
}

/// A small decoder with lively weights, and captions conditioned on one, two and one embeddings; before two of them
/// stands a prompt.
fn small() -> (Decoder, Batch) {
    small_with(Mapper::Mlp)
}

fn small_with(mapper: Mapper) -> (Decoder, Batch) {
    let config = Config {
        vocab: 13,
        embedding: 5,
        width: 8,
        layers: 2,
        heads: 2,
        positions: 16,
        prefix: 2,
        mapper,
    };
    let decoder = Decoder::with_weights(config, |name, shape| {
        Ok(formula("small", "rich", name, shape))
    })
    .unwrap();
    let stream = Stream::new("small/embeddings");
    let batch = Batch {
        prompts: vec![vec![], vec![4, 2, 6], vec![11]],
        embeddings: (0..20).map(|i| stream.symmetric(i, 1.0)).collect(),
        parts: vec![1, 2, 1],
        tokens: vec![vec![1, 5, 7, 2], vec![1, 3, 3, 9, 12, 2], vec![1, 2]],
    };
    (decoder, batch)
}

#[test]
fn gradients_agree_with_finite_differences_with_and_without_dropout() {
    let transformer = Mapper::Transformer {
        layers: 2,
        heads: 2,
        rows: 3,
    };
    for (mapper, p) in [(Mapper::Mlp, 0.0), (Mapper::Mlp, 0.2), (transformer, 0.0)] {
        let (decoder, batch) = small_with(mapper);
        let dropout = Dropout { p, seed: 11 };
        let (mut tape, mut grads) = (Tape::default(), Vec::new());
        decoder.loss_and_gradient(&mut tape, &mut grads, &batch, dropout);
        let loss_at = |spec: usize, step: f32| {
            let mut moved = decoder.clone();
            moved.weights_mut()[spec] += step;
            moved.loss_and_gradient(&mut Tape::default(), &mut Vec::new(), &batch, dropout)
        };
        for spec in decoder.layout().specs() {
            let largest = grads[spec.range.clone()]
                .iter()
                .fold(0f32, |m, g| m.max(g.abs()));
            assert!(
                largest > 0.0 || spec.range.is_empty(),
                "{} received no gradient",
                spec.name
            );
            for i in spec.range.clone().step_by(spec.range.len().div_ceil(7)) {
                let h = 2e-3;
                let slope = (loss_at(i, h) - loss_at(i, -h)) / f64::from(2.0 * h);
                let off = (slope - f64::from(grads[i])).abs();
                assert!(
                    off < 0.02 * f64::from(largest) + 4e-4,
                    "{}: {} but slope {slope}",
                    spec.name,
                    grads[i]
                );
            }
        }
    }
}

#[test]
fn batch_equals_single_and_cached_equals_uncached() {
    for_batch_and_single(small());
    let (layers, heads, rows) = (1, 2, 3);
    for_batch_and_single(small_with(Mapper::Transformer {
        layers,
        heads,
        rows,
    }));
}

fn for_batch_and_single((decoder, batch): (Decoder, Batch)) {
    let mut tape = Tape::default();
    decoder.forward(&mut tape, &batch, false, Dropout::NONE);
    let together = decoder.logits(&tape);
    let (mut row, mut part) = (0, 0);
    let sequences = batch.tokens.iter().zip(&batch.parts).zip(&batch.prompts);
    for ((words, &parts), prompt) in sequences {
        let embeddings = &batch.embeddings[part * 5..(part + parts) * 5];
        part += parts;
        let alone = Batch {
            prompts: vec![prompt.clone()],
            embeddings: embeddings.to_vec(),
            parts: vec![parts],
            tokens: vec![words.clone()],
        };
        decoder.forward(&mut tape, &alone, false, Dropout::NONE);
        let single = decoder.logits(&tape);
        golden::assert_close(
            "batch = single",
            &single,
            &together[row..row + single.len()],
            1e-6,
        );

        let mut logits = Vec::new();
        let condition = Condition {
            words: prompt,
            embeddings,
        };
        let mut state = decoder.begin(&[condition], &mut logits).remove(0);
        let mut cached = logits.clone();
        for &word in words {
            decoder.advance(&mut [&mut state], &[word], &mut logits);
            cached.extend(&logits);
        }
        let from = (prompt.len() + parts * 2 - 1) * 13;
        golden::assert_close("cached = uncached", &cached, &single[from..], 2e-5);
        row += single.len();
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (decoder, batch) = small();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let (mut tape, mut grads) = (Tape::default(), Vec::new());
            let dropout = Dropout { p: 0.1, seed: 3 };
            let loss = decoder.loss_and_gradient(&mut tape, &mut grads, &batch, dropout);
            (loss, tape.embedding_gradient().to_vec(), grads)
        })
    };
    assert!(run(1) == run(3));
}

#[test]
fn impossible_shapes_are_named() {
    let config = Config {
        width: 10,
        heads: 4,
        ..Config::default()
    };
    assert!(
        Decoder::new(config, 0)
            .unwrap_err()
            .to_string()
            .contains("multiple of heads")
    );
}
