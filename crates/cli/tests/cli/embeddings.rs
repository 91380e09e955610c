//! `wsac caption --embeddings`: files of embeddings become captions, whatever their kind; what is no embedding is told.

use std::fs;

use predicates::str::contains;
use serde_json::{Value, json};

use crate::world::{World, stderr};

/// The rows of JSON lines.
fn rows(lines: &str) -> Vec<Value> {
    let rows = lines.lines().map(serde_json::from_str);
    rows.collect::<Result<_, _>>().expect("JSON lines")
}

/// A world with two clips, one broken, and their embeddings as JSONL.
fn world() -> World {
    let world = World::new();
    fs::create_dir(world.path("tree")).expect("a folder");
    for clip in ["dog.ogg", "rain.ogg"] {
        world.clip(clip, &format!("tree/{clip}"));
    }
    let embedded = world.output(["embed", "audio", "tree"]);
    world.write("e.jsonl", &embedded);
    world
}

/// A `.npy` with these rows.
fn npy(rows: &[Vec<f32>]) -> Vec<u8> {
    let shape = format!("({}, {})", rows.len(), rows[0].len());
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = [
        b"\x93NUMPY\x01\x00",
        &(header.len() as u16).to_le_bytes()[..],
    ]
    .concat();
    bytes.extend(header.as_bytes());
    rows.iter()
        .flatten()
        .for_each(|x| bytes.extend(x.to_le_bytes()));
    bytes
}

/// The embeddings of the JSONL.
fn embeddings(world: &World) -> Vec<Vec<f32>> {
    let rows = rows(&world.read("e.jsonl")).into_iter();
    rows.map(|row| serde_json::from_value(row["embedding"].clone()).expect("numbers"))
        .collect()
}

#[test]
fn all_kinds_of_files_give_the_same_captions() {
    let world = world();
    let caption = |file: &str, more: &[&str]| {
        let args = ["caption", "--embeddings", file, "--format", "jsonl"];
        rows(&world.output(args.iter().chain(more)))
    };
    let told = caption("e.jsonl", &[]);
    assert_eq!(told[0]["file_name"], "tree/dog.ogg");
    assert_eq!(told[1]["file_name"], "tree/rain.ogg");
    let text = |row: &Value| row["caption"].as_str().expect("a caption").to_lowercase();
    assert!(
        text(&told[0]).contains("dog") && text(&told[1]).contains("rain"),
        "{told:?}"
    );
    assert!(told[0]["duration"].as_f64().expect("seconds") > 1.0);
    world.output([
        "embed",
        "audio",
        "tree",
        "--format",
        "safetensors",
        "-o",
        "e.safetensors",
    ]);
    world.write("e.npy", npy(&embeddings(&world)));
    for (file, names) in [
        ("e.safetensors", ["tree/dog.ogg", "tree/rain.ogg"]),
        ("e.npy", ["0", "1"]),
    ] {
        let found = caption(file, &[]);
        for ((found, told), name) in found.iter().zip(&told).zip(names) {
            assert_eq!(found["caption"], told["caption"], "{file}");
            assert_eq!(found["logprob"], told["logprob"], "{file}");
            assert_eq!(found["file_name"], name);
        }
    }
    // The flags of decoding are those of recordings.
    assert_eq!(
        caption("e.npy", &["--strategy", "nearest"])[0]["strategy"],
        "nearest"
    );
    let plain = world.output(["caption", "--embeddings", "e.npy"]);
    assert!(
        plain.starts_with("0\t") && plain.lines().count() == 2,
        "{plain}"
    );
    let piped = world.wsac(["caption", "--embeddings", "-", "--format", "jsonl"]);
    let piped = { piped }
        .write_stdin(world.read("e.jsonl"))
        .assert()
        .success();
    assert_eq!(rows(&crate::world::stdout(&piped)), told);
}

#[test]
fn a_row_without_direction_fails_alone_and_rows_of_other_lengths_are_scaled() {
    let world = world();
    let unit = embeddings(&world);
    let twice: Vec<f32> = unit[1].iter().map(|x| 2.0 * x).collect();
    let nan = vec![f32::NAN; unit[0].len()];
    let zero = vec![0.0; unit[0].len()];
    world.write("odd.npy", npy(&[twice, nan, zero]));
    world.write("one.npy", npy(&unit[1..]));
    let run = world
        .wsac(["caption", "--embeddings", "odd.npy", "--format", "jsonl"])
        .assert();
    let run = run.code(1);
    let said = stderr(&run);
    assert!(
        said.contains("odd.npy: warning: 1 of 3 rows are not of unit length"),
        "{said}"
    );
    let told = rows(&crate::world::stdout(&run));
    let wanted = rows(&world.output(["caption", "--embeddings", "one.npy", "--format", "jsonl"]));
    assert_eq!(told[0]["caption"], wanted[0]["caption"]);
    for row in [1, 2] {
        let why = told[row]["error"].as_str().expect("a failure");
        assert!(why.contains("zero or not finite"), "{why}");
        assert!(said.contains(&format!("wsac: {row}: ")), "{said}");
    }
    // What `wsac embed` could not read stays a failure.
    let failed = json!({"file_name": "bad.wav", "error": "is empty (0 bytes)"});
    world.write("e.jsonl", format!("{}{failed}\n", world.read("e.jsonl")));
    let run = world
        .wsac(["caption", "--embeddings", "e.jsonl", "--format", "jsonl"])
        .assert();
    let told = rows(&crate::world::stdout(&run.code(1)));
    assert_eq!((told.len(), &told[2]), (3, &failed));
}

#[test]
fn embeddings_of_another_width_and_files_of_something_else_are_refused() {
    let world = world();
    world.write("narrow.npy", npy(&[vec![1.0; 7]]));
    world.write("notes.txt", "hello\n");
    world.write("empty.jsonl", "");
    for (file, why) in [
        (
            "narrow.npy",
            "the embedding of 0 has 7 numbers, but the captioner mini takes",
        ),
        ("notes.txt", "line 1 is no row of `wsac embed`"),
        ("empty.jsonl", "holds no embedding"),
        ("gone.npy", "gone.npy"),
    ] {
        let run = world.wsac(["caption", "--embeddings", file]).assert();
        run.code(2).stderr(contains(why));
    }
    for (more, why) in [
        (["dog.ogg"].as_slice(), "cannot be used with"),
        (&["--files-from", "list"], "cannot be used with"),
        (&["--timeline"], "cannot be used with"),
        (&["--resume", "-o", "out"], "cannot be used with"),
    ] {
        let args = ["caption", "--embeddings", "e.jsonl"];
        let run = world.wsac(args.iter().chain(more)).assert();
        run.code(2).stderr(contains(why));
    }
    for command in [["caption"].as_slice(), &["embed", "audio"]] {
        let run = world.wsac(command).assert();
        run.code(2).stderr(contains("<FILE>..."));
    }
}
