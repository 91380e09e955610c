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
fn arriving_sound_is_told_as_it_is_heard() {
    let world = World::new();
    world.clip("dog.ogg", "dog.ogg");
    let sound = wsac::audio::Waveform::load(&world.path("dog.ogg").into(), 16_000).expect("a clip");
    let raw: Vec<u8> = (sound.samples.iter())
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let encode = |stream: Vec<u8>, flags: &[&str]| {
        let mut run = world.wsac(["listen", "--format", "jsonl"].iter().chain(flags));
        run.write_stdin(stream).output().expect("wsac runs")
    };
    let out = encode(raw, &["--raw", "f32", "--rate", "16000"]);
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let out = String::from_utf8_lossy(&out.stdout).into_owned();
    let first: serde_json::Value =
        serde_json::from_str(out.lines().next().expect("an event")).expect("JSON");
    let caption = first["caption"].as_str().expect("a caption").to_lowercase();
    assert!(
        caption.contains("dog") || caption.contains("bark"),
        "{caption}"
    );
    let wrong = encode(b"no sound at all".to_vec(), &[]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("no WAV stream"));
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
