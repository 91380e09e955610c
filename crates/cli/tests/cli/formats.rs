//! `wsac caption`: formats, streams, lists, exit codes, and the README's first command.

use std::fs;
use std::process::Stdio;

use predicates::prelude::*;
use predicates::str::contains;

use crate::world::{World, process, repository, stderr, stdout};

#[test]
fn the_first_command_of_the_readme_names_the_dog() {
    let readme = fs::read_to_string(repository().join("README.md")).expect("README.md");
    let command = readme
        .lines()
        .find_map(|l| l.strip_prefix("cargo run --release -- "));
    let args = command.expect("a command").split_whitespace();
    let world = World::new();
    let assert = world
        .wsac(args)
        .current_dir(repository())
        .assert()
        .success();
    let caption = stdout(&assert);
    assert!(
        caption.contains("dog") && caption.ends_with(".\n"),
        "{caption}"
    );
    assert_eq!(caption.lines().count(), 1);
}

#[test]
fn several_recordings_are_told_apart_by_name_and_keep_their_order() {
    let world = World::new();
    world.clip("rooster.ogg", "b.ogg");
    world.clip("dog.ogg", "a.ogg");
    let lines = world.output(["caption", "b.ogg", "a.ogg", "b.ogg"]);
    let lines: Vec<(&str, &str)> = lines.lines().filter_map(|l| l.split_once('\t')).collect();
    let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["b.ogg", "a.ogg", "b.ogg"]);
    assert_eq!(lines[0].1, lines[2].1);
    assert!(
        lines[0].1.contains("rooster") && lines[1].1.contains("dog"),
        "{lines:?}"
    );
}

#[test]
fn standard_input_is_a_recording_or_a_list_but_not_both() {
    let world = World::new();
    let path = world.clip("dog.ogg", "my dog.ogg");
    let typed = world.output(["caption", "my dog.ogg"]);
    let bytes = fs::read(&path).expect("a clip");
    let piped = world
        .wsac(["caption", "-"])
        .write_stdin(bytes)
        .assert()
        .success();
    assert_eq!(stdout(&piped), typed);
    let mut listed = world.wsac(["caption", "--files-from", "-"]);
    let listed = listed.write_stdin("my dog.ogg\r\n\n").assert().success();
    assert_eq!(stdout(&listed), format!("my dog.ogg\t{typed}"));
    let both = world
        .wsac(["caption", "-", "--files-from", "-"])
        .assert()
        .code(2);
    assert!(stderr(&both).contains("cannot be both"));
}

#[test]
fn jsonl_says_what_speaks_for_a_caption() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let line = world.output(["caption", "dog.ogg", "--output_format", "jsonl"]);
    let row: serde_json::Value = serde_json::from_str(&line).expect("a JSON object");
    assert_eq!(
        (&row["file_name"], &row["model"]),
        (&"dog.ogg".into(), &"mini".into())
    );
    assert!(row["logprob"].as_f64().is_some_and(|l| l < 0.0), "{row}");
    assert!(
        (row["duration"].as_f64().expect("seconds") - 5.0).abs() < 0.05,
        "{row}"
    );
    let sounds = row["sounds"].as_array().expect("sounds");
    assert_eq!(sounds[0]["name"], "Bark", "{row}");
    let nearest = &row["neighbours"][0];
    assert!(
        nearest["caption"]
            .as_str()
            .is_some_and(|c| c.contains("dog")),
        "{row}"
    );
    assert!(
        nearest["similarity"].as_f64().is_some_and(|s| s <= 1.0),
        "{row}"
    );
}

#[test]
fn csv_and_dcase_go_to_files_and_keep_what_could_be_captioned() {
    let world = World::new();
    fs::create_dir(world.path("clips")).expect("a folder");
    world.clip("dog.ogg", "clips/dog, 1.ogg");
    let args = [
        "caption",
        "clips/dog, 1.ogg",
        "gone.ogg",
        "-o",
        "out.csv",
        "--format",
    ];
    for (format, header, name) in [
        (
            "csv",
            "file_name,caption_predicted",
            "\"clips/dog, 1.ogg\",",
        ),
        (
            "dcase",
            "\"file_name\",\"caption_predicted\"",
            "\"dog, 1.ogg\",\"",
        ),
    ] {
        let assert = world.wsac(args.iter().chain([&format])).assert().code(1);
        assert_eq!(stdout(&assert), "");
        let csv = world.read("out.csv");
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!((lines.len(), lines[0]), (2, header), "{csv}");
        assert!(lines[1].starts_with(name), "{csv}");
    }
}

#[test]
fn a_bad_output_fails_before_the_work() {
    let world = World::new();
    let run = world
        .wsac(["caption", "gone.ogg", "-o", "no/such/folder/out.csv"])
        .assert();
    let error = contains("cannot write no/such/folder/out.csv").and(contains("gone.ogg").not());
    run.code(2).stderr(error);
}

#[test]
fn wrong_usage_has_exit_code_2() {
    let world = World::new();
    for (args, told) in [
        (&["caption"][..], "FILE"),
        (&["caption", "a.wav", "--strategy", "magic"], "nearest"),
        (
            &["caption", "a.wav", "--tau", "0.1", "--strategy", "direct"],
            "--tau",
        ),
        (&["caption", "a.wav", "--beam", "0"], "--beam"),
        (&["caption", "a.wav", "--beam", "3", "--sample"], "--sample"),
        (&["caption", "a.wav", "--sample", "--top-p", "2"], "--top-p"),
        (&["caption", "a.wav", "--model", "nowhere"], "nowhere"),
        (&["caption", "--files-from", "nowhere.txt"], "nowhere.txt"),
        (&["fly"], "fly"),
    ] {
        world.wsac(args).assert().code(2).stderr(contains(told));
    }
}

#[test]
fn every_strategy_and_every_search_gives_a_sentence() {
    let world = World::new();
    world.clip("rooster.ogg", "r.ogg");
    for flags in [
        "--strategy direct",
        "--strategy nearest",
        "--strategy projection --tau 0.02 --top-k 20",
        "--beam 3",
        "--sample --temperature 0.7 --seed 5",
        "--threads 1 --quiet",
    ] {
        let args = ["caption", "r.ogg"].into_iter().chain(flags.split(' '));
        let text = world.output(args);
        assert!(
            text.ends_with(".\n") && text.starts_with(char::is_uppercase),
            "{flags}: {text}"
        );
    }
    let sample = |seed| world.output(["caption", "r.ogg", "--sample", "--seed", seed]);
    assert_eq!(sample("1"), sample("1"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = World::new();
    let path = world.clip("dog.ogg", "dog.ogg");
    let mut child = process()
        .arg("caption")
        .args(vec![&path; 3])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    drop(child.stdout.take());
    let out = child.wait_with_output().expect("its output");
    let told = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(0), "{told}");
}

#[test]
fn completions_know_the_commands() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.output(["completions", shell]);
        assert!(
            script.contains("caption") && script.contains("memory"),
            "{shell}"
        );
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let world = World::new();
    assert!(world.output(["man"]).contains(".TH wsac 1"));
    world.output(["man", "--out-dir", "man"]);
    let page = |name: &str| world.read(&format!("man/{name}"));
    assert!(page("wsac.1").contains("caption"));
    assert!(
        page("wsac-caption.1").contains("timeline")
            && page("wsac-memory-build.1").contains("captions")
    );
}
