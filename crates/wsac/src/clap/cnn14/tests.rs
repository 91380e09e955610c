#![allow(clippy::unwrap_used)]
use serde_json::Value;

use super::*;
use crate::clap::layers::Projection;
use crate::embedding::normalize;
use crate::golden::{self, assert_close, assert_stats, clap_wave, json};
use crate::mel::{LogMel, MelBank};
use crate::tensors::Tensors;

/// [mel, time, c] -> [c, time, mel], as the golden stages lie.
fn turned(x: &[f32], shape: &Value) -> Vec<f32> {
    let size = |i: usize| shape[i].as_u64().unwrap() as usize;
    let (c, time, mel) = (size(1), size(2), size(3));
    let at = |i: usize| x[((i % mel) * time + i / mel % time) * c + i / mel / time];
    (0..c * time * mel).map(at).collect()
}

fn assert_model(model: &str, prefix: &str, ending: Ending, fit: impl Fn(Vec<f32>) -> Vec<f32>) {
    let name = format!("golden/clap/dev/{model}");
    let (Some(golden), Some(weights)) = (json(&format!("{name}.json")), golden::clap(model)) else {
        return;
    };
    let bytes = std::fs::read(golden::shared(&format!("{name}.safetensors")).unwrap()).unwrap();
    let values = Tensors::parse("golden", &bytes).unwrap();
    let rate = golden["sr"].as_u64().unwrap() as u32;
    let bank = weights
        .names()
        .into_iter()
        .find(|n| n.ends_with("melW"))
        .unwrap();
    let bank = MelBank::stored(&weights.get(bank, &[513, 64]).unwrap(), 64);
    let front = LogMel::new(bank, 320);
    let network = Cnn14::read(&weights, prefix, ending).unwrap();
    let projection = match ending {
        Ending::Pooled => {
            Projection::relu(&weights, ["audio_proj.0", "audio_proj.2"], [1024, 2048])
        }
        Ending::Dense => Projection::residual(&weights, "audio_encoder.projection", [1024, 2048]),
    };
    let projection = projection.unwrap();
    for item in golden["audio"].as_array().unwrap() {
        let id = item["descriptor"]["id"].as_str().unwrap();
        let wave = clap_wave(&item["descriptor"], rate);
        assert_stats(&format!("{model} {id} wave"), &wave, &item["wave"]);
        let frames = front.frames(&fit(wave));
        assert_stats(&format!("{model} {id} log-mel"), &frames, &item["logmel"]);
        let mut seen = 0;
        let mut compare = |stage: &str, x: &[f32]| {
            let tap = &item["taps"][stage];
            let x = match stage {
                "bn0" => transposed(x, 64),
                _ => turned(x, &tap["shape"]),
            };
            assert_stats(&format!("{model} {id} {stage}"), &x, tap);
            seen += 1;
        };
        let features = network.forward(frames, &mut Tap::new(&mut compare));
        assert_eq!(seen, 7);
        let compare = |what: &str, ours: &[f32], tolerance: f32| {
            let name = format!("{id}.{what}");
            let golden = values.get(&name, &[ours.len()]).unwrap();
            let largest = golden.iter().fold(0f32, |m, x| m.max(x.abs()));
            assert_close(
                &format!("{model} {name}"),
                ours,
                &golden,
                tolerance * largest,
            );
            let off = ours
                .iter()
                .zip(&golden)
                .fold(0f32, |m, (a, b)| m.max((a - b).abs()));
            eprintln!("{model} {name}: off by {off:.1e} of {largest:.1e}");
        };
        compare("enc", &features, 1e-5);
        let mut projected = projection.forward(&features);
        compare("proj", &projected, 1e-5);
        normalize(&mut projected);
        let golden = values.get(&format!("{id}.norm"), &[1024]).unwrap();
        assert_close(&format!("{model} {id}"), &projected, &golden, 3e-6);
    }
}

/// [T, bands] -> [bands, T].
fn transposed(x: &[f32], bands: usize) -> Vec<f32> {
    (0..bands)
        .flat_map(|b| x[b..].iter().step_by(bands).copied())
        .collect()
}

#[test]
fn wavcaps_equals_the_golden_values() {
    let same = |wave| wave;
    assert_model(
        "ase_cnn14_bert",
        "audio_encoder.audio_enc.",
        Ending::Pooled,
        same,
    );
}

#[test]
fn msclap_2022_equals_the_golden_values() {
    let tiled = |wave: Vec<f32>| wave.into_iter().cycle().take(5 * 44_100).collect();
    assert_model("msclap_2022", "audio_encoder.base.", Ending::Dense, tiled);
}
