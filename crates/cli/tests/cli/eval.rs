//! `wsac eval`: files of captions as people have them, what is said where they do not fit, and every format.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;

use crate::world::{World, stdout};

const PREDICTIONS: &str = "file_name,caption_predicted\n\
    a.wav,A dog barks loudly.\nb.wav,\"Rain falls, then stops.\"\nc.wav,A man is speaking.\n";
const REFERENCES: &str = "file_name,caption_1,caption_2\n\
    c.wav,A man speaks.,Someone is talking.\nb.wav,Rain is falling.,Rain falls on a roof.\n\
    a.wav,A dog barks loudly.,Loud barking of a dog.\n";
/// The metrics that need neither tables nor models.
const LIGHT: &str = "bleu,rouge_l,cider_d,vocab";

fn world() -> World {
    let world = World::new();
    world.write("p.csv", PREDICTIONS);
    world.write("r.csv", REFERENCES);
    world
}

/// The scores of `p` against `r`, by name.
fn scores(world: &World, files: &[&str]) -> Value {
    let light = ["-m", LIGHT, "-f", "json"];
    let out = world.output(["eval"].iter().chain(files).chain(&light));
    let report: Value = serde_json::from_str(&out).expect("JSON");
    report["scores"].clone()
}

#[test]
fn files_are_joined_by_name_whatever_their_kind_and_columns() {
    let world = world();
    let wanted = scores(&world, &["p.csv", "r.csv"]);
    assert!(wanted["bleu_1"]["score"].as_f64().expect("a score") > 0.5);
    world.write(
        "p.tsv",
        "caption\tfilename\nA man is speaking.\tc.wav\nA dog barks loudly.\ta.wav\nRain falls, then stops.\tb.wav\n",
    );
    world.write(
        "p.txt",
        "a.wav\tA dog barks loudly.\nb.wav\tRain falls, then stops.\nc.wav\tA man is speaking.\n",
    );
    world.write(
        "p.jsonl",
        concat!(
            r#"{"file_name":"clips/b.wav","caption":"Rain falls, then stops.","logprob":-1.0}"#,
            "\n",
            r#"{"file_name":"clips/a.wav","caption":"A dog barks loudly."}"#,
            "\n",
            r#"{"file_name":"clips/c.wav","caption":"A man is speaking."}"#,
            "\n"
        ),
    );
    world.write(
        "p.json",
        r#"{"a.wav": "A dog barks loudly.", "b.wav": ["Rain falls, then stops."], "c.wav": "A man is speaking."}"#,
    );
    world.write(
        "bom.csv",
        [
            b"\xEF\xBB\xBF",
            PREDICTIONS.replace('\n', "\r\n").as_bytes(),
        ]
        .concat(),
    );
    world.write("stems.csv", PREDICTIONS.replace(".wav", ""));
    for predictions in [
        "p.tsv",
        "p.txt",
        "p.jsonl",
        "p.json",
        "bom.csv",
        "stems.csv",
    ] {
        assert_eq!(
            scores(&world, &[predictions, "r.csv"]),
            wanted,
            "{predictions}"
        );
    }
    world.write(
        "evaluation_tools.csv",
        REFERENCES.replace(
            "caption_1,caption_2",
            "caption_reference_01,caption_reference_02",
        ),
    );
    world.write(
        "rows.csv",
        "audiocap_id,file_name,caption\n5,c.wav,A man speaks.\n6,c.wav,Someone is talking.\n\
         3,b.wav,Rain is falling.\n4,b.wav,Rain falls on a roof.\n1,a.wav,A dog barks loudly.\n2,a.wav,Loud barking of a dog.\n",
    );
    world.write(
        "lists.csv",
        "file_name,captions\nc.wav,\"['A man speaks.', 'Someone is talking.']\"\n\
         b.wav,\"['Rain is falling.', \"\"Rain falls on a roof.\"\"]\"\na.wav,\"['A dog barks loudly.', 'Loud barking of a dog.']\"\n",
    );
    world.write(
        "coco.json",
        r#"{"images": [], "annotations": [
            {"image_id": "c.wav", "caption": "A man speaks."}, {"image_id": "c.wav", "caption": "Someone is talking."},
            {"image_id": "b.wav", "caption": "Rain is falling."}, {"image_id": "b.wav", "caption": "Rain falls on a roof."},
            {"image_id": "a.wav", "caption": "A dog barks loudly."}, {"image_id": "a.wav", "caption": "Loud barking of a dog."}]}"#,
    );
    for references in ["evaluation_tools.csv", "rows.csv", "lists.csv", "coco.json"] {
        assert_eq!(
            scores(&world, &["p.csv", references]),
            wanted,
            "{references}"
        );
    }
    // aac-metrics: both in one file, which has no names.
    world.write(
        "aac.csv",
        "caption_predicted,caption_1,caption_2\nA dog barks loudly.,A dog barks loudly.,Loud barking of a dog.\n\
         \"Rain falls, then stops.\",Rain is falling.,Rain falls on a roof.\nA man is speaking.,A man speaks.,Someone is talking.\n",
    );
    assert_eq!(
        scores(&world, &["aac.csv"])["cider_d"]["score"],
        wanted["cider_d"]["score"]
    );
}

