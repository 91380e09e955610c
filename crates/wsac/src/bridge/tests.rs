#![allow(clippy::unwrap_used)]
use super::*;
use crate::memory::Hit;
use serde_json::Value;
use wsac_golden::{self as golden, assert_close, numbers};

/// The inputs of the golden file, remade from names alone (shared/golden/wsac/README.md, "Bridges").
struct World {
    golden: Value,
    dim: usize,
    memory: Memory,
    audio: Embeddings,
    paired: Embeddings,
    clips: Vec<Embeddings>,
    noise: Vec<f32>,
}

fn world(file: &str) -> Option<World> {
    let golden = golden::json(&format!("golden/wsac/dev/{file}.json"))?;
    let dim = golden["d"].as_u64().unwrap() as usize;
    let salt = golden["salt"].as_str().unwrap();
    let scale = (3.0 / dim as f64).sqrt();
    let raw = |name: &str, rows: usize| -> Vec<f64> {
        let stream = Stream::new(&format!("{salt}/{name}"));
        let number = |i| scale * (2.0 * stream.uniform(i) - 1.0);
        (0..(rows * dim) as u64).map(number).collect()
    };
    let row = |m: &[f64], i: usize| m[i * dim..(i + 1) * dim].to_vec();
    // unit(sum of factor * row), normalised in f64 and rounded once.
    let unit = |terms: &[(f64, Vec<f64>)]| -> Vec<f32> {
        let sum = |j: usize| terms.iter().map(|(f, v)| f * v[j]).sum::<f64>();
        let sum: Vec<f64> = (0..dim).map(sum).collect();
        let norm = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
        sum.iter().map(|x| (x / norm) as f32).collect()
    };
    let (centre, texts) = (raw("centre", 50), raw("memory", 2000));
    let (common, audio) = (raw("text_common", 1), raw("audio", 20));
    let audio_common = raw("audio_common", 1);
    let (clip, captions) = (raw("clip", 50), raw("clip_caption", 250));
    let memory = |i| {
        unit(&[
            (1.0, row(&centre, i % 50)),
            (1.0, row(&texts, i)),
            (0.6, common.clone()),
        ])
    };
    let memory: Vec<f32> = (0..2000).flat_map(memory).collect();
    let query = |q| {
        let own = (0.8, row(&audio, q));
        unit(&[
            (1.0, row(&centre, 7 * q % 50)),
            own,
            (0.8, audio_common.clone()),
        ])
    };
    let caption = |a: usize, j| unit(&[(1.0, row(&clip, a)), (0.7, row(&captions, 5 * a + j))]);
    let rows = |data| Embeddings::new(dim, data).unwrap();
    let clips = (0..50).map(|a| rows((0..5).flat_map(|j| caption(a, j)).collect()));
    let paired = (0..20).flat_map(|q| {
        let i = 7 * q % 50 + 50 * q;
        assert_eq!(golden["paired_memory_index"][q], i);
        memory[i * dim..(i + 1) * dim].to_vec()
    });
    let stream = Stream::new(&format!("{salt}/noise"));
    let noise = (0..20 * dim as u64).map(|i| stream.symmetric(i, 3f64.sqrt()));
    let check = &golden["check_values"];
    assert_close(
        "memory",
        &memory[..6],
        &numbers(&check["memory_first_row"]),
        1e-7,
    );
    let names: Vec<String> = (0..2000).map(|i| i.to_string()).collect();
    Some(World {
        dim,
        clips: clips.collect(),
        paired: rows(paired.collect()),
        noise: noise.collect(),
        audio: rows((0..20).flat_map(query).collect()),
        memory: Memory::new(&names, rows(memory)).unwrap(),
        golden,
    })
}

fn worlds() -> impl Iterator<Item = World> {
    ["bridge_64", "bridge_1024"].into_iter().filter_map(world)
}

/// The columns of `all` [20, d] that the golden file shows.
fn columns(all: &[f32], dim: usize, golden: &Value) -> Vec<f32> {
    let cols: Vec<usize> = serde_json::from_value(golden["cols"].clone()).unwrap();
    let rows = all.chunks_exact(dim);
    rows.flat_map(|r| cols.iter().map(|&c| r[c]).collect::<Vec<_>>())
        .collect()
}

fn flat(list: &Value) -> Vec<f32> {
    list.as_array().unwrap().iter().flat_map(numbers).collect()
}

