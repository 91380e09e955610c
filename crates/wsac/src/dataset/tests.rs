#![allow(clippy::unwrap_used)]
use super::*;
use wsac_golden as golden;

fn read(path: &str, bytes: impl AsRef<[u8]>) -> Result<CaptionSet> {
    CaptionSet::read(bytes.as_ref(), path)
}

fn captions(path: &str, bytes: impl AsRef<[u8]>) -> Vec<String> {
    let set = read(path, bytes).unwrap();
    set.captions().map(str::to_owned).collect()
}

fn error(path: &str, bytes: impl AsRef<[u8]>) -> String {
    read(path, bytes).unwrap_err().to_string()
}

#[test]
fn clotho_keeps_five_captions_a_clip() {
    let set = read(
        "c.csv",
        "file_name,caption_1,caption_2,caption_3\n\"a, b.wav\",One.,\"Two, too\",Three\nc.wav,Four,,Six\n",
    )
    .unwrap();
    assert!(
        set.captions()
            .eq(["One.", "Two, too", "Three", "Four", "Six"])
    );
    assert_eq!(set.clips(), [vec![0, 1, 2], vec![3, 4]]);
    assert_eq!(
        (set.clip_name(0), set.clip_name(2)),
        (Some("a, b.wav"), None)
    );
    assert_eq!((set.empty, set.latin1), (1, 0));
}

#[test]
fn audiocaps_rows_of_one_clip_are_joined() {
    let csv = "audiocap_id,youtube_id,start_time,caption\n1,abc,30,A dog\n2,xyz,0,A cat\n3,abc,30,Barking\n4,abc,40,Rain\n";
    let set = read("a.csv", csv).unwrap();
    assert_eq!(set.clips(), [vec![0, 2], vec![1], vec![3]]);
    assert_eq!(set.clip_name(0), Some("abc_30"));
    assert_eq!(set.clip_of(2), 0);
}

#[test]
fn plain_text_has_a_caption_a_line() {
    assert_eq!(
        captions("a.txt", "a dog\n\n  a   cat \r\nlast"),
        ["a dog", "a cat", "last"]
    );
    let set = read("a.txt", "a dog\n\nb").unwrap();
    assert_eq!(
        (set.empty, set.clips().len(), set.clip_name(0)),
        (1, 2, None)
    );
    assert_eq!(
        captions("-", "caption this, please\nb"),
        ["caption this, please", "b"]
    );
}

