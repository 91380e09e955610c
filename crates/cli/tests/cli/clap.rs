//! `--clap`: the way from a CLAP checkpoint to captions, with a small one of the paper's second architecture (HTSAT and
//! BERT) whose weights are a formula. Its words mean nothing; the path is the real one.

use std::fs;
use std::path::PathBuf;

use predicates::str::contains;
use wsac::tensors::safetensors::TensorFile;
use wsac::tensors::weights::Weights;
use wsac::tensors::weights::synthetic::SyntheticWeights;

use crate::world::{World, stdout, tone};

/// The channels of the small HTSAT, the width of the small BERT, and that of the space.
const CHANNELS: usize = 16;
const WIDTH: usize = 64;
const DIM: usize = 32;

/// Names and shapes of all tensors.
fn keys() -> Vec<(String, Vec<usize>)> {
    let mut keys: Vec<(String, Vec<usize>)> = Vec::new();
    let mut add = |name: String, shape: &[usize]| keys.push((name, shape.to_vec()));
    let mut layer = |name: &str, shape: &[usize]| {
        add(format!("{name}.weight"), shape);
        add(format!("{name}.bias"), &shape[..1]);
    };
    let audio = "audio_encoder.audio_enc";
    layer(&format!("{audio}.bn0"), &[64]);
    layer(&format!("{audio}.patch_embed.proj"), &[CHANNELS, 1, 4, 4]);
    layer(&format!("{audio}.patch_embed.norm"), &[CHANNELS]);
    for i in 0..4 {
        let w = CHANNELS << i;
        for j in 0..2 {
            let block = format!("{audio}.layers.{i}.blocks.{j}");
            layer(&format!("{block}.norm1"), &[w]);
            layer(&format!("{block}.norm2"), &[w]);
            layer(&format!("{block}.attn.qkv"), &[3 * w, w]);
            layer(&format!("{block}.attn.proj"), &[w, w]);
            layer(&format!("{block}.mlp.fc1"), &[4 * w, w]);
            layer(&format!("{block}.mlp.fc2"), &[w, 4 * w]);
        }
        if i < 3 {
            layer(&format!("{audio}.layers.{i}.downsample.norm"), &[4 * w]);
        }
    }
    layer(&format!("{audio}.norm"), &[8 * CHANNELS]);
    layer("audio_proj.0", &[DIM, 8 * CHANNELS]);
    layer("audio_proj.2", &[DIM, DIM]);
    let text = "text_encoder.text_encoder";
    layer(&format!("{text}.embeddings.LayerNorm"), &[WIDTH]);
    let block = format!("{text}.encoder.layer.0");
    for part in ["query", "key", "value"] {
        layer(&format!("{block}.attention.self.{part}"), &[WIDTH, WIDTH]);
    }
    layer(&format!("{block}.attention.output.dense"), &[WIDTH, WIDTH]);
    layer(&format!("{block}.attention.output.LayerNorm"), &[WIDTH]);
    layer(&format!("{block}.intermediate.dense"), &[2 * WIDTH, WIDTH]);
    layer(&format!("{block}.output.dense"), &[WIDTH, 2 * WIDTH]);
    layer(&format!("{block}.output.LayerNorm"), &[WIDTH]);
    layer("text_proj.0", &[DIM, WIDTH]);
    layer("text_proj.2", &[DIM, DIM]);
    for (part, rows) in [("word", 30_522), ("position", 512), ("token_type", 2)] {
        let name = format!("{text}.embeddings.{part}_embeddings.weight");
        add(name, &[rows, WIDTH]);
    }
    for part in ["running_mean", "running_var"] {
        add(format!("{audio}.bn0.{part}"), &[64]);
    }
    for i in 0..4 {
        for j in 0..2 {
            let attention = format!("{audio}.layers.{i}.blocks.{j}.attn");
            let table = format!("{attention}.relative_position_bias_table");
            add(table, &[225, 2 << i]);
        }
    }
    for i in 0..3 {
        let w = CHANNELS << i;
        let name = format!("{audio}.layers.{i}.downsample.reduction.weight");
        add(name, &[2 * w, 4 * w]);
    }
    keys
}

/// Writes the small CLAP as `name`, its numbers as `change` leaves them.
pub fn small_clap(world: &World, name: &str, change: impl Fn(&str, &mut Vec<f32>)) -> PathBuf {
    let keys = keys();
    let list: Vec<_> = (keys.iter())
        .map(|(name, shape)| serde_json::json!([name, "float32", shape]))
        .collect();
    let list = serde_json::json!({ "keys": list }).to_string();
    let formula = SyntheticWeights::parse("small", list.as_bytes()).expect("a list of keys");
    let mut file = TensorFile::new();
    for (name, shape) in &keys {
        let mut values = formula.get(name, shape).expect("a formula").into_vec();
        change(name, &mut values);
        file.f32(name, shape, &values);
    }
    let path = world.path(name);
    file.save(&path).expect("the folder can be written");
    path
}

