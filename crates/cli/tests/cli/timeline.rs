//! `wsac caption --timeline`: segments in every format, folders of recordings, what was done before is not done again.

use crate::world::World;

#[test]
fn a_recording_becomes_segments_in_every_format() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let told =
        |format: &str| world.output(["caption", "dog.ogg", "--timeline", "--format", format]);
    assert!(told("srt").starts_with("1\n00:00:0"));
    assert!(told("vtt").starts_with("WEBVTT\n\n00:00:0"));
    assert!(told("textgrid").starts_with("File type = \"ooTextFile\""));
    assert!(told("csv").starts_with("file_name,start,end,caption\ndog.ogg,"));
    assert_eq!(
        told("labels")
            .lines()
            .next()
            .expect("a line")
            .split('\t')
            .count(),
        3
    );
    let first: serde_json::Value =
        serde_json::from_str(told("jsonl").lines().next().expect("a line")).expect("JSON");
    let caption = first["caption"].as_str().expect("a caption").to_lowercase();
    assert!(
        caption.contains("dog") || caption.contains("bark"),
        "{caption}"
    );
    assert!(first["start"].as_f64() < first["end"].as_f64());
    let whole = world.output(["caption", "dog.ogg", "--timeline", "--summary", "-q"]);
    assert!(whole.lines().count() > 2, "{whole}");
}

#[test]
fn folders_are_told_file_by_file_and_only_once() {
    let world = World::new();
    std::fs::create_dir_all(world.path("tree/sub")).expect("a folder");
    world.clip("dog.ogg", "tree/sub/dog.ogg");
    world.write("tree/bad.wav", "this is no recording");
    let run = |more: &[&str]| {
        let flags = [
            "caption",
            "tree",
            "--timeline",
            "--format",
            "srt",
            "--out-dir",
            "out",
        ];
        world
            .wsac(flags.iter().chain(more))
            .output()
            .expect("wsac runs")
    };
    let first = run(&[]);
    assert_eq!(first.status.code(), Some(1));
    let said = String::from_utf8_lossy(&first.stderr).into_owned();
    assert!(
        said.contains("bad.wav") && said.contains("segments in"),
        "{said}"
    );
    let file = world.path("out/tree/sub/dog.ogg.srt");
    let made = std::fs::metadata(&file)
        .expect("a file")
        .modified()
        .expect("a time");
    run(&["--resume"]);
    let still = std::fs::metadata(&file)
        .expect("a file")
        .modified()
        .expect("a time");
    assert_eq!(made, still);
    let error = |flags: &[&str]| {
        let out = world.wsac(flags.iter()).output().expect("wsac runs");
        assert_eq!(out.status.code(), Some(2), "{flags:?}");
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    assert!(error(&["caption", "tree", "--timeline", "--format", "srt"]).contains("--out-dir"));
    assert!(error(&["caption", "tree", "--format", "srt"]).contains("--timeline"));
    let short = ["caption", "tree", "--timeline", "--max-length", "0.1"];
    assert!(error(&short).contains("twice the shortest"));
}