#[test]
fn json_of_every_shape() {
    let objects = r#"{"caption":"a dog","file_name":"x.wav"}, {"captions":["b","c"],"id":7}"#;
    assert_eq!(captions("a.json", r#"["a dog", "b"]"#), ["a dog", "b"]);
    for wrapped in [
        format!("[{objects}]"),
        format!("{{\"n\":1,\"data\":[{objects}],\"more\":{{}}}}"),
    ] {
        for path in ["a.json", "-"] {
            let set = read(path, &wrapped).unwrap();
            assert!(set.captions().eq(["a dog", "b", "c"]));
            assert_eq!(set.clips(), [vec![0], vec![1, 2]]);
            assert_eq!(
                (set.clip_name(0), set.clip_name(1)),
                (Some("x.wav"), Some("7"))
            );
        }
    }
    let lines = "{\"text\":\"a\"}\n\n\"b\"\r\n{\"caption_1\":\"c\",\"caption_2\":\"d\"}\n";
    assert_eq!(captions("-", lines), ["a", "b", "c", "d"]);
    assert_eq!(captions("a.jsonl", lines), ["a", "b", "c", "d"]);
    assert_eq!(captions("a.json", r#"{"caption":"one"}"#), ["one"]);
}

#[test]
fn broken_json_names_the_line_or_the_keys() {
    let said = error("a.jsonl", "\"a\"\n{\"title\":\"x\"}\n");
    assert!(
        said.starts_with("a.jsonl, line 2: ") && said.contains("found: title"),
        "{said}"
    );
    let said = error("a.jsonl", "\"a\"\n{\"title\"");
    assert!(said.contains("line 2: is no JSON"), "{said}");
    let said = error("a.json", "[\"a\",\n {\"title\":\"x\"}]");
    assert!(
        said.contains("line 2: ") && said.contains("found: title"),
        "{said}"
    );
    let said = error("a.json", "[\"a\",\n");
    assert!(said.contains("EOF"), "{said}");
    assert!(error("a.json", "3").contains("a list of captions"));
    assert!(error("a.json", "[3]").contains("neither a caption"));
}

#[test]
fn an_empty_file_is_an_error() {
    for path in ["a.csv", "a.txt", "a.json", "a.jsonl", "-"] {
        for empty in ["", "\u{feff}"] {
            let said = error(path, empty);
            assert!(said.contains("is empty"), "{said}");
        }
    }
    assert!(error("a.txt", "\n \r\n").contains("2 empty"));
    assert!(error("a.csv", "file_name,caption\n").contains("is empty"));
    assert!(error("a.csv", "file_name,caption\na.wav,\n").contains("1 empty"));
    assert!(
        read_captions("no/such/file.csv")
            .unwrap_err()
            .to_string()
            .contains("no/such/file.csv")
    );
}

#[test]
fn one_caption_is_enough() {
    assert_eq!(captions("a.csv", "caption\nA dog"), ["A dog"]);
    assert_eq!(captions("a.txt", "A dog"), ["A dog"]);
}

#[test]
fn windows_line_ends_and_bom() {
    let csv = "\u{feff}file_name,caption\r\na.wav,A dog\r\nb.wav,\"Rain,\r\nwind\"\r\n";
    assert_eq!(captions("a.csv", csv), ["A dog", "Rain, wind"]);
    assert_eq!(captions("a.txt", "\u{feff}a\r\nb\r\n"), ["a", "b"]);
    assert!(error("a.csv", [0xFF, 0xFE, b'c', 0]).contains("UTF-16"));
    assert!(error("a.txt", b"RIFF\0\0\0\0WAVE").contains("not text"));
}

#[test]
fn latin1_bytes_are_read_and_counted() {
    let set = read(
        "a.csv",
        b"file_name,caption\na.wav,caf\xe9 noise\nb.wav,a dog\x92s bark\nc.wav,caf\xc3\xa9\n",
    )
    .unwrap();
    assert!(set.captions().eq(["café noise", "a dog’s bark", "café"]));
    assert_eq!(set.latin1, 2);
    assert_eq!(captions("a.txt", b"na\xefve"), ["naïve"]);
    assert_eq!(captions("a.json", b"[\"na\xefve\"]"), ["naïve"]);
}

#[test]
fn a_missing_column_names_those_found_and_those_accepted() {
    let said = error("a.csv", "file_name,keywords\na.wav,dog\n");
    assert!(said.starts_with("a.csv, line 1: "), "{said}");
    assert!(
        said.contains("found: file_name, keywords") && said.contains("caption_1"),
        "{said}"
    );
}

#[test]
fn quotes_and_commas() {
    let said = error("a.csv", "file_name,caption\na.wav,A dog, barking\n");
    assert!(
        said.contains("line 2: 3 cells") && said.contains("double quotes"),
        "{said}"
    );
    let lost = format!("caption\n\"a dog\n{}", "a cat\n".repeat(3000));
    assert!(error("a.csv", lost).contains("closing double quote"));
    assert_eq!(
        captions("a.csv", "file_name;caption\na;A dog, barking\n"),
        ["A dog, barking"]
    );
    assert_eq!(
        captions("a.tsv", "id\tcaption\n1\tA dog, barking\n"),
        ["A dog, barking"]
    );
    assert_eq!(
        captions("-", "caption,file_name\n\"A \"\"big\"\" dog\",x\n"),
        ["A \"big\" dog"]
    );
    assert_eq!(
        captions("a.csv", "file_name,caption_1,caption_2\na.wav,A dog\n"),
        ["A dog"]
    );
}

#[test]
fn a_million_captions_are_read_in_little_memory() {
    let csv = "file_name,caption\n".to_owned()
        + &"some file 1.wav,\"A dog barks, then rain falls\"\n".repeat(1_000_000);
    let start = std::time::Instant::now();
    for (path, bytes) in [("a.csv", csv.as_str()), ("a.txt", &csv)] {
        let set = read(path, bytes).unwrap();
        assert!(set.len() >= 1_000_000);
    }
    // A debug build on a busy machine needs the most of this.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    println!("two million lines: {:?}", start.elapsed());
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn real_files() {
    for (file, captions, clips) in [
        ("clotho_train.csv", 19_195, 3_839),
        ("audiocaps_train.csv", 49_274, 49_274),
        ("audiocaps_val.csv", 2_470, 494),
    ] {
        let Some(path) = golden::shared(&format!("captions/{file}")) else {
            return;
        };
        let set = read_captions(path).unwrap();
        assert_eq!((set.len(), set.clips().len()), (captions, clips), "{file}");
    }
    let Some(path) = golden::shared("captions/soundbible.json") else {
        return;
    };
    let set = read_captions(path).unwrap();
    assert_eq!(set.caption(0), "An airplane is landing.");
    assert!(set.len() > 1000);
}

/// The names of a set's clips and how many captions each has.
fn clips(path: &str, bytes: impl AsRef<[u8]>) -> Vec<(String, usize)> {
    let set = read(path, bytes).unwrap();
    let name = |clip: usize| set.clip_name(clip).unwrap_or("-").to_owned();
    let clips = set.clips();
    let counted = clips.iter().enumerate();
    counted.map(|(i, rows)| (name(i), rows.len())).collect()
}

fn expected(clips: &[(&str, usize)]) -> Vec<(String, usize)> {
    clips
        .iter()
        .map(|(name, n)| ((*name).to_owned(), *n))
        .collect()
}

#[test]
fn a_row_without_a_file_name_shared_a_clip_with_a_named_one() {
    let csv = "file_name,caption\n,a dog barks\nx.wav,rain falls on a roof\n,a man speaks\ny.wav,wind\nx.wav,rain\n";
    let want = expected(&[("-", 1), ("x.wav", 2), ("-", 1), ("y.wav", 1)]);
    assert_eq!(clips("a.csv", csv), want);
    for nothing in ["  ", "nan", "NaN", "null", "None", "<NA>", "N/A"] {
        let csv = csv.replace("\n,", &format!("\n{nothing},"));
        assert_eq!(clips("a.csv", csv), want, "{nothing}");
    }
    for nothing in ["null", "\"\"", "\" \"", "\"nan\""] {
        let row = |name: &str, caption: &str| {
            format!("{{\"file_name\": {name}, \"caption\": \"{caption}\"}}")
        };
        let rows = [
            row(nothing, "a dog barks"),
            row("\"x.wav\"", "rain falls"),
            row(nothing, "a man speaks"),
            row("\" y.wav\"", "wind"),
            row("\"x.wav\"", "rain"),
        ];
        assert_eq!(clips("a.jsonl", rows.join("\n")), want, "{nothing}");
        assert_eq!(clips("a.json", format!("[{}]", rows.join(","))), want);
    }
}

#[test]
fn a_clip_whose_captions_are_all_empty_gave_its_name_to_the_next() {
    let csv = "file_name,caption\nx.wav,\n,a dog\ny.wav,a cat\n";
    assert_eq!(clips("a.csv", csv), expected(&[("-", 1), ("y.wav", 1)]));
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn a_name_that_all_records_share_made_them_one_clip() {
    let rows = |audio: &str| {
        let row =
            |id: u32| format!(r#"{{"caption": "sound {id}", "id": "{id}", "audio": "{audio}"}}"#);
        format!("{{\"data\": [{}]}}", [7, 8, 9].map(row).join(","))
    };
    let ids = expected(&[("7", 1), ("8", 1), ("9", 1)]);
    assert_eq!(clips("a.json", rows("wav_path")), ids);
    assert_eq!(clips("a.json", rows("path/to/audio.wav")), ids);
    let set = read("a.json", rows("wav_path")).unwrap();
    assert!(
        set.warnings()[0].contains("audio \"wav_path\""),
        "{:?}",
        set.warnings()
    );
    // Without anything else that names them, each is its own; but a file may be about one recording.
    let csv = "audio,caption\nwav_path,a\nwav_path,b\n";
    assert_eq!(clips("a.csv", csv), expected(&[("-", 1), ("-", 1)]));
    let csv = "audiocap_id,file_name,caption\n1,x.wav,a\n2,x.wav,b\n";
    assert_eq!(clips("a.csv", csv), expected(&[("x.wav", 2)]));
    let csv = "audiocap_id,youtube_id,start_time,caption\n1,abc,30,a\n2,abc,30,b\n";
    assert_eq!(clips("a.csv", csv), expected(&[("abc_30", 2)]));
    let csv = "file_name,caption_1,caption_2\ndog,a,b\n";
    assert_eq!(clips("a.csv", csv), expected(&[("dog", 2)]));
    if let Some(path) = golden::shared("cases/wavcaps.json") {
        let set = read_captions(path).unwrap();
        assert_eq!(
            (set.clip_name(0), set.clip_name(1)),
            (Some("123"), Some("124"))
        );
    }
}

#[test]
fn a_list_in_a_cell_was_one_caption_with_brackets() {
    let csv = "filename,captions\na.wav,\"['A dog barks', 'Rain falls']\"\nb.wav,\"[\"\"A cat\"\", \"\"Wind\"\"]\"\nc.wav,[sic] a bell\n";
    assert_eq!(
        captions("a.csv", csv),
        ["A dog barks", "Rain falls", "A cat", "Wind", "[sic] a bell"]
    );
    assert_eq!(clips("a.csv", csv)[0], ("a.wav".to_owned(), 2));
}

#[test]
fn a_line_break_without_quotes_lost_half_a_caption_without_a_word() {
    let csv = "id,youtube_id,start_time,caption\n1,abc,0,heavy wind followed by a loud\nbang\n2,xyz,30,a cat\n";
    let set = read("a.csv", csv).unwrap();
    assert_eq!((set.len(), set.empty), (2, 0));
    let said = set.warnings().join("\n");
    assert!(
        said.contains("line 3: ") && said.contains("\"bang\"") && said.contains("double quotes"),
        "{said}"
    );
    // Where a column follows the caption, its rest may be taken for a caption.
    let set = read("a.csv", "id,caption,split\n1,heavy wind\nbang,train\n").unwrap();
    assert_eq!(set.warnings().len(), 2);
    let said = error("a.csv", "id,caption\nbang\n");
    assert!(said.contains("line 2") && said.contains("bang"), "{said}");
}

#[test]
fn captions_that_lay_deeper_in_json_were_not_found() {
    let nested = r#"[{"file_name": "a.wav", "captions": [{"caption": "A dog"}, {"caption": "Dog"}]},
                     {"file_name": "b.wav", "captions": [{"text": "A cat"}]}]"#;
    assert_eq!(captions("a.json", nested), ["A dog", "Dog", "A cat"]);
    assert_eq!(
        clips("a.json", nested),
        expected(&[("a.wav", 2), ("b.wav", 1)])
    );
    let rows = |name: &str| {
        let column = |value: &str| {
            let cell = |i: u32| format!("\"{i}\": \"{value} {i}\"");
            format!("{{{}}}", (0..12).map(cell).collect::<Vec<_>>().join(","))
        };
        format!(
            "{{\"caption\": {}, \"{name}\": {}}}",
            column("sound"),
            column("clip")
        )
    };
    let set = read("a.json", rows("file_name")).unwrap();
    assert_eq!((set.len(), set.caption(2)), (12, "sound 2"));
    assert_eq!(set.clip_name(11), Some("clip 11"));
    let lists = r#"{"caption": ["A dog", "A cat"], "file_name": ["a.wav", null]}"#;
    assert_eq!(clips("a.json", lists), expected(&[("a.wav", 1), ("-", 1)]));
    assert!(error("a.json", r#"[{"caption": 5}]"#).contains("5 is no caption"));
    let coco = r#"{"images": [{"id": 1}], "annotations": [{"id": 70, "image_id": 1, "caption": "a"}, {"id": 71, "image_id": 1, "caption": "b"}]}"#;
    assert_eq!(clips("a.json", coco), expected(&[("1", 2)]));
}

#[test]
fn captions_in_memory_are_trimmed_and_kept_by_clip_as_those_of_a_file() {
    let clips = [vec![" a  dog\nbarks ", "dog"], vec![""], vec!["rain"]];
    let set = CaptionSet::of_clips(&clips).unwrap();
    let by_clip = set.captions_by_clip();
    assert_eq!(by_clip, [vec!["a dog barks", "dog"], vec!["rain"]]);
    let none = CaptionSet::of_clips(&[vec![" "]]).unwrap_err().to_string();
    assert!(none.starts_with("the captions: has no caption"), "{none}");
}
