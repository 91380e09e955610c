//! Inputs that must not be lost: outputs that are inputs, targets of two recordings, links, and streams that go away.

use std::fs;
use std::process::Command;

use predicates::str::contains;

use crate::world::{World, process, stderr, stdout};

/// `wsac ARGS` must end with 2, name all of `said`, and leave `file` as it is.
fn refused(world: &World, args: &[&str], file: &str, said: &[&str]) {
    let before = fs::read(world.path(file)).expect("the file");
    let assert = world.wsac(args).assert().code(2);
    let error = stderr(&assert);
    for word in said {
        assert!(error.contains(word), "{args:?}: {error}");
    }
    assert!(
        fs::read(world.path(file)).expect("the file") == before,
        "{args:?}"
    );
}

#[test]
fn two_recordings_whose_timelines_would_go_to_one_file_are_refused() {
    let world = World::new();
    for folder in ["a", "b/a", "b"] {
        fs::create_dir_all(world.path(folder)).expect("a folder");
    }
    world.clip("dog.ogg", "a/clip.ogg");
    world.clip("rooster.ogg", "b/a/clip.ogg");
    let run = |inputs: &[&str]| {
        let flags = ["--timeline", "--format", "text", "--out-dir", "out"];
        let args = ["caption"].iter().chain(inputs).chain(&flags);
        let mut command = world.wsac(args);
        command.current_dir(world.path("b"));
        stderr(&command.assert().code(2))
    };
    let error = run(&["../a/clip.ogg", "a/clip.ogg"]);
    for name in ["../a/clip.ogg", " a/clip.ogg", "out/a/clip.ogg.txt"] {
        assert!(error.contains(name), "{error}");
    }
    assert!(!world.path("b/out").exists());
    assert!(run(&["a/clip.ogg", "./a/clip.ogg", "--shard", "1/2"]).contains("out/a/clip.ogg.txt"));
    assert!(run(&["a/clip.ogg", "a/clip.ogg"]).contains("twice"));
}

#[test]
fn names_that_a_dcase_submission_does_not_tell_apart_are_said() {
    let world = World::new();
    for folder in ["a", "b"] {
        fs::create_dir(world.path(folder)).expect("a folder");
        world.clip("dog.ogg", &format!("{folder}/x.ogg"));
    }
    let run = world.wsac(["caption", "a", "b", "--format", "dcase"]);
    { run }
        .assert()
        .success()
        .stderr(contains("a/x.ogg and b/x.ogg"));
}

#[test]
fn an_output_that_is_an_input_destroys_nothing() {
    let world = World::new();
    world.clip("dog.ogg", "x.ogg");
    world.clip("dog.ogg", "y.ogg");
    world.write("c.txt", "a dog barks\nrain falls on a roof\n");
    world.write(
        "c.csv",
        "file_name,caption_1,caption_2\nx.ogg,a dog,a dog barks\n",
    );
    world.write("p.csv", "file_name,caption\na.wav,a dog barks\n");
    fs::hard_link(world.path("x.ogg"), world.path("hard.ogg")).expect("a link");
    let of_x: [&[&str]; 9] = [
        &["caption", "x.ogg", "-o", "x.ogg"],
        &[
            "caption", "x.ogg", "-o", "./x.ogg", "--resume", "--format", "csv",
        ],
        &["caption", "y.ogg", "x.ogg", "--timeline", "-o", "x.ogg"],
        &["caption", "hard.ogg", "-o", "x.ogg"],
        // What the shell makes of `-o *.ogg`.
        &["caption", "-o", "x.ogg", "y.ogg"],
        &["embed", "audio", "x.ogg", "-o", "x.ogg"],
        &["caption", ".", "-o", "x.ogg"],
        &["eval", "p.csv", "p.csv", "-m", "rouge_l", "-o", "x.ogg"],
        &["gap", "c.csv", "--audio", ".", "-o", "x.ogg"],
    ];
    for args in of_x {
        refused(&world, args, "x.ogg", &["x.ogg"]);
    }
    let others: [(&[&str], &str); 8] = [
        (&["paraphrase", "c.txt", "-o", "c.txt"], "c.txt"),
        (&["embed", "text", "c.txt", "-o", "c.txt"], "c.txt"),
        (&["memory", "build", "c.txt", "-o", "c.txt"], "c.txt"),
        (
            &["eval", "p.csv", "p.csv", "-m", "rouge_l", "-o", "p.csv"],
            "p.csv",
        ),
        (
            &["eval", "p.csv", "-m", "rouge_l", "--per-item", "p.csv"],
            "p.csv",
        ),
        (&["gap", "c.csv", "--audio", ".", "-o", "c.csv"], "c.csv"),
        (&["gap", "learn", "c.txt", "p.csv", "-o", "p.csv"], "p.csv"),
        (&["convert", "c.txt", "-o", ".", "--force"], "c.txt"),
    ];
    for (args, file) in others {
        refused(&world, args, file, &[file]);
    }
    let list = ["caption", "--files-from", "c.txt", "-o", "c.txt"];
    refused(&world, &list, "c.txt", &["c.txt"]);
}

