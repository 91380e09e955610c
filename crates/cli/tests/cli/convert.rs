//! `wsac convert`: what it refuses, and how. (Whole checkpoints are too large to be made here.)

use std::fs;

use predicates::str::contains;

use crate::world::World;

#[test]
fn what_is_no_checkpoint_is_refused_with_a_reason() {
    let world = World::new();
    fs::write(world.path("empty.pt"), "").expect("a file");
    fs::write(
        world.path("page.pt"),
        "<!doctype html><title>Sign in</title>",
    )
    .expect("a file");
    let header = r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let length = (header.len() as u64).to_le_bytes();
    let other = [&length[..], header.as_bytes(), &[0; 4]].concat();
    fs::write(world.path("other.pt"), other).expect("a file");
    for (file, reason) in [
        ("empty.pt", "is empty"),
        ("page.pt", "is a web page"),
        ("other.pt", "is no CLAP checkpoint that wsac knows"),
        ("gone.pt", "No such file"),
    ] {
        let run = world.wsac(["convert", file, "-o", "out"]).assert().code(2);
        run.stderr(contains(reason)).stdout("");
        assert!(!world.path("out").exists());
    }
    let run = world
        .wsac(["convert", "other.pt", "-o", "out", "--family", "panns"])
        .assert();
    run.code(2).stderr(contains("missing"));
}

#[test]
fn a_folder_that_exists_is_left_alone() {
    let world = World::new();
    fs::create_dir(world.path("out")).expect("a folder");
    fs::write(world.path("empty.pt"), "").expect("a file");
    let run = world
        .wsac(["convert", "empty.pt", "-o", "out"])
        .assert()
        .code(2);
    run.stderr(contains("--force"));
    let run = world
        .wsac(["convert", "empty.pt", "-o", "out", "--force"])
        .assert()
        .code(2);
    run.stderr(contains("is empty"));
    let run = world
        .wsac(["convert", "empty.pt", "-o", "new", "--precision", "int8"])
        .assert();
    run.code(2).stderr(contains("f32 or f16"));
}
