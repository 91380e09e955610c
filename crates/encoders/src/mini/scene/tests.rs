#![allow(clippy::unwrap_used)]
use super::*;
use crate::golden::assert_close;
use crate::mini::audio_tower::Mini;
use crate::mini::augment::discounted;
use crate::models::yamnet::CLASSES;
use wsac_tensors::safetensors::Tensors;

/// Golden values of reference/scene.py.
fn golden(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scene");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn evidence(file: &Tensors, name: &str) -> ClassScores {
    let shape = file.shape(name).unwrap();
    let scores = file.get(name, &shape).unwrap();
    let mut each = scores.chunks_exact(shape[1] * CLASSES);
    ClassScores::new(std::array::from_fn(|_| each.next().unwrap().to_vec()))
}

fn indices(list: &serde_json::Value) -> Vec<usize> {
    let list = list.as_array().unwrap();
    list.iter().map(|x| x.as_u64().unwrap() as usize).collect()
}

#[test]
fn scenes_equal_the_reference() {
    // The reference's own settings; ours differ where the decoder's captions came out truer (bench_captions).
    let options = SceneOptions {
        most_parts: 2,
        second: 0.15,
        speech: 0.5,
        ..SceneOptions::default()
    };
    let mini = Mini::bundled().unwrap().with_options(options);
    let (scores, points) = (
        golden("scores.safetensors"),
        golden("embeddings.safetensors"),
    );
    let scores = Tensors::parse("scores", &scores).unwrap();
    let points = Tensors::parse("embeddings", &points).unwrap();
    let scenes: Vec<serde_json::Value> = serde_json::from_slice(&golden("scenes.json")).unwrap();
    for wanted in scenes {
        let name = wanted["name"].as_str().unwrap();
        let scene = mini.scene(&evidence(&scores, name)).unwrap();
        assert_eq!(
            scene.whole_classes,
            indices(&wanted["whole_classes"]),
            "{name}"
        );
        let parts = wanted["parts"].as_array().unwrap();
        assert_eq!(scene.parts.len(), parts.len(), "{name}");
        let z = points.get(name, &[1 + parts.len(), 384]).unwrap();
        assert_close(name, scene.whole.as_slice(), &z[..384], 1e-4);
        for ((part, wanted), z) in (scene.parts.iter().zip(parts)).zip(z[384..].chunks(384)) {
            assert_eq!(part.seed as u64, wanted["seed"].as_u64().unwrap(), "{name}");
            assert_eq!(part.classes, indices(&wanted["classes"]), "{name}");
            let windows = [part.windows.0, part.windows.1];
            assert_eq!(windows[..], indices(&wanted["windows"]), "{name}");
            let strength = wanted["strength"].as_f64().unwrap();
            assert!((f64::from(part.strength) - strength).abs() < 1e-4, "{name}");
            assert_close(name, part.embedding.as_slice(), z, 1e-4);
        }
        let relation = match scene.order().as_deref() {
            _ if parts.len() == 1 => "one",
            None => "together",
            Some([0, ..]) => "then",
            Some(_) => "reversed",
        };
        assert_eq!(relation, wanted["relation"].as_str().unwrap(), "{name}");
    }
}

#[test]
fn listenings_equal_the_reference() {
    let bytes = golden("listenings.safetensors");
    let file = Tensors::parse("listenings", &bytes).unwrap();
    let get = |name| file.get(name, &[144, 64]).unwrap();
    let ours = discounted(&get("orig"), 0.02);
    for (name, ours) in ["gain", "percs", "bgs", "hi"].iter().zip(ours) {
        for (i, (a, b)) in ours.iter().zip(get(name)).enumerate() {
            // Stored as f16.
            assert!((a - b).abs() <= 1e-3 * b + 1e-6, "{name}[{i}]: {a} {b}");
        }
    }
}

#[test]
fn nothing_heard_is_no_scene() {
    let mini = Mini::bundled().unwrap();
    let zeros = || vec![0.0; 3 * CLASSES];
    assert_eq!(
        mini.scene(&ClassScores::new(std::array::from_fn(|_| zeros()))),
        None
    );
}

#[test]
fn a_single_part_is_all_that_is_looked_for_where_one_is_wanted() {
    let options = SceneOptions {
        most_parts: 1,
        ..SceneOptions::default()
    };
    let mini = Mini::bundled().unwrap().with_options(options);
    let scores = golden("scores.safetensors");
    let scores = Tensors::parse("scores", &scores).unwrap();
    let scene = mini.scene(&evidence(&scores, "mix_010")).unwrap();
    assert_eq!(scene.parts.len(), 1);
    assert_eq!(scene.order(), None);
}
