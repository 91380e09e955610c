//! `wsac caption --resume` with one output file: killed in the middle and gone on with, it has the rows of a run that was not.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::world::{World, process};

/// A folder of `count` recordings, one of them broken.
fn world(count: usize) -> World {
    let world = World::new();
    fs::create_dir(world.path("tree")).expect("a folder");
    for i in 0..count {
        let clip = ["dog.ogg", "rooster.ogg"][i % 2];
        world.clip(clip, &format!("tree/{i:02}.ogg"));
    }
    world.write("tree/05.wav", "this is no recording");
    world
}

/// Runs `wsac caption tree FLAGS -o OUT` and kills it when `rows` are in the file.
fn kill_after(world: &World, flags: &[&str], out: &str, rows: usize) {
    let mut run = process()
        .args(["caption", "tree", "-q", "-o", out])
        .args(flags)
        .current_dir(world.path("."))
        .stderr(Stdio::null())
        .spawn()
        .expect("wsac runs");
    let start = Instant::now();
    while fs::read_to_string(world.path(out)).map_or(0, |text| text.lines().count()) < rows {
        assert!(start.elapsed() < Duration::from_secs(120), "no rows came");
        std::thread::sleep(Duration::from_millis(2));
    }
    run.kill().expect("it runs");
    run.wait().expect("it ended");
}

/// Rows of `out` as a set; a header is a row.
fn rows(world: &World, out: &str) -> Vec<String> {
    let mut rows: Vec<String> = world.read(out).lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

#[test]
fn a_killed_run_is_gone_on_with_and_has_the_same_rows() {
    for (flags, count, after) in [
        (["--format", "jsonl"].as_slice(), 70, 1),
        (&["--format", "csv"], 70, 3),
        (&["--format", "jsonl", "--timeline", "--summary"], 16, 7),
        (&["--format", "csv", "--timeline"], 16, 7),
    ] {
        let world = world(count);
        let run = |out: &str, more: &[&str]| {
            let fixed = ["caption", "tree", "-o", out];
            let out =
                (world.wsac(fixed.iter().chain(flags).chain(more)).output()).expect("wsac runs");
            let said = String::from_utf8_lossy(&out.stderr).into_owned();
            assert_eq!(out.status.code(), Some(1), "one is broken: {said}");
            said
        };
        run("whole", &[]);
        kill_after(&world, flags, "cut", after);
        let whole = rows(&world, "whole");
        let before = rows(&world, "cut").len();
        assert!(
            before >= after && before < whole.len(),
            "{before} rows: {flags:?}"
        );
        let mut torn =
            (fs::OpenOptions::new().append(true).open(world.path("cut"))).expect("a file");
        torn.write_all(b"\"a torn").expect("a file");
        let said = run("cut", &["--resume"]);
        assert!(said.contains("are already in cut"), "{said}");
        assert_eq!(rows(&world, "cut"), whole, "{flags:?}");
        // All but the broken one is done; of a timeline in CSV the last is told again.
        run("cut", &["--resume"]);
        assert_eq!(rows(&world, "cut"), whole, "{flags:?}");
    }
}

#[test]
fn where_all_is_told_nothing_is_done_and_what_cannot_be_gone_on_with_is_said() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let timeline = [
        "caption",
        "dog.ogg",
        "--timeline",
        "--resume",
        "-o",
        "out",
        "--format",
    ];
    let told = |format: &str| {
        let flags = timeline.iter().chain([&format]);
        world.wsac(flags).output().expect("wsac runs")
    };
    assert_eq!(told("jsonl").status.code(), Some(0));
    let first = world.read("out");
    assert_eq!(told("jsonl").status.code(), Some(0));
    assert_eq!(world.read("out"), first);
    for format in ["srt", "vtt", "textgrid", "labels", "text"] {
        let out = told(format);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains("jsonl or csv"), "{said}");
    }
    let out = told("csv");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        out.status.code() == Some(2) && said.contains("does not begin with"),
        "{said}"
    );
    assert_eq!(world.read("out"), first);
    let nowhere = world
        .wsac(["caption", "dog.ogg", "--resume"])
        .output()
        .expect("wsac runs");
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("-o FILE"));
}