#[cfg(unix)]
#[test]
fn an_output_that_links_to_an_input_destroys_nothing() {
    let world = World::new();
    world.clip("dog.ogg", "x.ogg");
    std::os::unix::fs::symlink("x.ogg", world.path("link.txt")).expect("a link");
    refused(
        &world,
        &["caption", "x.ogg", "-o", "link.txt"],
        "x.ogg",
        &["x.ogg", "link.txt"],
    );
    fs::create_dir(world.path("out")).expect("a folder");
    fs::hard_link(world.path("x.ogg"), world.path("out/x.ogg.srt")).expect("a link");
    let args = [
        "caption",
        "x.ogg",
        "--timeline",
        "--format",
        "srt",
        "--out-dir",
        "out",
    ];
    refused(&world, &args, "x.ogg", &["x.ogg.srt"]);
    // Standard input and output can be that file, too.
    let shell = format!(
        "{} caption - < x.ogg -o x.ogg",
        assert_cmd::cargo::cargo_bin("wsac").display()
    );
    let mut run = Command::new("sh");
    let out = run
        .args(["-c", &shell])
        .current_dir(world.path("."))
        .output()
        .expect("a shell");
    assert_eq!(out.status.code(), Some(2));
    assert!(fs::metadata(world.path("x.ogg")).expect("a file").len() > 1000);
}

#[cfg(unix)]
#[test]
fn a_folder_with_links_to_itself_is_captioned_once_and_comes_to_an_end() {
    use std::os::unix::fs::symlink;
    let world = World::new();
    for folder in ["tree/sub", "tree/.hidden", "else"] {
        fs::create_dir_all(world.path(folder)).expect("a folder");
    }
    world.clip("dog.ogg", "tree/sub/a.ogg");
    world.clip("dog.ogg", "tree/.hidden/b.ogg");
    world.clip("dog.ogg", "else/c.ogg");
    world.write("tree/._a.wav", "what macOS leaves behind");
    for (target, link) in [
        (".", "tree/1"),
        ("..", "tree/sub/2"),
        ("../../tree", "tree/sub/3"),
        ("sub/a.ogg", "tree/0.ogg"),
        ("../else", "tree/4"),
        ("../else", "tree/5"),
        ("../tree", "else/back"),
    ] {
        symlink(target, world.path(link)).expect("a link");
    }
    let fifo = Command::new("mkfifo")
        .arg(world.path("tree/pipe.wav"))
        .status();
    assert!(fifo.expect("mkfifo").success());
    let run = { world.wsac(["caption", "tree"]) }
        .timeout(std::time::Duration::from_secs(60))
        .assert();
    let run = run.success().stderr(contains("links back to tree"));
    let out = stdout(&run);
    let names: Vec<&str> = out
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(names, ["tree/4/c.ogg", "tree/sub/a.ogg"]);
}

#[test]
fn recordings_that_cannot_be_read_are_not_passed_over_in_silence() {
    let world = World::new();
    fs::create_dir(world.path("tree")).expect("a folder");
    world.clip("dog.ogg", "tree/dog.ogg");
    let endings = ["opus", "webm", "mov", "aiff", "ts", "m4b"];
    for ending in endings {
        world.write(&format!("tree/x.{ending}"), "no recording");
    }
    world.write("tree/notes.txt", "notes");
    let error = stderr(&world.wsac(["caption", "tree"]).assert().code(1));
    for ending in endings {
        assert!(error.contains(&format!("tree/x.{ending}: ")), "{error}");
    }
    assert!(!error.contains("notes"), "{error}");
}

#[test]
fn a_run_in_which_every_recording_failed_ends_with_2() {
    let world = World::new();
    world.write("bad.wav", "no recording");
    world.wsac(["caption", "bad.wav"]).assert().code(2);
    world
        .wsac(["caption", "bad.wav", "gone.wav", "--timeline"])
        .assert()
        .code(2);
    world.wsac(["embed", "audio", "bad.wav"]).assert().code(2);
}

#[test]
fn more_threads_than_cores_are_taken_down_to_the_cores() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let mut run = world.wsac(["caption", "dog.ogg", "--threads", "2000"]);
    let run = run
        .timeout(std::time::Duration::from_secs(60))
        .assert()
        .success();
    assert!(stderr(&run).contains("2000 threads"), "{}", stderr(&run));
    world
        .wsac(["caption", "dog.ogg", "--threads", "0"])
        .assert()
        .code(2);
}