pub fn as_it_is(_: &str, _: &mut Vec<f32>) {}

const CAPTIONS: [&str; 4] = [
    "a dog barks while a car passes",
    "rain falls on a tin roof",
    "a man speaks and a crowd laughs",
    "birds sing in the distance",
];

#[test]
fn precision_moves_points_by_little() {
    let world = World::new();
    small_clap(&world, "small.safetensors", as_it_is);
    world.write("captions.txt", CAPTIONS.join("\n"));
    world.clip("dog.ogg", "dog.ogg");
    let points = |what: &str, file: &str, precision: &str| -> Vec<Vec<f64>> {
        let clap = ["--clap", "small.safetensors", "--precision", precision];
        let said = world.output(["embed", what, file].into_iter().chain(clap));
        let point = |line: &str| -> serde_json::Value { serde_json::from_str(line).expect("JSON") };
        let numbers = |row: serde_json::Value| {
            serde_json::from_value(row["embedding"].clone()).expect("an embedding")
        };
        said.lines().map(point).map(numbers).collect()
    };
    for (what, file) in [("text", "captions.txt"), ("audio", "dog.ogg")] {
        let (exact, rounded) = (points(what, file, "f32"), points(what, file, "bf16"));
        assert!(!exact.is_empty() && exact.len() == rounded.len());
        assert!(exact != rounded, "{what}");
        for (e, r) in exact.iter().zip(&rounded) {
            let cosine: f64 = e.iter().zip(r).map(|(e, r)| e * r).sum();
            assert!(cosine > 0.999, "{what}: {cosine}");
        }
    }
}

#[test]
fn captions_alone_teach_a_captioner_that_hears_through_a_clap() {
    let world = World::new();
    small_clap(&world, "small.safetensors", as_it_is);
    world.clip("dog.ogg", "dog.ogg");
    world.write("captions.txt", CAPTIONS.repeat(8).join("\n"));
    let said = world.output(["convert", "small.safetensors", "-o", "clap"]);
    assert!(said.contains("wavcaps-htsat"), "{said}");
    let train = "train --clap clap --captions captions.txt --epochs 1 --batch 8 -q --out run";
    world.output(train.split(' '));
    let card: serde_json::Value =
        serde_json::from_str(&world.read("run/config.json")).expect("JSON");
    assert_eq!(card["decoder"]["embedding"], DIM);
    for strategy in ["direct", "nearest", "projection"] {
        let said = world.output([
            "caption",
            "--model",
            "run",
            "--strategy",
            strategy,
            "dog.ogg",
        ]);
        assert!(said.trim().len() > 1, "{strategy}: {said:?}");
    }
    let rows = world.output(["caption", "--model", "run", "--format", "jsonl", "dog.ogg"]);
    let row: serde_json::Value = serde_json::from_str(&rows).expect("JSON");
    let told = row["neighbours"][0]["caption"]
        .as_str()
        .expect("a neighbour");
    assert!(CAPTIONS.contains(&told), "{told}");

    // The run finds its encoder by path; where that is gone, --clap says where it is now.
    fs::rename(world.path("clap"), world.path("moved")).expect("a folder");
    let lost = world
        .wsac(["caption", "--model", "run", "dog.ogg"])
        .assert();
    lost.code(2).stderr(contains("--clap"));
    let found = world.output([
        "caption", "--model", "run", "--clap", "moved", "--format", "jsonl", "dog.ogg",
    ]);
    assert_eq!(found, rows);
    small_clap(&world, "other.safetensors", |name, values| {
        if name == "audio_proj.2.bias" {
            values[0] += 1.0;
        }
    });
    let other = [
        "caption",
        "--model",
        "run",
        "--clap",
        "other.safetensors",
        "dog.ogg",
    ];
    let refused = world.wsac(other).assert().code(2);
    refused.stderr(contains("not from those of"));
}