fn assert_columns(what: &str, ours: &[f32], dim: usize, golden: &Value, tolerance: f32) {
    assert_close(
        what,
        &columns(ours, dim, golden),
        &flat(&golden["f64"]),
        tolerance,
    );
    let norm = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>().sqrt();
    let norms: Vec<f32> = ours.chunks_exact(dim).map(norm).collect();
    assert_close(what, &norms, &numbers(&golden["norm_f64"]), 2e-5);
    if golden["rows"].is_array() {
        let rows: Vec<usize> = serde_json::from_value(golden["rows"].clone()).unwrap();
        for (i, wanted) in rows
            .into_iter()
            .zip(golden["values_f64"].as_array().unwrap())
        {
            let wanted = numbers(wanted);
            assert_close(what, &ours[i * dim..][..wanted.len()], &wanted, tolerance);
        }
    }
}

#[test]
fn inputs_are_those_of_the_golden_file() {
    for w in worlds() {
        let check = &w.golden["check_values"];
        let last = &w.memory.embedding(1999)[w.dim - 6..];
        assert_close("memory", last, &numbers(&check["memory_last_row"]), 1e-7);
        assert_close(
            "audio",
            &w.audio.row(0)[..6],
            &numbers(&check["audio_first_row"]),
            1e-7,
        );
        assert_close(
            "caption",
            &w.clips[3].row(4)[..6],
            &numbers(&check["caption_3_4"]),
            1e-7,
        );
        assert_close(
            "noise",
            &w.noise[..6],
            &numbers(&check["noise_first"]),
            1e-6,
        );
    }
}

#[test]
fn noise_level_and_gap() {
    for w in worlds() {
        let sigma = sigma_pairs(&w.clips).unwrap();
        let wanted = w.golden["noise_std"]["sigma_pairs"]["f64"]
            .as_f64()
            .unwrap();
        assert!((sigma - wanted).abs() < 1e-6, "{sigma} is not {wanted}");
        let text = Embeddings::new(w.dim, memory_rows(&w)).unwrap();
        for (key, text) in [("gap_paired", &w.paired), ("gap_memory", &text)] {
            let (ours, golden) = (gap(&w.audio, text).unwrap(), &w.golden[key]);
            let wanted = numbers(&golden["f64"]);
            assert_close(key, &ours[..wanted.len()], &wanted, 1e-6);
            let norm = ours.iter().map(|x| x * x).sum::<f32>().sqrt();
            assert!((f64::from(norm) - golden["norm_f64"].as_f64().unwrap()).abs() < 1e-5);
        }
    }
    let single = Embeddings::new(2, vec![1.0, 0.0]).unwrap();
    assert_eq!(sigma_pairs([&single]), None);
    assert!(gap(&single, &Embeddings::empty(2)).is_err());
}

fn memory_rows(w: &World) -> Vec<f32> {
    (0..w.memory.len())
        .flat_map(|i| w.memory.embedding(i))
        .collect()
}

#[test]
fn shift_and_noise_in_the_order_of_paper_and_code() {
    for w in worlds() {
        let text = Embeddings::new(w.dim, memory_rows(&w)).unwrap();
        let shift = Some(gap(&w.audio, &text).unwrap());
        let case = |noise_variance, shift: &Option<Vec<f32>>, renormalise, compat| Augmentation {
            noise_variance,
            shift: shift.clone(),
            renormalise,
            compat,
        };
        use Compat::{Paper, Reference};
        for (name, perturb) in [
            ("shift_paper", case(0.0, &shift, false, Paper)),
            ("shift_renorm", case(0.0, &shift, true, Paper)),
            ("noise_paper", case(0.013, &None, false, Paper)),
            ("noise_reference", case(0.013, &None, false, Reference)),
            ("noise_reference", case(0.013, &None, true, Paper)),
            (
                "noise_shift_reference",
                case(0.013, &shift, false, Reference),
            ),
            (
                "noise_shift_reference_default_variance",
                case(0.001, &shift, false, Reference),
            ),
        ] {
            perturb.check(w.dim).unwrap();
            let mut rows = w.paired.as_slice().to_vec();
            for (q, row) in rows.chunks_exact_mut(w.dim).enumerate() {
                perturb.apply_with(row, |j| w.noise[q * w.dim + j]);
            }
            assert_columns(name, &rows, w.dim, &w.golden["shift_and_noise"][name], 1e-6);
        }
        let still = case(0.0, &shift, false, Reference);
        let mut row = w.paired.row(0).to_vec();
        still.apply(&mut row, Stream::new("unused"), 0);
        assert_eq!(
            row,
            w.paired.row(0),
            "the code shifts nothing without noise"
        );
        assert!(still.is_none() && !case(0.0, &shift, false, Paper).is_none());
    }
}