#[test]
fn files_that_do_not_fit_are_told_by_clip_and_line() {
    let world = world();
    for (name, content, told) in [
        (
            "other.csv",
            &b"file_name,caption_predicted\na.wav,a dog\nz.wav,a cat\n"[..],
            vec![
                "no caption for 2 clips (\"c.wav\", \"b.wav\") of r.csv",
                "no references for 1 clip (\"z.wav\") of other.csv",
                "--common",
            ],
        ),
        (
            "twice.csv",
            b"file_name,caption\na.wav,a dog\nb.wav,a cat\na.wav,a cow\n",
            vec!["line 4", "\"a.wav\"", "line 2"],
        ),
        (
            "column.csv",
            b"file_name,keywords\na.wav,dog\n",
            vec!["line 1", "file_name, keywords", "caption_predicted"],
        ),
        (
            "nameless.csv",
            b"caption\na dog\n",
            vec!["no column of file names"],
        ),
        (
            "cells.csv",
            b"file_name,caption\na.wav,a dog, then a cat\n",
            vec!["line 2", "double quotes"],
        ),
        ("empty.csv", b"", vec!["empty.csv: is empty"]),
        (
            "header.csv",
            b"file_name,caption\n",
            vec!["has no captions"],
        ),
        (
            "broken.json",
            b"[{\"file_name\": \"a.wav\"",
            vec!["broken.json"],
        ),
        (
            "broken.jsonl",
            b"{\"file_name\": \"a.wav\", \"caption\": \"x\"}\n{oops\n",
            vec!["line 2"],
        ),
        ("utf16.csv", b"\xFF\xFEa\0", vec!["UTF-16"]),
    ] {
        world.write(name, content);
        let ran = world
            .wsac(["eval", name, "r.csv", "-m", LIGHT])
            .assert()
            .code(2);
        for words in told {
            ran.get_output();
            let stderr = String::from_utf8_lossy(&ran.get_output().stderr).into_owned();
            assert!(stderr.contains(words), "{name}: {words}: {stderr}");
        }
    }
    world.write(
        "bare.csv",
        "file_name,caption_1,caption_2\na.wav,,\nb.wav,rain,\nc.wav,talk,speech\n",
    );
    let bare = world
        .wsac(["eval", "p.csv", "bare.csv", "-m", LIGHT])
        .assert()
        .code(2);
    bare.stderr(contains("3 empty cells were taken for no reference").and(contains("\"a.wav\"")));
}

#[test]
fn clips_that_not_all_files_have_are_left_out_only_when_asked_and_told() {
    let world = world();
    world.write(
        "some.csv",
        "file_name,caption_predicted\na.wav,A dog barks loudly.\nb.wav,rain\nz.wav,a cat\n",
    );
    let ran = world
        .wsac(["eval", "some.csv", "r.csv", "-m", LIGHT, "--common"])
        .assert()
        .code(1);
    ran.stdout(contains("2 clips"))
        .stderr(contains("\"c.wav\"").and(contains("\"z.wav\"")));
}

#[test]
fn nothing_said_and_odd_letters_have_a_score() {
    let world = world();
    world.write(
        "odd.csv",
        b"file_name,caption_predicted\na.wav,\nb.wav,caf\xE9 rain \xF0\xF1\nc.wav,\"line\nbreak and \t tab\"\n",
    );
    let ran = world
        .wsac(["eval", "odd.csv", "r.csv", "-m", LIGHT])
        .assert()
        .success();
    ran.stderr(contains("1 lines are not UTF-8"))
        .stdout(contains("(nothing)"));
    let long = "rain and wind ".repeat(70_000);
    world.write(
        "long.csv",
        format!("file_name,caption\na.wav,{long}\nb.wav,x\nc.wav,y\n"),
    );
    world
        .wsac(["eval", "long.csv", "r.csv", "-m", LIGHT, "--show", "0"])
        .assert()
        .success();
}

