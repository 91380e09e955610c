//! `wsac metrics prepare` and `wsac metrics path`.

use std::fs;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::world::World;

/// The five texts that the tables are made from, a line or two each, as files of their own.
fn texts(world: &World) {
    fs::create_dir(world.path("texts")).expect("a folder");
    for (name, text) in [
        ("english.synsets", "dog\n7\nhound\n7\n"),
        ("english.exceptions", "be\nis was\n"),
        ("english.words", "a\nthe\n"),
        ("english.prefixes", "Mr\n"),
        ("paraphrase-en", "0.1\nin the street\noutside\n"),
    ] {
        world.write(&format!("texts/{name}"), text);
    }
}

#[test]
fn tables_are_made_found_and_refused() {
    let world = World::new();
    texts(&world);
    // Not METEOR's own texts: only where that is asked for.
    let prepare = ["metrics", "prepare", "--from", "texts"];
    let wsac = |args: &[&str]| {
        let mut command = world.wsac(args);
        command
            .env("XDG_DATA_HOME", world.path("data"))
            .env_remove("WSAC_METEOR");
        command
    };
    wsac(&prepare)
        .assert()
        .code(2)
        .stderr(contains("--unpinned").and(contains("english.synsets")));
    let unpinned = [&prepare[..], &["--unpinned"]].concat();
    let made = world.path("data/wsac/meteor-1.5-en.bin");
    wsac(&unpinned)
        .assert()
        .success()
        .stdout(contains(made.display().to_string()));
    wsac(&[&unpinned[..], &["-o", "again.bin", "-q"]].concat())
        .assert()
        .success()
        .stderr("");
    assert_eq!(
        fs::read(&made).expect("tables"),
        fs::read(world.path("again.bin")).expect("tables")
    );

    wsac(&["metrics", "path", "--meteor", "again.bin"])
        .assert()
        .success()
        .stdout("again.bin\n");
    wsac(&["metrics", "path"])
        .env("WSAC_METEOR", &made)
        .assert()
        .success()
        .stdout(format!("{}\n", made.display()));
    // In the user's data folder, which comes before the source tree.
    wsac(&["metrics", "path"])
        .assert()
        .success()
        .stdout(format!("{}\n", made.display()));

    let bytes = fs::read(&made).expect("tables");
    fs::write(&made, &bytes[..bytes.len() - 1]).expect("a file");
    wsac(&["metrics", "path"])
        .assert()
        .code(2)
        .stderr(contains("cut short or damaged").and(contains("wsac metrics prepare")));
}

#[test]
fn a_folder_without_the_texts_is_told_what_is_missing() {
    let world = World::new();
    texts(&world);
    fs::remove_file(world.path("texts/english.words")).expect("the file");
    world
        .wsac(["metrics", "prepare", "--from", "texts", "-o", "out.bin"])
        .assert()
        .code(2)
        .stderr(contains("english.words not found").and(contains("pycocoevalcap")));
    assert!(!world.path("out.bin").exists());
}
