//! What goes beyond the paper: memories without repeats, centres, blends, re-ranking, and maps of the gap.

use std::fmt::Write;

use predicates::str::contains;
use serde_json::{Value, json};

use crate::world::{World, stderr, stdout};

#[test]
fn a_memory_can_be_built_without_repeats() {
    let world = World::new();
    world.write(
        "c.txt",
        "a dog barks\nA dog barks.\na dog is barking\nrain falls on a roof\n",
    );
    let built = |flag: &str| {
        let build = ["memory", "build", "c.txt", "-o", "m.safetensors", flag];
        stderr(&world.wsac(build).assert().success())
    };
    assert!(built("--int8").contains("4 captions in"));
    let exact = built("--dedup");
    assert!(
        exact.contains("1 captions were there twice, 0 nearly"),
        "{exact}"
    );
    assert!(exact.contains("3 captions in"), "{exact}");
    let near = built("--dedup=0.8");
    assert!(
        near.contains("1 nearly") && near.contains("2 captions in"),
        "{near}"
    );
    let wrong = [
        "memory",
        "build",
        "c.txt",
        "-o",
        "m.safetensors",
        "--dedup=2",
    ];
    world.wsac(wrong).assert().code(2).stderr(contains("0.95"));
}

#[test]
fn candidates_are_ranked_and_their_score_is_told() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let tell = |flags: &[&str]| -> Value {
        let args = ["caption", "dog.ogg", "--format", "jsonl"];
        let told = world.output(args.iter().chain(flags));
        serde_json::from_str(&told).expect("a row")
    };
    assert_eq!(tell(&[]).get("score"), None);
    for flags in [
        &["--rerank"][..],
        &["--rerank=consensus", "--rerank-alpha", "0.1"],
        &[
            "--rerank=clap",
            "--rerank-widths",
            "2,5",
            "--rerank-nearest",
            "3",
        ],
    ] {
        let row = tell(flags);
        let caption = row["caption"].as_str().expect("a caption");
        assert!(caption.contains("og"), "{flags:?} {caption}");
        assert!(row["score"].as_f64().expect("a score").is_finite());
    }
    let assert = world
        .wsac(["caption", "dog.ogg", "--rerank-alpha", "1"])
        .assert()
        .code(2);
    assert!(stderr(&assert).contains("--rerank"));
    let wide = ["caption", "dog.ogg", "--rerank", "--rerank-widths", "0"];
    world
        .wsac(wide)
        .assert()
        .code(2)
        .stderr(contains("1 caption wide"));
}

#[test]
fn a_map_of_the_gap_is_learned_from_paired_embeddings_and_used() {
    let world = World::new();
    let (mut audio, mut text) = (String::new(), String::new());
    // Sounds are their texts in another order of axes: a turn. Folders before a name do not count.
    for clip in 0..60_usize {
        let row: Vec<f64> = (0..384)
            .map(|i| (((clip * 37 + i * 11) % 101) as f64).sin())
            .collect();
        let mut turned = row.clone();
        turned.rotate_right(1);
        let sound = json!({"file_name": format!("sounds/{clip}.wav"), "embedding": turned});
        let caption = json!({"file_name": format!("{clip}.wav"), "text": "x", "embedding": row});
        writeln!(audio, "{sound}").expect("text");
        writeln!(text, "{caption}").expect("text");
    }
    audio.push_str("{\"file_name\":\"bad.wav\",\"error\":\"is empty\"}\n");
    world.write("audio.jsonl", &audio);
    world.write("text.jsonl", &text);
    let learn = |method: &str| {
        let args = [
            "gap",
            "learn",
            "audio.jsonl",
            "text.jsonl",
            "-o",
            "map.safetensors",
        ];
        let assert = world
            .wsac(args.iter().chain(&["--method", method]))
            .assert();
        stdout(&assert.success())
    };
    let shift = learn("shift");
    assert!(shift.contains("shift, on 12 clips held out"), "{shift}");
    let ridge = learn("ridge");
    assert!(
        ridge.contains("lambda") && ridge.contains("| mapped |"),
        "{ridge}"
    );

    world.clip("dog.ogg", "dog.ogg");
    let plain = world.output(["caption", "dog.ogg", "--format", "jsonl"]);
    let args = [
        "caption",
        "dog.ogg",
        "--format",
        "jsonl",
        "--gap-map",
        "map.safetensors",
    ];
    assert_ne!(world.output(args), plain);
    let args = ["caption", "dog.ogg", "--gap-map", "text.jsonl"];
    world.wsac(args).assert().code(2);
    world.write("alone.jsonl", "{\"text\":\"a dog\",\"embedding\":[1.0]}\n");
    let args = ["gap", "learn", "audio.jsonl", "alone.jsonl", "-o", "m"];
    world
        .wsac(args)
        .assert()
        .code(2)
        .stderr(contains("file_name"));
}

#[test]
fn texts_are_embedded_with_the_name_of_their_clip() {
    let world = World::new();
    world.write("c.csv", "file_name,caption\na.wav,a dog barks\n");
    world.write("c.txt", "a dog barks\n");
    let row = |file| -> Value {
        serde_json::from_str(&world.output(["embed", "text", file])).expect("a row")
    };
    assert_eq!(row("c.csv")["file_name"], "a.wav");
    assert_eq!(row("c.txt").get("file_name"), None);
}

#[test]
fn centres_and_blends_are_chosen_for_any_model() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let tell = |flags: &[&str]| {
        let args = ["caption", "dog.ogg", "--format", "jsonl"];
        world.output(args.iter().chain(flags))
    };
    let plain = tell(&[]);
    assert_eq!(tell(&["--centre", "memory"]), plain);
    assert_ne!(tell(&["--centre", "none"]), plain);
    assert_ne!(tell(&["--blend", "0.3"]), plain);
    world.write("c.csv", "file_name,caption\ndog.ogg,a dog barks\n");
    world.output(["gap", "c.csv", "--audio", ".", "-o", "gap.safetensors"]);
    assert_ne!(
        tell(&["--centre", "modalities", "--gap", "gap.safetensors"]),
        plain
    );
    for (flags, told) in [
        (&["--centre", "modalities"][..], "needs a gap"),
        (&["--blend", "2"], "0 to 1"),
        (
            &["--centre", "none", "--gap", "gap.safetensors"],
            "--gap: a gap is for centre modalities",
        ),
    ] {
        let args = ["caption", "dog.ogg"];
        let assert = world.wsac(args.iter().chain(flags)).assert().code(2);
        assert!(stderr(&assert).contains(told), "{}", stderr(&assert));
    }
}
