//! Files of captions as people have them: `wsac memory build` and `wsac train` read them, or say what is wrong.

use predicates::str::contains;

use crate::world::{World, stderr};

/// The neighbours that a memory built from `content` has: all its captions, as it is small.
fn built(world: &World, name: &str, content: &[u8]) -> String {
    world.write(name, content);
    let build = world
        .wsac(["memory", "build", name, "-o", "m.safetensors"])
        .assert()
        .success();
    stderr(&build)
}

#[test]
fn captions_are_paraphrased_into_a_file_to_train_on() {
    let world = World::new();
    world.write(
        "captions.csv",
        b"file_name,caption\na.wav,A person walks on gravel\nb.wav,Someone walks on gravel while a dog barks.\nb.wav,A dog \
          barks while a person walks on gravel.\n",
    );
    let wsac = |args: &[&str]| world.wsac(args).assert();
    wsac(&[
        "paraphrase",
        "captions.csv",
        "--similarity",
        "0.5",
        "-o",
        "more.csv",
    ])
    .success()
    .stderr(contains("of 3 captions"));
    let said = std::fs::read_to_string(world.path("more.csv")).expect("the paraphrases");
    assert!(said.starts_with("file_name,caption\n"), "{said}");
    assert!(said.contains("\na.wav,Someone walks on gravel\n"), "{said}");
    let read = wsac(&["memory", "build", "more.csv", "-o", "m.safetensors"]).success();
    assert!(!stderr(&read).contains("warning"), "{said}");
    let again = wsac(&["paraphrase", "captions.csv", "--similarity", "0.5"]).success();
    assert_eq!(String::from_utf8_lossy(&again.get_output().stdout), said);
    wsac(&["paraphrase", "captions.csv", "--similarity", "2"])
        .code(2)
        .stderr(contains("between -1 and 1"));
    wsac(&["paraphrase", "captions.csv", "--meteor", "none.bin"])
        .code(2)
        .stderr(contains("none.bin"));
}

#[test]
fn captions_files_of_all_kinds_become_memories() {
    let world = World::new();
    for (name, content, count) in [
        ("one.txt", &b"a dog barks"[..], 1),
        ("windows.txt", b"a dog barks\r\nrain falls\r\n", 2),
        (
            "windows.csv",
            b"file_name,caption\r\na.wav,a dog barks\r\nb.wav,\"rain, then hail\"\r\n",
            2,
        ),
        (
            "bom.csv",
            b"\xef\xbb\xbfcaption,file_name\na dog barks,a.wav\n",
            1,
        ),
        (
            "latin1.csv",
            b"file_name,caption\na.wav,a caf\xe9 is busy\n",
            1,
        ),
        ("list.json", b"[\"a dog barks\", \"rain falls\"]", 2),
        (
            "rows.jsonl",
            b"{\"caption\": \"a dog barks\"}\n{\"caption\": \"rain falls\"}\n",
            2,
        ),
    ] {
        let told = built(&world, name, content);
        assert!(
            told.contains(&format!("{count} captions in m.safetensors")),
            "{name}: {told}"
        );
    }
}

#[test]
fn standard_input_is_a_captions_file_too() {
    let world = World::new();
    let mut build = world.wsac(["memory", "build", "-", "-o", "m.safetensors", "--int8"]);
    build
        .write_stdin("a dog barks\nrain falls\n")
        .assert()
        .success();
    let rows = world
        .wsac(["embed", "text", "-"])
        .write_stdin("a dog barks\n")
        .assert()
        .success();
    let row: serde_json::Value = serde_json::from_slice(&rows.get_output().stdout).expect("a row");
    assert_eq!(row["text"], "a dog barks");
    assert_eq!(row["embedding"].as_array().map(Vec::len), Some(384));
}

#[test]
fn a_captions_file_without_captions_is_told() {
    let world = World::new();
    world.write("empty.csv", "");
    world.write("header.csv", "file_name,caption\n");
    world.write("column.csv", "file_name,keywords\na.wav,dog\n");
    for (name, told) in [
        ("empty.csv", "empty"),
        ("header.csv", "caption"),
        // The error names the columns found.
        ("column.csv", "file_name, keywords"),
        ("gone.csv", "No such file"),
    ] {
        let build = world.wsac(["memory", "build", name, "-o", "m.safetensors"]);
        let train = world.wsac(["train", "--captions", name, "--out", "run"]);
        for mut command in [build, train] {
            let assert = command
                .assert()
                .code(2)
                .stderr(contains(told))
                .stderr(contains(name));
            assert_eq!(stderr(&assert).lines().count(), 1, "{}", stderr(&assert));
        }
    }
}

#[test]
fn the_gap_is_measured_from_captions_of_one_clip_and_recordings() {
    let world = World::new();
    world.clip("dog.ogg", "a.ogg");
    world.write(
        "c.csv",
        "file_name,caption_1,caption_2\na.ogg,a dog barks,a dog is barking loudly\n",
    );
    let said = world.output(["gap", "c.csv", "--audio", ".", "-o", "gap.safetensors"]);
    assert!(
        said.contains("noise variance 0.0") && said.contains("1 recordings"),
        "{said}"
    );
    world.write("single.txt", "a dog barks\nrain falls\n");
    world
        .wsac(["gap", "single.txt"])
        .assert()
        .code(2)
        .stderr(contains("no clip has two captions"));
}
