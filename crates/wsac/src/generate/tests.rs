//! Generation against Hugging Face `generate` (shared golden/wsac/dev/generation.json).
#![allow(clippy::unwrap_used)]

use serde_json::Value;

use super::rules::no_repeat;
use super::sample::inverse_cdf;
use super::*;
use crate::decoder::{Config, Mapper, WeightDtype, tests::formula};
use wsac_golden as golden;
use wsac_nn::matmul::ProductDtype;
use wsac_nn::rng::Stream;

fn n(v: &Value) -> usize {
    v.as_u64().unwrap() as usize
}

fn ids(v: &Value) -> Vec<u32> {
    serde_json::from_value(v.clone()).unwrap()
}

fn rules(v: &Value) -> Rules {
    Rules {
        repetition_penalty: v["repetition_penalty"].as_f64().unwrap_or(1.0) as f32,
        no_repeat_ngram: v["no_repeat_ngram_size"].as_u64().unwrap_or(0) as usize,
        min_tokens: v["min_new_tokens"].as_u64().unwrap_or(0) as usize,
        ..Rules::default()
    }
}

/// A golden model, its prompts [8, 16] and its end token.
fn model(m: &Value) -> (Decoder, Vec<Vec<f32>>, u32) {
    let case = m["case"].as_str().unwrap();
    let config = Config {
        vocab: 97,
        embedding: 16,
        width: 32,
        layers: 2,
        heads: 2,
        positions: n(&m["n_positions"]),
        prefix: n(&m["prefix_len"]),
        mapper: if m["mapper"] == "linear" {
            Mapper::Linear
        } else {
            Mapper::Mlp
        },
    };
    let decoder =
        Decoder::with_weights(config, |name, shape| Ok(formula(case, "gen", name, shape))).unwrap();
    let stream = Stream::new(&format!("{case}/input.prefix"));
    let prompt = |p: u64| {
        (0..16)
            .map(|i| stream.symmetric(p * 16 + i, 3f64.sqrt()))
            .collect()
    };
    (decoder, (0..8).map(prompt).collect(), n(&m["eos"]) as u32)
}

#[test]
fn greedy_and_its_rules_equal_hugging_face() {
    let Some(golden) = golden::json("golden/wsac/dev/generation.json") else {
        return;
    };
    for m in golden["models"].as_array().unwrap() {
        let (decoder, prompts, end) = model(m);
        for run in m["greedy"]
            .as_array()
            .unwrap()
            .iter()
            .chain(m["greedy_rules"].as_array().unwrap())
        {
            let options = DecodeOptions {
                search: Search::Greedy,
                max_tokens: n(&run["max_new"]),
                rules: rules(&run["rules"]),
            };
            let ours = &generate(&decoder, &prompts[n(&run["prompt"])], end, &options)[0];
            assert_eq!(ours.tokens, ids(&run["tokens"]), "{} {run}", m["case"]);
            let sum = run["sum_f64"]
                .as_f64()
                .or(run["raw_logprob_sum_f64"].as_f64())
                .unwrap();
            assert!(
                (ours.logprob - sum).abs() < 1e-4,
                "{} is not {sum}",
                ours.logprob
            );
        }
    }
}

#[test]
fn beams_equal_hugging_face() {
    let Some(golden) = golden::json("golden/wsac/dev/generation.json") else {
        return;
    };
    for m in golden["models"].as_array().unwrap() {
        let (decoder, prompts, end) = model(m);
        for run in m["beam"].as_array().unwrap() {
            let stop = match &run["early_stopping"] {
                Value::Bool(true) => Stop::Early,
                Value::Bool(false) => Stop::Heuristic,
                _ => Stop::Never,
            };
            let length_penalty = run["length_penalty"].as_f64().unwrap();
            let options = DecodeOptions {
                search: Search::Beam {
                    width: n(&run["beams"]),
                    length_penalty,
                    stop,
                },
                max_tokens: n(&run["max_new"]),
                rules: rules(&run["rules"]),
            };
            let ours = generate(&decoder, &prompts[n(&run["prompt"])], end, &options);
            let scores: Vec<f64> = serde_json::from_value(run["scores_f64"].clone()).unwrap();
            let close_call = run["smallest_candidate_gap"].as_f64().unwrap() < 1e-4;
            for ((ours, want), score) in ours
                .iter()
                .zip(run["sequences"].as_array().unwrap())
                .zip(&scores)
            {
                assert!(
                    (ours.score - score).abs() < 1e-4,
                    "{} is not {score}: {run}",
                    ours.score
                );
                assert!(close_call || ours.tokens == ids(want), "{run}");
            }
        }
    }
}