#[test]
fn one_line_that_is_not_utf8_leaves_the_others_alone() {
    let world = world();
    let jsonl = |caption: &[u8]| {
        let clip = |name: &str, caption: &[u8]| {
            let name = format!("{{\"file_name\": \"{name}.wav\", \"caption\": \"");
            [name.as_bytes(), caption, b"\"}\n"].concat()
        };
        [
            clip("a", caption),
            clip("b", "caf\u{e9}".as_bytes()),
            clip("c", b"a man"),
        ]
        .concat()
    };
    let items = |file: &str, content: Vec<u8>| {
        world.write(file, content);
        world.output([
            "eval",
            file,
            "r.csv",
            "-m",
            "rouge_l",
            "-q",
            "--per-item",
            "items.csv",
        ]);
        world.read("items.csv")
    };
    assert_eq!(
        items("odd.jsonl", jsonl(b"caf\xE9")),
        items("good.jsonl", jsonl("caf\u{e9}".as_bytes()))
    );
}

#[test]
fn an_empty_reference_in_a_list_is_one_and_an_empty_cell_is_none() {
    let world = World::new();
    world.write("p.csv", "file_name,caption\na.wav,a dog\nb.wav,rain\n");
    let bleu = |references: &str, content: &str| -> f64 {
        world.write(references, content);
        let run = ["eval", "p.csv", references, "-m", "bleu", "-f", "json"];
        let report: Value = serde_json::from_str(&world.output(run)).expect("JSON");
        report["scores"]["bleu_1"]["score"]
            .as_f64()
            .expect("a score")
    };
    let lists = r#"{"a.wav": ["a dog barks at night", ""], "b.wav": ["rain"]}"#;
    let cells = "file_name,caption_1,caption_2\na.wav,a dog barks at night,\nb.wav,rain,\n";
    // The empty one is closest in length to the candidate, so that this is not too short.
    assert!((bleu("r.json", lists) - 1.0).abs() < 1e-6);
    assert!((bleu("r.csv", cells) - (-1.0f64).exp()).abs() < 1e-6);
}

#[test]
fn every_format_tells_the_same_scores() {
    let world = world();
    let run = |format| world.output(["eval", "p.csv", "r.csv", "-m", LIGHT, "-f", format]);
    let json: Value = serde_json::from_str(&run("json")).expect("JSON");
    let score = json["scores"]["cider_d"]["score"]
        .as_f64()
        .expect("a score");
    let interval = &json["scores"]["cider_d"]["interval"];
    assert!(interval[0].as_f64() <= Some(score) && Some(score) <= interval[1].as_f64());
    assert_eq!(json["clips"], 3);
    assert_eq!(
        json["worst"][0]["references"].as_array().map(Vec::len),
        Some(2)
    );
    let table = run("table");
    assert!(table.contains(&format!("{score:.4}")), "{table}");
    assert!(
        table.contains("worst by cider_d") && table.contains("    - A man speaks."),
        "{table}"
    );
    assert!(
        run("markdown").contains(&format!("| {score:.4} |")),
        "{}",
        run("markdown")
    );
    assert!(
        run("csv").contains(&format!("\ncider_d,{score},")),
        "{}",
        run("csv")
    );
    assert!(
        run("latex").contains(&format!("{:.2}", 100.0 * score))
            && run("latex").contains("bleu\\_4")
    );
    assert_eq!(run("json"), run("json"), "equal seeds give equal intervals");
}

#[test]
fn each_clip_has_its_scores_in_a_file() {
    let world = world();
    let run = |file| {
        world.output([
            "eval",
            "p.csv",
            "r.csv",
            "-m",
            "rouge_l,vocab",
            "--per-item",
            file,
        ])
    };
    run("items.csv");
    let csv = world.read("items.csv");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "file_name,caption_predicted,rouge_l");
    assert!(lines[3].starts_with("a.wav,A dog barks loudly.,1"), "{csv}");
    run("items.jsonl");
    let jsonl = world.read("items.jsonl");
    let last: Value = serde_json::from_str(jsonl.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (last["file_name"].as_str(), last["rouge_l"].as_f64()),
        (Some("a.wav"), Some(1.0))
    );
}

