//! Tables made from texts of a few lines: always the same bytes, read back whole or refused.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::meteor::Meteor;
use crate::tables::HEADER;
use crate::wordnet::WordNet;

fn sources() -> Sources {
    Sources::new(
        [
            "dog\n7\nhound\n7\nbark\n8\n",
            "be\nis was\n",
            "a\nthe\nis\n",
            "# a comment\nMr\n",
            "0.1\nin the street\noutside\n0.2\noutside\nin the street\n0.2\noutside\nout of doors\n",
        ]
        .map(str::to_owned),
    )
}

fn write(folder: &Path, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join("tables.bin");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn tables_are_always_the_same_and_meteor_matches_with_them() {
    let packed = sources().pack().unwrap();
    assert_eq!(packed, sources().pack().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(write(folder.path(), &packed)).unwrap();
    for told in [
        "Lesser General Public License",
        "WordNet 3.0 Copyright",
        "english.synsets",
    ] {
        assert!(tables.notice().contains(told), "{told}");
    }
    assert_eq!(WordNet::new(&tables).unwrap().synsets("hounds"), [7]);
    let meteor = Meteor::new(&tables).unwrap();
    // "the": exact; "barking": stem; "dog": synonym; "outside": paraphrase of three words.
    let counted = meteor
        .statistics("the hound barks outside", "the dog barking in the street")
        .unwrap();
    assert_eq!(
        counted.to_string(),
        "4.0 6.0 1.0 2.0 0.0 0.0 1.0 1.0 1.0 1.0 0.0 0.0 1.0 1.0 0.0 0.0 1.0 2.0 0.0 1.0 1.0 4.0 6.0"
    );
}

#[test]
fn other_texts_are_not_those_of_meteor() {
    let told = sources().check().unwrap_err().to_string();
    assert!(
        told.contains("english.synsets") && told.contains(Source::Synsets.pin()),
        "{told}"
    );
}

#[test]
fn a_file_that_is_cut_or_changed_anywhere_is_refused() {
    let packed = sources().pack().unwrap();
    let parse = |bytes: Vec<u8>| Tables::read("cut", bytes).unwrap_err().to_string();
    for length in 0..packed.len() {
        let told = parse(packed[..length].to_vec());
        assert!(told.contains("wsac metrics prepare"), "{length}: {told}");
    }
    for at in 0..packed.len() {
        let mut flipped = packed.clone();
        flipped[at] ^= 1 << (at % 8);
        let told = parse(flipped);
        assert!(told.contains("wsac metrics prepare"), "byte {at}: {told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let told = Tables::open(write(folder.path(), b"PK\x03\x04"))
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("tables.bin: no file of METEOR's word tables"),
        "{told}"
    );
}

/// Whoever damages a file on purpose can set its checksum right, too.
#[test]
fn a_damaged_file_with_a_right_checksum_scores_something_or_is_refused() {
    let packed = sources().pack().unwrap();
    let notice = 4 + u32::from_le_bytes(packed[HEADER..HEADER + 4].try_into().unwrap()) as usize;
    let mut opened = 0;
    for at in (HEADER..HEADER + 4).chain(HEADER + notice..packed.len()) {
        for change in [0x01, 0x40, 0xff] {
            let mut damaged = packed.clone();
            damaged[at] ^= change;
            let checksum = Sha256::digest(&damaged[HEADER..]);
            damaged[HEADER - 32..HEADER].copy_from_slice(&checksum);
            let Ok(tables) = Tables::read("damaged", damaged) else {
                continue;
            };
            let Ok(meteor) = Meteor::new(&tables) else {
                continue;
            };
            opened += 1;
            meteor
                .statistics(
                    "the hound barks outside",
                    "the dog is barking in the street",
                )
                .unwrap();
        }
    }
    assert!(opened > 100);
}

#[cfg(feature = "prepare")]
mod reading {
    use std::fs;
    use std::io::{Cursor, Write};

    use super::*;

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn a_wheel_a_folder_and_single_files_hold_the_same_texts() {
        let wanted = sources();
        let texts = &wanted.0;
        let jar = zip(&[
            ("synonym/english.synsets", texts[0].as_bytes()),
            ("synonym/english.exceptions", texts[1].as_bytes()),
            ("synonym/english.relations", b"x"),
            ("function/english.words", texts[2].as_bytes()),
            ("nonbreaking/english.prefixes", texts[3].as_bytes()),
        ]);
        let paraphrases = gzip(&texts[4]);
        let wheel = zip(&[
            ("pycocoevalcap/eval.py", b"pass"),
            ("pycocoevalcap/meteor/meteor-1.5.jar", &jar),
            ("pycocoevalcap/meteor/data/paraphrase-en.gz", &paraphrases),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("meteor/data")).unwrap();
        for (name, bytes) in [
            ("some.whl", &wheel),
            ("meteor/meteor-1.5.jar", &jar),
            ("meteor/data/paraphrase-en.gz", &paraphrases),
        ] {
            fs::write(path(name), bytes).unwrap();
        }
        for from in [
            vec![path("some.whl")],
            vec![path("meteor")],
            vec![
                path("meteor/data/paraphrase-en.gz"),
                path("meteor/meteor-1.5.jar"),
            ],
        ] {
            let mut found = 0;
            assert_eq!(Sources::read(&from, &mut |_| found += 1).unwrap(), wanted);
            assert_eq!(found, 5);
        }
        for (from, why) in [
            (
                vec![path("meteor/meteor-1.5.jar")],
                "paraphrase-en not found",
            ),
            (vec![path("gone")], "gone: "),
            (vec![], "english.synsets, "),
        ] {
            let told = Sources::read(&from, &mut |_| ()).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
        fs::write(path("cut.whl"), &wheel[..wheel.len() / 2]).unwrap();
        let told = Sources::read(&[path("cut.whl")], &mut |_| ())
            .unwrap_err()
            .to_string();
        assert!(told.contains("cannot be read as a zip file"), "{told}");
    }
}