#[test]
fn a_recording_has_one_embedding_however_it_is_asked_for() {
    let world = World::new();
    small_clap(&world, "small.safetensors", as_it_is);
    world.output(["convert", "small.safetensors", "-o", "whole", "-q"]);
    world.output([
        "convert",
        "small.safetensors",
        "-o",
        "half",
        "--precision",
        "f16",
        "-q",
    ]);
    world.clip("dog.ogg", "dog.ogg");
    let mut long = tone(1, 16_000, 25.0);
    // A louder second half, so that the windows differ.
    let middle = 44 + (long.len() - 44) / 4 * 2;
    (long[middle..].chunks_exact_mut(2)).for_each(|sample| sample[1] = sample[1].wrapping_mul(3));
    world.write("long.wav", long);
    let embed = |clap: &str, more: &[&str]| {
        let args = ["embed", "audio", "dog.ogg", "long.wav", "--clap", clap];
        world.output(args.iter().chain(more))
    };
    let once = embed("whole", &[]);
    assert_eq!(embed("whole", &[]), once);
    assert_eq!(embed("whole", &["--threads", "1"]), once);
    assert_eq!(embed("small.safetensors", &[]), once);
    assert_eq!(embed("whole", &["--window", "mean"]), once);
    let points = |rows: &str| -> Vec<Vec<f64>> {
        let row = |line: &str| -> serde_json::Value { serde_json::from_str(line).expect("JSON") };
        let point = |row: serde_json::Value| serde_json::from_value(row["embedding"].clone());
        (rows.lines())
            .map(|line| point(row(line)).expect("numbers"))
            .collect()
    };
    let cosine = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let whole = points(&once);
    let half = points(&embed("half", &[]));
    assert!(cosine(&whole[0], &half[0]) > 0.9999 && whole != half);
    let first = points(&embed("whole", &["--window", "first"]));
    let centre = points(&embed("whole", &["--window", "centre"]));
    assert_eq!(first[0], whole[0]);
    assert_eq!(centre[0], whole[0]);
    assert!(first[1] != whole[1] && centre[1] != whole[1] && first[1] != centre[1]);
    let alone = world.output(["embed", "audio", "long.wav", "--clap", "whole"]);
    assert_eq!(points(&alone)[0], whole[1]);
}

#[test]
fn memories_texts_and_gaps_take_a_clap_too() {
    let world = World::new();
    small_clap(&world, "small.safetensors", as_it_is);
    world.clip("dog.ogg", "dog.ogg");
    world.write(
        "c.csv",
        "file_name,caption_1,caption_2\ndog.ogg,a dog barks,a dog is barking\n",
    );
    let clap = ["--clap", "small.safetensors"];
    let run = |args: &[&str]| stdout(&world.wsac(args.iter().chain(&clap)).assert().success());
    let rows = run(&["embed", "text", "c.csv"]);
    let row: serde_json::Value =
        serde_json::from_str(rows.lines().next().expect("a row")).expect("JSON");
    assert_eq!(row["embedding"].as_array().map(Vec::len), Some(DIM));
    run(&["memory", "build", "c.csv", "-o", "m.safetensors", "-q"]);
    let told = run(&["gap", "c.csv", "--audio", ".", "-o", "gap.safetensors"]);
    assert!(
        told.contains("noise variance") && told.contains("shift of length"),
        "{told}"
    );
}

#[test]
fn a_bad_clap_is_refused_with_a_sentence() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    small_clap(&world, "nan.safetensors", |name, values| {
        if name == "audio_proj.0.weight" {
            values[7] = f32::NAN;
        }
    });
    let whole = small_clap(&world, "small.safetensors", as_it_is);
    let bytes = fs::read(&whole).expect("a file");
    world.write("cut.safetensors", &bytes[..bytes.len() / 2]);
    for (clap, reason) in [
        ("nan.safetensors", "audio_proj.0.weight holds NaN"),
        ("cut.safetensors", "safetensors"),
        ("gone", "no file or folder"),
        ("owner/gone", "wsac models pull owner/gone"),
    ] {
        let run = world
            .wsac(["embed", "audio", "--clap", clap, "dog.ogg"])
            .assert();
        run.code(2).stderr(contains(reason));
    }
    let wrong = [
        "embed",
        "audio",
        "--clap",
        "small.safetensors",
        "--family",
        "laion-hf",
        "dog.ogg",
    ];
    let run = world.wsac(wrong).assert().code(2);
    run.stderr(contains(
        "audio_model.audio_encoder.patch_embed.proj.weight",
    ));
    let unknown = [
        "embed",
        "audio",
        "--clap",
        "small.safetensors",
        "--family",
        "vggish",
        "dog.ogg",
    ];
    world
        .wsac(unknown)
        .assert()
        .code(2)
        .stderr(contains("wavcaps-cnn14"));
    let mini = ["caption", "--clap", "small.safetensors", "dog.ogg"];
    world
        .wsac(mini)
        .assert()
        .code(2)
        .stderr(contains("wsac train --clap"));
}