#[test]
fn a_worse_system_is_told_apart_and_itself_is_not() {
    let world = World::new();
    let row = |i: usize, caption: &str| format!("{i}.wav,{caption}\n");
    let captions = [
        "a dog barks",
        "rain falls on a roof",
        "a man speaks loudly",
        "birds sing in the trees",
    ];
    let table = |caption: &dyn Fn(usize) -> &'static str| {
        let rows: String = (0..40).map(|i| row(i, caption(i))).collect();
        format!("file_name,caption\n{rows}")
    };
    world.write("r.csv", table(&|i| captions[i % 4]));
    world.write(
        "good.csv",
        table(&|i| captions[if i % 8 == 0 { 1 } else { i % 4 }]),
    );
    world.write("bad.csv", table(&|i| captions[(i / 4) % 4]));
    let told = |other| -> Value {
        let run = [
            "eval",
            "good.csv",
            "r.csv",
            "-m",
            "bleu,rouge_l",
            "--against",
            other,
            "-f",
            "json",
        ];
        serde_json::from_str(&world.output(run)).expect("JSON")
    };
    let worse = told("bad.csv");
    for metric in ["bleu_4", "rouge_l"] {
        let told = &worse["scores"][metric];
        assert!(
            told["difference"].as_f64() > Some(0.3) && told["p"].as_f64() < Some(0.01),
            "{told}"
        );
        assert!(
            told["difference_interval"][0].as_f64() > Some(0.0),
            "{told}"
        );
    }
    assert_eq!(
        told("good.csv")["scores"]["bleu_1"]["p"].as_f64(),
        Some(1.0)
    );
    let table = world.output([
        "eval",
        "good.csv",
        "r.csv",
        "-m",
        "rouge_l",
        "--against",
        "bad.csv",
        "--show",
        "0",
    ]);
    assert!(
        table.contains("difference") && table.contains("0.00"),
        "{table}"
    );
}

#[test]
fn a_metric_that_cannot_be_computed_says_why() {
    let world = world();
    let ran = world
        .wsac(["eval", "p.csv", "r.csv", "-m", "cider_d,spider_max"])
        .assert()
        .code(1);
    ran.stdout(contains("spider_max: not computed: ").and(contains("cider_d ")));
    let set = world
        .wsac(["eval", "p.csv", "r.csv", "-m", "coco"])
        .env_remove("WSAC_SPICE_JARS")
        .assert()
        .success();
    let set = stdout(&set);
    assert!(
        set.contains("spice: not computed: ") && set.contains("spider: not computed: "),
        "{set}"
    );
    let unknown = world
        .wsac(["eval", "p.csv", "r.csv", "-m", "bleurt"])
        .assert()
        .code(2);
    unknown.stderr(contains("dcase2024"));
}

#[test]
fn a_hundred_thousand_clips_are_scored() {
    let world = World::new();
    let table = |columns: &str, text: &str| {
        let rows: String = (0..100_000)
            .map(|i| format!("{i}.wav,{text} {}\n", i % 977))
            .collect();
        format!("file_name,{columns}\n{rows}")
    };
    world.write("p.csv", table("caption_predicted", "a dog barks at sound"));
    world.write("r.csv", table("caption", "a dog is barking at number"));
    let run = ["eval", "p.csv", "r.csv", "-m", LIGHT, "--bootstrap", "10"];
    let out = world.output(run);
    assert!(out.contains("100000 clips, 100000 references"), "{out}");
}

#[test]
fn coco_files_are_joined_on_the_image_and_not_on_the_annotations_own_id() {
    let world = World::new();
    let (mut annotations, mut results) = (Vec::new(), Vec::new());
    let captions = [
        "A dog barks loudly in a yard",
        "Rain falls on a metal roof",
        "A man speaks into a microphone",
    ];
    for (image, caption) in (1..).zip(captions) {
        let id = 4 - image;
        annotations.push(serde_json::json!({"id": id, "image_id": image, "caption": caption}));
        results.push(serde_json::json!({"image_id": image, "caption": caption}));
    }
    let annotations = serde_json::json!({"images": [], "annotations": annotations});
    world.write("ann.json", annotations.to_string());
    world.write("res.json", serde_json::json!(results).to_string());
    let run = ["eval", "res.json", "ann.json", "-m", LIGHT, "-f", "json"];
    let report: Value = serde_json::from_str(&world.output(run)).expect("JSON");
    let score = |name: &str| report["scores"][name]["score"].as_f64().expect("a score");
    assert!((score("bleu_1") - 1.0).abs() < 1e-9 && (score("cider_d") - 10.0).abs() < 1e-9);
}

#[test]
fn what_is_easily_mistaken_about_cider_is_said() {
    let world = World::new();
    world.write("one.csv", "file_name,caption\na.wav,a dog barks\n");
    world.write(
        "two.csv",
        "file_name,caption\na.wav,a dog barks\nb.wav,rain falls\n",
    );
    let run = |file: &str, metric: &str| {
        let run = world
            .wsac(["eval", file, file, "-m", metric])
            .assert()
            .success();
        String::from_utf8_lossy(&run.get_output().stderr).into_owned()
    };
    assert!(run("one.csv", "cider_d").contains("0 by construction"));
    assert_eq!(run("two.csv", "cider_d"), "");
    assert!(run("two.csv", "cider").contains("CIDEr-D"));
    let nothing = world
        .wsac(["eval", "two.csv", "two.csv", "-m", "spider_max"])
        .assert();
    nothing.code(2);
}