#[test]
fn numbers_out_of_range_are_refused_by_name_and_range() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    for flag in ["--tau", "--temperature", "--top-p", "--blend", "--silence"] {
        for value in ["nan", "inf", "-inf", "1e39", "-1e30"] {
            let more = match flag {
                "--temperature" | "--top-p" => "--sample",
                "--silence" => "--timeline",
                _ => "-q",
            };
            let flag_is = format!("{flag}={value}");
            let run = world
                .wsac(["caption", "dog.ogg", more, &flag_is])
                .assert()
                .code(2);
            let error = stderr(&run);
            assert!(
                error.contains(flag) && error.contains("from "),
                "{flag_is}: {error}"
            );
        }
    }
    for flag in ["--tau=1e-39", "--tau=0"] {
        world.wsac(["caption", "dog.ogg", flag]).assert().code(2);
    }
    for flag in ["--temperature=1e-38", "--temperature=0", "--top-p=0"] {
        world
            .wsac(["caption", "dog.ogg", "--sample", flag])
            .assert()
            .code(2);
    }
    for flag in ["--min-length", "--max-length", "--max-gap"] {
        for value in ["nan", "inf", "-1"] {
            let flag = format!("{flag}={value}");
            world
                .wsac(["caption", "dog.ogg", "--timeline", &flag])
                .assert()
                .code(2);
        }
    }
}

#[test]
fn standard_input_named_twice_is_refused() {
    let world = World::new();
    for args in [
        &["caption", "-", "-"][..],
        &["caption", "-", "/dev/stdin", "--timeline"],
        &["embed", "audio", "-", "-"],
        &["gap", "learn", "-", "-", "-o", "map"],
        &["eval", "-", "r.csv", "--against", "-"],
        &[
            "train",
            "--captions",
            "-",
            "--validation",
            "-",
            "--out",
            "run",
        ],
    ] {
        let run = world.wsac(args).write_stdin("x").assert().code(2);
        assert!(
            stderr(&run).contains("only once"),
            "{args:?}: {}",
            stderr(&run)
        );
    }
}

#[cfg(unix)]
#[test]
fn a_closed_standard_output_or_error_neither_panics_nor_loses_the_work() {
    let world = World::new();
    world.clip("dog.ogg", "good.ogg");
    world.write("bad.wav", "no recording");
    let shell = |line: &str| {
        let line = line.replace(
            "wsac",
            &assert_cmd::cargo::cargo_bin("wsac").to_string_lossy(),
        );
        let mut run = Command::new("bash");
        run.args(["-c", &line]).current_dir(world.path("."));
        run.output().expect("a shell")
    };
    let out = shell("wsac caption good.ogg >&-");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("standard output is closed"));
    assert_eq!(shell("wsac models list >&-").status.code(), Some(2));
    assert_eq!(
        shell("wsac caption good.ogg -o rows.txt >&-").status.code(),
        Some(0)
    );
    assert_eq!(shell("wsac caption good.ogg 2>&-").status.code(), Some(0));
    // A reader of standard error that goes away.
    let mut run = process();
    run.args([
        "caption",
        "--timeline",
        "bad.wav",
        "bad2.wav",
        "good.ogg",
        "-o",
        "t.txt",
    ]);
    run.current_dir(world.path("."))
        .stderr(std::process::Stdio::piped());
    let mut child = run.spawn().expect("wsac runs");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(world.read("t.txt").contains("good.ogg\t"));
}

#[test]
fn an_empty_environment_variable_is_one_that_is_not_set() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let mut run = world.wsac(["caption", "dog.ogg"]);
    run.env("WSAC_MODEL", "").assert().success();
    let mut serve = world.wsac(["serve", "--port", "0"]);
    let serve = serve.env("WSAC_TOKEN", "").assert().code(2);
    assert!(
        stderr(&serve).contains("token"),
        "a server without its token must not start"
    );
}

#[cfg(unix)]
#[test]
fn names_with_line_breaks_and_escapes_do_not_break_rows_of_text() {
    let world = World::new();
    let name = "a\nb\u{1b}[31m.ogg";
    world.clip("dog.ogg", name);
    world.write("bad\n.wav", "no recording");
    let run = world.wsac(["caption", name, "bad\n.wav"]).assert().code(1);
    let (out, err) = (stdout(&run), stderr(&run));
    assert!(out.starts_with("a\\nb\\u{1b}[31m.ogg\t"), "{out:?}");
    assert_eq!(out.lines().count(), 1);
    assert!(
        err.contains("bad\\n.wav: ") && !err.contains('\u{1b}'),
        "{err:?}"
    );
    let timeline = world.output(["caption", name, name, "--timeline", "-q"]);
    assert!(
        timeline.lines().all(|line| line.starts_with("a\\nb")),
        "{timeline:?}"
    );
}

#[test]
fn the_flags_of_long_commands_stand_under_headings() {
    let world = World::new();
    let help = world.output(["caption", "-h"]);
    for heading in ["Input and output:", "Timelines:", "Model:", "Decoding:"] {
        assert!(help.contains(heading), "{heading}: {help}");
    }
    assert!(world.output(["train", "-h"]).contains("Training:"));
    assert!(
        help.contains("Write a caption for each recording"),
        "{help}"
    );
}