#[test]
fn filters_equal_hugging_face() {
    let Some(golden) = golden::json("golden/wsac/dev/generation.json") else {
        return;
    };
    for case in golden["filters"].as_array().unwrap() {
        let name = case["logits"].as_str().unwrap();
        let scale = match name.rsplit('/').next().unwrap() {
            "a" => 6.0,
            "b" => 2.0,
            _ => 4.0,
        };
        let stream = Stream::new(name);
        let mut p: Vec<f32> = (0..97).map(|i| stream.symmetric(i, scale)).collect();
        if name.ends_with("ties") {
            p.iter_mut().for_each(|l| *l = l.round_ties_even());
        }
        let o = &case["options"];
        let past: Vec<u32> = case.get("past_tokens").map(ids).unwrap_or_default();
        rules(o).apply(&mut p, &past, 0);
        let number = |key: &str, or: f64| o[key].as_f64().unwrap_or(or) as f32;
        let sampling = Sampling {
            temperature: number("temperature", 1.0),
            top_k: o["top_k"].as_u64().unwrap_or(0) as usize,
            top_p: number("top_p", 1.0),
            min_p: number("min_p", 0.0),
            ..Sampling::default()
        };
        sampling.filter(&mut p);
        let kept: Vec<u32> = (0..97).filter(|&i| p[i as usize] > 0.0).collect();
        assert_eq!(kept.len(), n(&case["kept"]), "{case}");
        let squares: f64 = p.iter().map(|&p| f64::from(p).powi(2)).sum();
        assert!(
            (squares - case["sum_p_squared"].as_f64().unwrap()).abs() < 1e-5,
            "{case}"
        );
        if case["ties_open"] == true {
            continue;
        }
        if case["kept_ids"].is_array() {
            assert_eq!(kept, ids(&case["kept_ids"]), "{case}");
        }
        for (&id, want) in ids(&case["top8"])
            .iter()
            .zip(case["top8_p"].as_array().unwrap())
        {
            assert!(
                (f64::from(p[id as usize]) - want.as_f64().unwrap()).abs() < 1e-5,
                "{case}"
            );
        }
        let draws = &case["inverse_cdf"];
        for (u, &want) in draws["u"]
            .as_array()
            .unwrap()
            .iter()
            .zip(&ids(&draws["token"]))
        {
            assert_eq!(inverse_cdf(&p, u.as_f64().unwrap()) as u32, want, "{case}");
        }
    }
    for case in golden["no_repeat_ngram"].as_array().unwrap() {
        let mut banned = no_repeat(&ids(&case["tokens"]), n(&case["n"]));
        banned.sort_unstable();
        banned.dedup();
        assert_eq!(banned, ids(&case["banned"]), "{case}");
    }
}

