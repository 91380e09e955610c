//! `wsac merge`: parts of a run become the whole, and what is missing, double, failed or foreign is told.

use std::fs;

use crate::world::{World, stderr};

fn caption(name: &str, text: &str) -> String {
    format!("{{\"file_name\":{name:?},\"caption\":{text:?}}}\n")
}

fn failure(name: &str) -> String {
    format!("{{\"file_name\":{name:?},\"error\":\"is empty (0 bytes)\"}}\n")
}

/// Runs `wsac merge ARGS -o all.jsonl`; what it says, and the rows.
fn merge(world: &World, args: &[&str], code: i32) -> (String, String) {
    let run = world.wsac(["merge"].iter().chain(args).chain(&["-o", "all.jsonl"]));
    let said = stderr(&{ run }.assert().code(code));
    let rows = fs::read_to_string(world.path("all.jsonl"));
    (said, rows.unwrap_or_default())
}

#[test]
fn the_parts_of_a_run_are_the_rows_of_the_whole_run_in_its_order() {
    for timeline in [&[][..], &["--timeline"]] {
        let world = World::new();
        fs::create_dir(world.path("tree")).expect("a folder");
        for i in 0..5 {
            world.clip(["dog.ogg", "rooster.ogg"][i % 2], &format!("tree/{i}.ogg"));
        }
        world.write("list.txt", "tree\n");
        let run = |out: &str, more: &[&str]| {
            let args = ["caption", "--files-from", "list.txt", "--format", "jsonl"];
            let output = ["-q", "-o", out];
            let args = args.iter().chain(&output).chain(timeline);
            world.output(args.chain(more));
        };
        run("whole.jsonl", &[]);
        run("1.jsonl", &["--shard", "1/2"]);
        run("2.jsonl", &["--shard", "2/2"]);
        let parts = ["2.jsonl", "1.jsonl", "--names", "list.txt"];
        let (said, rows) = merge(&world, &parts, 0);
        assert!(said.contains("5 of 5 recordings joined"), "{said}");
        assert_eq!(rows, world.read("whole.jsonl"), "{timeline:?}");
    }
}

#[test]
fn names_that_are_missing_double_failed_or_foreign_are_told() {
    let world = World::new();
    let first = [caption("a.wav", "A."), failure("b.wav"), failure("c.wav")].concat();
    let second = [
        caption("b.wav", "B."),
        caption("a.wav", "Another."),
        caption("x.wav", "X."),
    ];
    world.write("1.jsonl", first);
    world.write("2.jsonl", second.concat());
    world.write("names.txt", "d.wav\nc.wav\nb.wav\na.wav\n");
    let files = ["1.jsonl", "2.jsonl", "--names", "names.txt"];
    let (said, rows) = merge(&world, &files, 1);
    for line in [
        "wsac: d.wav: is missing",
        "wsac: c.wav: failed: is empty (0 bytes)",
        "wsac: a.wav: is double; the rows in 2.jsonl are left out",
        "wsac: x.wav: is not among the names; left out",
        "wsac: 3 of 4 recordings joined",
    ] {
        assert!(
            said.lines().any(|said| said == line),
            "{line} not in:\n{said}"
        );
    }
    assert_eq!(
        said.lines().count(),
        5,
        "b.wav was captioned in the end: {said}"
    );
    let wanted = [
        failure("c.wav"),
        caption("b.wav", "B."),
        caption("a.wav", "A."),
    ];
    assert_eq!(rows, wanted.concat());
    // Without a list nothing is foreign, and the order is that of the files.
    let (said, rows) = merge(&world, &files[..2], 1);
    assert!(
        said.contains("4 of 4") && !said.contains("missing"),
        "{said}"
    );
    assert!(rows.starts_with(&caption("a.wav", "A.")) && rows.ends_with(&caption("x.wav", "X.")));
}

#[test]
fn a_timeline_that_breaks_off_is_no_recording_that_is_done() {
    let world = World::new();
    let segment = |name: &str, start: f64| {
        format!("{{\"file_name\":{name:?},\"start\":{start:.1},\"end\":9.0,\"caption\":\"A.\"}}\n")
    };
    let end = "{\"file_name\":\"a.wav\",\"duration\":9.0,\"segments\":2}\n";
    let a = [&segment("a.wav", 0.0), &segment("a.wav", 4.0), end].concat();
    world.write("1.jsonl", format!("{a}{}", segment("b.wav", 0.0)));
    world.write("torn.jsonl", "{\"file_name\":\"c.wav\",\"dura");
    let (said, rows) = merge(&world, &["1.jsonl", "torn.jsonl"], 1);
    assert!(
        said.contains("b.wav: breaks off in 1.jsonl; go on with --resume"),
        "{said}"
    );
    assert_eq!(rows, a);
}

#[test]
fn what_cannot_be_joined_is_said_and_no_input_is_overwritten() {
    let world = World::new();
    world.write("1.jsonl", caption("a.wav", "A."));
    world.write("notes.jsonl", "hello\n");
    world.write("empty.jsonl", "");
    for (args, why) in [
        (["1.jsonl", "notes.jsonl"], "notes.jsonl: line 1 is no row"),
        (["1.jsonl", "gone.jsonl"], "gone.jsonl"),
        (["empty.jsonl", "empty.jsonl"], "no"),
    ] {
        let (said, _) = merge(&world, &args, 2);
        assert!(said.contains(why), "{said}");
    }
    let run = world.wsac(["merge", "1.jsonl", "-o", "1.jsonl"]).assert();
    let said = stderr(&run.code(2));
    assert!(said.contains("both an input and an output"), "{said}");
    assert_eq!(world.read("1.jsonl"), caption("a.wav", "A."));
}