#[test]
fn noise_is_a_function_of_stream_and_counter() {
    let noise = Augmentation {
        noise_variance: 0.04,
        ..Augmentation::default()
    };
    let stream = Stream::new("seed0/noise/epoch0");
    let (mut first, mut second) = (vec![0.0; 4], vec![0.0; 4]);
    noise.apply(&mut first, stream, 0);
    noise.apply(&mut second, stream, 2);
    assert_eq!(first[2..], second[..2]);
    assert!((first[0] - 0.2 * stream.gauss(0)).abs() < 1e-9);
    assert!(
        Augmentation {
            noise_variance: -1.0,
            ..noise.clone()
        }
        .check(4)
        .is_err()
    );
    assert!(
        Augmentation {
            shift: Some(vec![0.0; 3]),
            ..noise
        }
        .check(4)
        .is_err()
    );
}

#[test]
fn nearest_rows_and_similarities() {
    for w in worlds() {
        let golden = &w.golden["nearest"];
        let samples = &w.golden["similarity_samples"];
        let columns: Vec<usize> = serde_json::from_value(samples["columns"].clone()).unwrap();
        let similarities = w.memory.similarities(&w.audio);
        for q in 0..20 {
            let hits: Vec<Hit> = w.memory.nearest(&w.audio.get(q), 10);
            let top: Vec<usize> = hits.iter().map(|h| h.index).collect();
            let wanted: Vec<usize> = serde_json::from_value(golden["top10"][q].clone()).unwrap();
            // The golden margins inside the ten are at least 4e-6: within reach of f32.
            assert_eq!(top, wanted);
            assert_eq!(golden["index"][q], top[0]);
            let similarity = golden["similarity_f64"][q].as_f64().unwrap();
            assert!((f64::from(hits[0].similarity) - similarity).abs() < 1e-6);
            let ours: Vec<f32> = columns
                .iter()
                .map(|&c| similarities[q * 2000 + c])
                .collect();
            assert_close("similarity", &ours, &numbers(&samples["f64"][q]), 1e-6);
            let row = Bridge::Nearest
                .apply(&w.audio.get(q), Some(&w.memory), false)
                .unwrap();
            assert_eq!(row, w.memory.embedding(top[0]));
        }
    }
}

#[test]
fn projections_whole_and_truncated() {
    for w in worlds() {
        for (tau, golden) in w.golden["projection"].as_object().unwrap() {
            let tolerance = if tau.parse::<f32>().unwrap() <= 0.01 {
                1e-5
            } else {
                3e-6
            };
            let tau: f32 = tau.parse().unwrap();
            let project = |top_k, renormalise| -> Vec<f32> {
                let bridge = Bridge::Project { tau, top_k };
                let one = |q| {
                    bridge
                        .apply(&w.audio.get(q), Some(&w.memory), renormalise)
                        .unwrap()
                };
                (0..20).flat_map(one).collect()
            };
            let whole = project(None, false);
            assert_columns("projection", &whole, w.dim, golden, tolerance);
            let unit = columns(&project(None, true), w.dim, golden);
            assert_close(
                "renormalised",
                &unit,
                &flat(&golden["renormalised_f64"]),
                tolerance,
            );
            for (k, golden_k) in golden["truncated"].as_object().unwrap() {
                let cut = project(Some(k.parse().unwrap()), false);
                let wanted = flat(&golden_k["values_f64"]);
                let shown = &columns(&cut, w.dim, golden)[..wanted.len()];
                assert_close("truncated", shown, &wanted, tolerance);
                let rows = cut.chunks_exact(w.dim).zip(whole.chunks_exact(w.dim));
                let distance = |(a, b): (&[f32], &[f32])| {
                    a.iter()
                        .zip(b)
                        .map(|(a, b)| (a - b) * (a - b))
                        .sum::<f32>()
                        .sqrt()
                };
                let errors: Vec<f32> = rows.map(distance).collect();
                assert_close("l2_error", &errors, &numbers(&golden_k["l2_error"]), 3e-5);
            }
        }
    }
}

#[test]
fn a_missing_or_foreign_memory_is_told() {
    let audio = Embedding::new(vec![1.0, 2.0]).unwrap();
    let project = Bridge::Project {
        tau: 0.05,
        top_k: None,
    };
    assert_eq!(
        Bridge::Direct.apply(&audio, None, false).unwrap(),
        audio.as_slice()
    );
    let error = project.apply(&audio, None, true).unwrap_err().to_string();
    assert!(error.contains("need a memory"), "{error}");
    let foreign = Embeddings::new(3, vec![1.0, 0.0, 0.0]).unwrap();
    let foreign = Memory::new(&["a"], foreign).unwrap();
    let error = Bridge::Nearest
        .apply(&audio, Some(&foreign), true)
        .unwrap_err();
    assert!(error.to_string().contains("width 3"), "{error}");
}