#[test]
fn sampling_repeats_with_its_seed_and_only_with_it() {
    let config = Config {
        vocab: 97,
        embedding: 16,
        width: 32,
        layers: 2,
        heads: 2,
        positions: 48,
        ..Config::default()
    };
    let decoder =
        Decoder::with_weights(config, |name, shape| Ok(formula("s", "rich", name, shape))).unwrap();
    let run = |seed: u32| {
        let sampling = Sampling {
            stream: format!("seed{seed}"),
            ..Sampling::default()
        };
        let options = DecodeOptions {
            search: Search::Sample(sampling),
            ..DecodeOptions::default()
        };
        generate(&decoder, &[0.3; 16], 2, &options).remove(0).tokens
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn an_echo_is_forbidden() {
    // "5" + "6", whose "6" only goes on with a word; then the joining "7".
    let pieces = (0..10).map(|id| id == 6).collect();
    let rules = Rules {
        echo: Some(RepetitionRule {
            joins: vec![7],
            pieces,
        }),
        ..Rules::default()
    };
    let mut scores = vec![0.0; 10];
    rules.apply(&mut scores, &[1, 5, 6, 7], 2);
    assert_eq!(scores.iter().position(|s| *s == f32::NEG_INFINITY), Some(5));
}

/// Prompts of different searches side by side find what each finds alone: bit for bit with packed weights, to rounding
/// in f32; and packed weights say nearly what f32 ones say.
#[test]
fn together_equals_alone_in_every_form() {
    let config = Config {
        vocab: 97,
        embedding: 16,
        width: 64,
        layers: 2,
        heads: 2,
        positions: 24,
        prefix: 2,
        mapper: Mapper::Mlp,
    };
    let mut decoder = Decoder::with_weights(config, |name, shape| {
        Ok(formula("together", "gen", name, shape))
    })
    .unwrap();
    let stream = Stream::new("together");
    let rows: Vec<Vec<f32>> = (0..5)
        .map(|p| (0..16).map(|i| stream.symmetric(p * 16 + i, 1.7)).collect())
        .collect();
    let searches = [
        Search::Greedy,
        Search::Beam {
            width: 3,
            length_penalty: 1.0,
            stop: Stop::Heuristic,
        },
        Search::Average { width: 4 },
        Search::Sample(Sampling::default()),
        Search::Greedy,
    ];
    let options: Vec<DecodeOptions> = (searches.into_iter().zip([9, 12, 7, 30, 1]))
        .map(|(search, max_tokens)| DecodeOptions {
            search,
            max_tokens,
            rules: Rules {
                no_repeat_ngram: 2,
                ..Rules::default()
            },
        })
        .collect();
    let prompts: Vec<Prompt> = (rows.iter().zip(&options))
        .map(|(embeddings, options)| Prompt {
            words: &[],
            embeddings,
            options,
        })
        .collect();
    let mut exact = None;
    let first_words = |decoder: &Decoder| {
        let mut logits = Vec::new();
        let condition = crate::decoder::Condition {
            words: &[],
            embeddings: &rows[0],
        };
        decoder.begin(&[condition], &mut logits);
        logits
    };
    for form in [
        None,
        Some(WeightDtype::F32),
        Some(WeightDtype::Bf16),
        Some(WeightDtype::Int8),
    ] {
        if let Some(form) = form {
            decoder.pack(form);
        }
        let together = generate_together(&decoder, &prompts, 2);
        for (prompt, found) in prompts.iter().zip(&together) {
            let alone = generate(&decoder, prompt.embeddings, 2, prompt.options);
            if form.is_some_and(|form| form != WeightDtype::F32 || ProductDtype::F32.packs()) {
                assert_eq!(&alone, found);
            } else {
                assert_eq!(alone.len(), found.len());
                for (a, b) in alone.iter().zip(found) {
                    assert_eq!(a.tokens, b.tokens);
                    assert!((a.logprob - b.logprob).abs() < 1e-4);
                }
            }
        }
        // The first words are told alike, so that their log-probabilities can be compared.
        let first = first_words(&decoder);
        let exact = exact.get_or_insert_with(|| first.clone());
        let most = exact.iter().fold(0f32, |m, x| m.max(x.abs()));
        for (e, f) in exact.iter().zip(&first) {
            assert!((e - f).abs() < 0.05 * most, "{form:?}: {e} {f}");
        }
    }
    decoder.weights_mut()[0] += 1.0;
    assert!(
        first_words(&decoder) != exact.unwrap(),
        "packed weights are not stale"
    );
}
