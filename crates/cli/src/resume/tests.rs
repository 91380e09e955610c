use super::*;

const CSV: &str = "file_name,start,end,caption\n";

/// What is left of `before`, and the names that are not done of a, b and c.
fn resumed(format: Format, timeline: bool, before: &str) -> Result<(String, Vec<String>)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("out");
    std::fs::write(&file, before)?;
    let mut done = Done::read(&file, format, timeline)?;
    let left = done.left(["a", "b", "c"].map(Into::into).to_vec());
    let left = left.iter().map(|path| path.display().to_string()).collect();
    Ok((std::fs::read_to_string(&file)?, left))
}

#[test]
fn rows_that_were_torn_or_failed_are_cut_off_and_done_again() {
    let a = "{\"file_name\":\"a\",\"caption\":\"A dog.\"}\n";
    let b = "{\"file_name\":\"b\",\"error\":\"is empty\"}\n";
    let (kept, left) =
        resumed(Format::Jsonl, false, &format!("{b}{a}{{\"file_na")).expect("resumed");
    assert_eq!((kept.as_str(), left), (a, vec!["b".into(), "c".into()]));
    let csv = "file_name,caption_predicted\na,A dog.\n";
    let (kept, left) = resumed(Format::Csv, false, &format!("{csv}b,\"A do")).expect("resumed");
    assert_eq!((kept.as_str(), left.len()), (csv, 2));
}

#[test]
fn a_recording_that_was_not_told_to_its_end_is_told_again() {
    let segment = |name: &str, start: f64| {
        format!("{{\"file_name\":\"{name}\",\"start\":{start},\"caption\":\"A dog.\"}}\n")
    };
    let end =
        |name: &str| format!("{{\"file_name\":\"{name}\",\"duration\":9.0,\"segments\":1}}\n");
    let whole = segment("a", 1.0) + &segment("a", 2.0) + &end("a") + &end("c");
    let (kept, left) = resumed(
        Format::Jsonl,
        true,
        &(segment("b", 0.0) + &whole + &segment("b", 1.0)),
    )
    .expect("resumed");
    assert_eq!((kept, left), (whole, vec!["b".into()]));
    let a = "a,0.500,1.000,\"A dog,\nloud.\"\na,2.000,3.000,Rain.\n";
    for torn in [
        "",
        "b,0.0",
        "b,0.000,1.000,Rain.\n",
        "\"b\n",
        "b,0.0,1.0,\"A\n",
    ] {
        let next = "b,0.000,1.000,Rain.\n";
        let before = format!("{CSV}{a}{next}{torn}");
        let (kept, left) = resumed(Format::Csv, true, &before).expect("resumed");
        // Twice the same beginning: b was told twice.
        let twice = torn == next;
        let want = format!("{CSV}{a}{}", if twice { next } else { "" });
        assert_eq!(kept, want, "{torn:?}");
        assert_eq!(left.len(), 2 - usize::from(twice));
    }
}

#[test]
fn what_is_named_twice_is_done_when_it_was_told_twice() {
    let a = "{\"file_name\":\"a\",\"caption\":\"A dog.\"}\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("out");
    std::fs::write(&file, a).expect("a file");
    let mut done = Done::read(&file, Format::Jsonl, false).expect("resumed");
    assert_eq!(done.left(vec!["a".into(), "a".into()]).len(), 1);
    let mut none = Done::read(&folder.path().join("new"), Format::Jsonl, false).expect("none");
    assert_eq!((none.begun, none.left(vec!["a".into()]).len()), (false, 1));
}

#[test]
fn files_that_cannot_be_gone_on_with_are_refused_in_a_sentence() {
    let refused = |format, timeline, before: &str| {
        let error = resumed(format, timeline, before).expect_err("refused");
        format!("{error:#}")
    };
    let said = refused(Format::Srt, true, "");
    assert!(
        said.contains("jsonl or csv") && said.contains("--out-dir"),
        "{said}"
    );
    assert!(refused(Format::Text, false, "").contains("jsonl or csv"));
    assert!(refused(Format::Jsonl, false, "a poem\n").contains("line 1"));
    let segment = "{\"file_name\":\"a\",\"start\":0.5}\n";
    assert!(refused(Format::Jsonl, false, segment).contains("of a timeline"));
    assert!(refused(Format::Csv, false, CSV).contains("does not begin"));
    let odd = format!("{CSV}a,b\nb,0.0,1.0,Rain.\n");
    assert!(refused(Format::Csv, true, &odd).contains("line 2"));
    assert!(Done::read(Path::new("-"), Format::Csv, false).is_err());
}
