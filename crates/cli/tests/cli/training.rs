//! `wsac train`: a small captioner from a text file, interrupted and resumed.

use std::process::{Command, Stdio};
use std::time::Duration;

use predicates::str::contains;

use crate::world::{World, process};

/// A decoder that learns 40 captions in a second.
const SMALL: &str = "batch = 8\nclauses = 0.0\n[decoder]\nwidth = 32\nlayers = 1\nheads = 2\n";

fn prepare(world: &World) {
    let mut captions = String::new();
    for animal in ["dog", "cat", "rooster", "bird", "cow"] {
        for manner in [
            "loudly", "softly", "twice", "again", "outside", "nearby", "far away", "at night",
        ] {
            captions += &format!("a {animal} calls {manner}\n");
        }
    }
    world.write("captions.txt", captions);
    world.write("small.toml", SMALL);
}

const TRAIN: [&str; 7] = [
    "train",
    "--captions",
    "captions.txt",
    "--config",
    "small.toml",
    "--out",
    "run",
];

#[test]
fn a_text_file_becomes_a_captioner() {
    let world = World::new();
    prepare(&world);
    let run = world
        .wsac(TRAIN.iter().chain(&["--epochs", "3"]))
        .assert()
        .success();
    run.stderr(contains("epoch 3"))
        .stderr(contains("caption --model run"));
    for file in [
        "config.json",
        "decoder.safetensors",
        "memory.safetensors",
        "train.toml",
        "log.jsonl",
        "README.md",
    ] {
        assert!(world.path("run").join(file).is_file(), "{file}");
    }
    assert!(world.read("run/train.toml").contains("epochs = 3"));
    world.clip("dog.ogg", "dog.ogg");
    let caption = world.output(["caption", "dog.ogg", "--model", "run"]);
    assert!(caption.ends_with(".\n"), "{caption}");
    let said = world.output(["models", "run"]);
    assert!(said.contains("32 wide"), "{said}");
    // A folder that holds a run is never overwritten by accident.
    world
        .wsac(TRAIN)
        .assert()
        .code(2)
        .stderr(contains("--resume"));
}

#[test]
fn wrong_settings_are_told_by_name() {
    let world = World::new();
    prepare(&world);
    world.write("wrong.toml", "epoch = 3\n");
    let run = world
        .wsac([
            "train",
            "--captions",
            "captions.txt",
            "--out",
            "run",
            "--config",
            "wrong.toml",
        ])
        .assert();
    run.code(2)
        .stderr(contains("wrong.toml"))
        .stderr(contains("epoch"));
    for flags in [
        ["--noise", "-1"],
        ["--noise", "loud"],
        ["--epochs", "0"],
        ["--clap", "maxi"],
    ] {
        world.wsac(TRAIN.iter().chain(&flags)).assert().code(2);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_how_to_go_on_and_goes_on_to_the_same_end() {
    let world = World::new();
    prepare(&world);
    let whole = ["--epochs", "400", "--quiet"];
    let mut command = process();
    command
        .args(TRAIN)
        .args(whole)
        .current_dir(world.path(""))
        .env("WSAC_CACHE", world.path("cache"));
    let child = command.stderr(Stdio::piped()).spawn().expect("the binary");
    while std::fs::metadata(world.path("run/log.jsonl")).map_or(0, |m| m.len()) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.expect("kill").success());
    let out = child.wait_with_output().expect("its output");
    let told = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(130), "{told}");
    assert!(told.contains("--epochs 400 --quiet --resume"), "{told}");
    assert!(!world.path("run/config.json").exists());

    world
        .wsac(TRAIN.iter().chain(&whole).chain(&["--resume"]))
        .assert()
        .success();
    let straight: Vec<&str> = TRAIN[..6]
        .iter()
        .chain(&["straight"])
        .chain(&whole)
        .copied()
        .collect();
    world.wsac(straight).assert().success();
    let weights =
        |run: &str| std::fs::read(world.path(run).join("decoder.safetensors")).expect("weights");
    assert!(
        weights("run") == weights("straight"),
        "a resumed run differs"
    );
}

#[test]
fn a_run_that_an_older_version_began_goes_on_to_the_same_end() {
    let world = World::new();
    prepare(&world);
    world.write(
        "older.toml",
        "batch = 8\nclauses = 0.0\nprecision = \"f32\"\n[decoder]\nwidth = 8\nlayers = 1\nheads = 2\n",
    );
    std::fs::create_dir(world.path("older")).expect("a folder");
    for (name, bytes) in [
        (
            "checkpoint.safetensors",
            &include_bytes!("older_run/checkpoint.safetensors")[..],
        ),
        ("log.jsonl", include_bytes!("older_run/log.jsonl")),
        ("train.toml", include_bytes!("older_run/train.toml")),
    ] {
        world.write(&format!("older/{name}"), bytes);
    }
    let train = |out: &str, more: &[&str]| {
        let flags = ["--config", "older.toml", "--epochs", "30", "--out", out];
        let captions = ["train", "--captions", "captions.txt"];
        let flags = captions.iter().chain(&flags).chain(more);
        world.wsac(flags.copied().collect::<Vec<_>>()).assert()
    };
    train("older", &["--resume", "--lr", "0.01"])
        .code(2)
        .stderr(contains("other settings"));
    train("older", &["--resume"]).success();
    train("straight", &[]).success();
    let weights =
        |run: &str| std::fs::read(world.path(run).join("decoder.safetensors")).expect("weights");
    assert!(weights("older") == weights("straight"));
    // Finished, it is left as it is.
    train("older", &["--resume"])
        .success()
        .stderr(contains("finished; nothing to do"));
}

#[test]
fn settings_out_of_range_ended_as_done() {
    let world = World::new();
    prepare(&world);
    for (flags, name) in [
        (["--lr", "nan"], "lr is NaN"),
        (["--lr", "0"], "lr is 0; it must be above 0 and at most 1"),
        (["--batch", "0"], "batch is 0"),
    ] {
        let run = world.wsac(TRAIN.iter().chain(&flags)).assert().code(2);
        run.stderr(contains(name));
    }
    world.write("small.toml", format!("dropout = 2.0\n{SMALL}"));
    let run = world.wsac(TRAIN).assert().code(2);
    run.stderr(contains("dropout is 2; it must be at least 0 and below 1"));
    assert!(!world.path("run").exists());
}
