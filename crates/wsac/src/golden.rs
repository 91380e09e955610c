//! Golden values of tensors, and how they are compared.

pub(crate) use wsac_golden::{json, shared};

use crate::tensors::Tensors;
use crate::weights::formula::{Formula, fnv, unit};

/// The numbers of a JSON list, as f32.
pub(crate) fn numbers(list: &serde_json::Value) -> Vec<f32> {
    let list = list.as_array().expect("a list of numbers");
    list.iter()
        .map(|x| x.as_f64().expect("a number") as f32)
        .collect()
}

/// Fails where two vectors differ in length, or anywhere by more than `tolerance`.
pub(crate) fn assert_close(what: &str, ours: &[f32], golden: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), golden.len(), "{what}: length");
    for (i, (a, b)) in ours.iter().zip(golden).enumerate() {
        assert!(
            (a - b).abs() <= tolerance,
            "{what}[{i}]: {a} is not {b} within {tolerance}"
        );
    }
}

/// The 3 s signal at 16 kHz of golden/yamnet/synthetic.json, by its formula.
pub(crate) fn yamnet_signal() -> Vec<f32> {
    let sine = |cycles: f64, phase: f64| (std::f64::consts::TAU * cycles + phase).sin();
    let at = |t: f64| {
        0.3 * sine(440.0 * t, 0.0)
            + 0.2 * sine(1730.0 * t, 0.5)
            + 0.1 * sine(5000.0 * t * (1.0 + 0.05 * t), 0.0)
    };
    (0..48_000)
        .map(|n| at(f64::from(n) / 16_000.0) as f32)
        .collect()
}

/// The models of golden/clap.
pub(crate) const CLAPS: [&str; 7] = [
    "ase_cnn14_bert",
    "ase_htsat_bert",
    "hf_clap_htsat_unfused",
    "hf_clap_htsat_fused",
    "hf_larger_clap_general",
    "msclap_2022",
    "msclap_2023",
];

/// A model of golden/clap with its weights by formula, and its filter bank as its library makes it.
pub(crate) fn clap(model: &str) -> Option<Formula> {
    let keys = std::fs::read(shared(&format!("golden/clap/keys/{model}.json"))?).expect("keys");
    let formula = Formula::parse(model, &keys).expect("keys");
    let file = match model {
        "msclap_2022" => "golden/clap/frontend_msclap2022.safetensors",
        _ => "golden/clap/frontend_torchlibrosa.safetensors",
    };
    let bytes = std::fs::read(shared(file)?).expect("a filter bank");
    let file = Tensors::parse(file, &bytes).expect("a filter bank");
    let bank = file
        .names()
        .into_iter()
        .find(|n| n.ends_with("melW") || n.contains("melW"));
    let bank = bank.expect("a filter bank").to_owned();
    let bank = file.get(&bank, &[513, 64]).expect("a filter bank");
    Some(formula.with(".melW", &bank))
}

/// The waveform that a descriptor of golden/clap tells of, at `rate` Hz.
pub(crate) fn clap_wave(descriptor: &serde_json::Value, rate: u32) -> Vec<f32> {
    let rate = f64::from(rate);
    let seconds = |v: &serde_json::Value| v.as_f64().expect("seconds");
    let count = match descriptor["samples"].as_u64() {
        Some(n) => n as usize,
        None => (seconds(&descriptor["seconds"]) * rate).round() as usize,
    };
    let list = |v: &serde_json::Value| -> Vec<f64> {
        let list = v.as_array().expect("a list");
        list.iter().map(seconds).collect()
    };
    let partials: Vec<Vec<f64>> = (descriptor["partials"].as_array().expect("a list").iter())
        .map(list)
        .collect();
    let am = list(&descriptor["am"]);
    let noise = seconds(&descriptor["noise"]);
    let id = descriptor["id"].as_str().expect("an id");
    let seed = fnv(&format!("wave:{id}"));
    let silence = descriptor["silence"]
        .as_array()
        .map(|s| (seconds(&s[0]), seconds(&s[1])));
    let turn = std::f64::consts::TAU;
    let at = |n: usize| {
        let t = n as f64 / rate;
        if silence.is_some_and(|(from, to)| from <= t && t < to) {
            return 0.0;
        }
        let tone = |p: &Vec<f64>| p[0] * (turn * (p[1] * t + 0.5 * p[2] * t * t) + p[3]).sin();
        let gain = 1.0 + am[0] * (turn * am[1] * t).sin();
        let tones: f64 = partials.iter().map(tone).sum();
        (gain * tones + noise * (2.0 * unit(seed, n as u64) - 1.0)) as f32
    };
    (0..count).map(at).collect()
}

/// Fails where `ours` is not what a stats record of golden/clap tells: eight samples spread over it within
/// 2e-4 + 1e-4 std, mean and std within 1e-4 std.
pub(crate) fn assert_stats(what: &str, ours: &[f32], stats: &serde_json::Value) {
    let number = |key: &str| stats[key].as_f64().expect("a number");
    let size: usize = (stats["shape"].as_array().expect("a shape").iter())
        .map(|n| n.as_u64().expect("a size") as usize)
        .product();
    assert_eq!(ours.len(), size, "{what}: length");
    let (mean, std) = (number("mean"), number("std"));
    for (index, wanted) in
        (stats["idx"].as_array().expect("indices").iter()).zip(numbers(&stats["val"]))
    {
        let at = index.as_u64().expect("an index") as usize;
        let off = f64::from((ours[at] - wanted).abs());
        assert!(
            off <= 2e-4 + 1e-4 * std,
            "{what}[{at}]: {} is not {wanted}",
            ours[at]
        );
    }
    let n = ours.len() as f64;
    let our_mean = ours.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let our_std = (ours
        .iter()
        .map(|&x| (f64::from(x) - our_mean).powi(2))
        .sum::<f64>()
        / n)
        .sqrt();
    let close = 1e-4 * std.max(1e-2);
    assert!(
        (our_mean - mean).abs() <= close,
        "{what}: mean {our_mean} is not {mean}"
    );
    assert!(
        (our_std - std).abs() <= close,
        "{what}: deviation {our_std} is not {std}"
    );
}
