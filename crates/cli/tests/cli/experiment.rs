//! `wsac experiment` and `wsac report`: a grid killed in the middle, gone on with, and its report.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::world::{World, process, repository, stderr};

const GRID: &str = r#"
name = "Toy grid"
[[data]]
name = "Toy"
train = "captions.csv"
test = "captions.csv"
most_test = 14
[data.probe]
gap = 0.3
[[data.published]]
training = "a paper"
inference = "projection"
source = "its table"
scores = { cider_d = 0.5 }
[train]
epochs = 3
min_steps = 0
batch = 4
clauses = 0.0
joined = 0.0
precision = "f32"
[train.decoder]
width = 16
layers = 1
heads = 2
[[training]]
name = "none"
noise = { variance = 0.0 }
[[training]]
name = "noise"
[[inference]]
name = "direct"
strategy = "direct"
[[inference]]
name = "projection"
strategy = "projection"
"#;

fn prepare(world: &World) {
    let mut captions = String::from("file_name,caption_1,caption_2\n");
    for animal in ["dog", "cat", "rooster", "bird", "cow"] {
        for manner in ["loudly", "softly", "twice", "outside", "at night"] {
            captions += &format!(
                "{animal} {manner}.wav,A {animal} calls {manner}.,\"The {animal}, {manner}.\"\n"
            );
        }
    }
    world.write("captions.csv", captions);
    world.write("grid.toml", GRID);
}

const RUN: [&str; 7] = [
    "experiment",
    "--config",
    "grid.toml",
    "--out",
    "grid",
    "--metrics",
    "bleu,cider_d",
];

#[test]
fn a_grid_killed_in_the_middle_loses_only_the_cell_that_was_running() {
    let world = World::new();
    prepare(&world);
    let mut child = process()
        .current_dir(world.path("."))
        .args(RUN)
        .env("WSAC_CACHE", world.path("cache"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary");
    // Until the first cell is scored: its file has its own name, not that of one that is being written.
    let begun = Instant::now();
    let scored = || {
        let whole = |file: std::io::Result<std::fs::DirEntry>| {
            file.is_ok_and(|file| file.path().extension().is_some_and(|end| end == "json"))
        };
        std::fs::read_dir(world.path("grid/scores")).is_ok_and(|files| files.into_iter().any(whole))
    };
    while !scored() && begun.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    child.wait().expect("its end");
    assert!(scored(), "no cell in two minutes");

    let run = world.wsac(RUN).assert().success();
    run.stderr(contains("1/4 Toy, none, direct, seed 0").and(contains("(kept)")))
        .stdout(
            contains("CIDEr-D")
                .and(contains("a paper"))
                .and(contains("TEXT-PROBE")),
        );
    let again = world.wsac(RUN).assert().success();
    again.stderr(contains("4/4 Toy, noise, projection, seed 0").and(contains("training:").not()));
    for file in [
        "table.md",
        "table.csv",
        "table.json",
        "table.tex",
        "experiment.toml",
        "report/index.html",
    ] {
        assert!(world.path("grid").join(file).is_file(), "{file}");
    }
    for file in [
        "toy-gap.svg",
        "toy-gap.png",
        "toy-loss.svg",
        "toy-differences.png",
        "toy-scores.svg",
    ] {
        assert!(world.path("grid/report").join(file).is_file(), "{file}");
    }
    let page = world.read("grid/report/index.html");
    assert!(
        page.contains("Text-probe") && page.contains("dog loudly.wav") && !page.contains("http://"),
        "the page"
    );
    // Every row against the first, by each metric.
    let differences = world.read("grid/differences.csv");
    assert_eq!(differences.lines().count(), 1 + 3, "{differences}");
    assert!(differences.contains("Toy,noise,projection,cider_d,"));
    // What was predicted can be scored by itself.
    let csv = "grid/predictions/toy-none-direct-seed0.csv";
    assert!(world.read(csv).starts_with("file_name,caption_predicted\n"));

    // The same report elsewhere, picture for picture; and that of one of its captioners.
    let report = [
        "report",
        "grid",
        "--out",
        "elsewhere",
        "--metrics",
        "bleu,cider_d",
    ];
    world
        .wsac(report)
        .assert()
        .success()
        .stderr(contains("training:").not());
    assert_eq!(
        world.read("elsewhere/toy-gap.svg"),
        world.read("grid/report/toy-gap.svg")
    );
    let runs = std::fs::read_dir(world.path("grid/runs")).expect("runs");
    let one = runs.filter_map(Result::ok).next().expect("a run").path();
    let one = one.to_str().expect("a name");
    world.wsac(["report", one, "-o", "one"]).assert().success();
    assert!(world.path("one/loss.svg").is_file() && world.path("one/memory.png").is_file());
}

#[test]
fn what_is_wrong_with_a_grid_is_told_before_the_work() {
    let world = World::new();
    prepare(&world);
    world.write("wrong.toml", GRID.replace("epochs = 3", "epoch = 3"));
    let wrong = world
        .wsac(["experiment", "--config", "wrong.toml"])
        .assert()
        .code(2);
    wrong.stderr(contains("epoch").and(contains("none")));
    world.write(
        "wrong.toml",
        GRID.replace("test = \"captions.csv\"", "test = \"gone.csv\""),
    );
    let gone = world
        .wsac(["experiment", "--config", "wrong.toml"])
        .assert()
        .code(2);
    gone.stderr(contains("gone.csv"));
    let plan = world.output([
        "experiment",
        "--config",
        "grid.toml",
        "--dry-run",
        "--seeds",
        "1,2",
    ]);
    assert!(
        plan.contains("none, noise") && plan.contains("cells      8"),
        "{plan}"
    );
    world
        .wsac(["report", "nowhere"])
        .assert()
        .code(2)
        .stderr(contains("wsac experiment"));
}

/// `tests/experiment_v0_1` was written by wsac 0.1.0: `experiment --config toy.toml --out out --metrics bleu,cider_d`.
#[test]
fn an_experiment_of_an_older_version_resumes_without_training_or_captioning_again() {
    let world = World::new();
    let fixture = repository().join("crates/cli/tests/experiment_v0_1");
    let files = |root: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut found, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(root).expect("below it").to_owned();
                    found.insert(name, fs::read(&path).expect("a file"));
                }
            }
        }
        found
    };
    for (name, bytes) in files(&fixture) {
        let path = world.path(&name.to_string_lossy());
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    let args = [
        "experiment",
        "--config",
        "toy.toml",
        "--out",
        "out",
        "--metrics",
        "bleu,cider_d",
    ];
    let said = stderr(&world.wsac(args).assert().success());
    assert_eq!(said.matches("(kept)").count(), 4, "{said}");
    for stage in ["runs", "told", "scores"] {
        let (before, after) = (
            fixture.join("out").join(stage),
            world.path("out").join(stage),
        );
        assert_eq!(files(&after), files(&before), "{stage}");
    }
}
