//! Folders are recognised, written whole, and keep the identity of their model.

#![allow(clippy::unwrap_used)]

use super::*;
use wsac_tensors::safetensors::TensorFile;

/// A file with the names of a CLAP of WavCaps, tiny.
fn file() -> TensorFile {
    let mut file = TensorFile::new();
    let mark = "audio_encoder.audio_enc.conv_block1.conv1.weight";
    let odd: Vec<f32> = (0..27).map(|i| i as f32 / 7.0).collect();
    file.f32(mark, &[3, 1, 3, 3], &odd);
    file.f32("audio_proj.0.bias", &[3], &[0.1, 0.2, 0.3]);
    file.f32("a.melW", &[1, 2], &[0.1, 0.7]);
    file.f32("temp", &[], &[0.07]);
    file.f32(
        "text_encoder.text_encoder.embeddings.position_ids",
        &[2],
        &[0.0, 1.0],
    );
    file
}

fn convert(from: &Path, to: &Path, precision: StorageDtype) -> Written {
    let files = ClapFiles::open(from, None).unwrap();
    let mut progress = 0;
    let written = files
        .write(to, precision, &mut |bytes| progress = bytes)
        .unwrap();
    assert_eq!(progress, written.bytes);
    written
}

#[test]
fn a_folder_has_the_numbers_and_the_fingerprint_of_its_source() {
    let place = tempfile::tempdir().unwrap();
    let (source, out) = (place.path().join("c.pt"), place.path().join("out"));
    file().save(&source).unwrap();
    fs::write(place.path().join("vocab.txt"), "[PAD]\n").unwrap();
    fs::write(place.path().join(CONFIG), "of something else").unwrap();
    let written = convert(&source, &out, StorageDtype::F32);
    let bytes = 4 * (27 + 3 + 2);
    assert_eq!(
        written,
        Written {
            tensors: 3,
            left_out: 2,
            bytes
        }
    );
    let (old, new) = (
        ClapFiles::open(&source, None).unwrap(),
        ClapFiles::open(&out, None).unwrap(),
    );
    assert_eq!((old.bytes(), new.bytes()), (bytes, bytes));
    assert_eq!(new.family, Family::WavCapsCnn14);
    assert_eq!(old.fingerprint(), new.fingerprint());
    assert_eq!(new.fingerprint().len(), 16);
    for name in new.weights.names() {
        let shape = new.weights.shape(name).unwrap();
        assert_eq!(
            *new.weights.get(name, &shape).unwrap(),
            *old.weights.get(name, &shape).unwrap()
        );
    }
    assert!(out.join("vocab.txt").is_file() && !out.join(CONFIG).exists());
    let card: Card = json(&out.join(CARD)).unwrap().unwrap();
    assert_eq!(
        (card.source.as_str(), card.precision, card.tensors),
        ("c.pt", StorageDtype::F32, 3)
    );
    assert_eq!(card.source_sha256, sha256(&[source]).unwrap());
    let error = new.write(&out, StorageDtype::F32, &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("another folder"));
}

#[test]
fn f16_rounds_matrices_alone() {
    let place = tempfile::tempdir().unwrap();
    let (source, out) = (place.path().join("c.bin"), place.path().join("out"));
    file().save(&source).unwrap();
    assert_eq!(
        convert(&source, &out, StorageDtype::F16).bytes,
        2 * 27 + 4 * 5
    );
    let files = ClapFiles::open(&out, None).unwrap();
    let exact = ClapFiles::open(&source, None).unwrap();
    assert_eq!(files.fingerprint(), exact.fingerprint());
    assert_eq!(
        *files.weights.get("audio_proj.0.bias", &[3]).unwrap(),
        [0.1, 0.2, 0.3]
    );
    assert_eq!(*files.weights.get("a.melW", &[1, 2]).unwrap(), [0.1, 0.7]);
    let mut large = file();
    large.f32("m", &[1, 1], &[1e6]);
    large.save(&source).unwrap();
    let files = ClapFiles::open(&source, None).unwrap();
    let error = files
        .write(&out, StorageDtype::F16, &mut |_| ())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("tensor m holds 1000000, too large for f16"),
        "{error}"
    );
    // What was there is no longer said to be whole, and nothing half-written is left.
    assert!(!out.join(CARD).exists() && !out.join("model.safetensors.part").exists());
}

#[test]
fn another_number_is_another_fingerprint() {
    let place = tempfile::tempdir().unwrap();
    let fingerprint = |file: &TensorFile, family| {
        let path = place.path().join("c.safetensors");
        file.save(&path).unwrap();
        ClapFiles::open(&path, family).unwrap().fingerprint()
    };
    let mut other = file();
    other.f32("audio_proj.2.bias", &[1], &[0.0]);
    let mut another = file();
    another.f32("audio_proj.2.bias", &[1], &[0.5]);
    let all = [
        fingerprint(&file(), None),
        fingerprint(&file(), Some(Family::WavCapsHtsat)),
        fingerprint(&other, None),
        fingerprint(&another, None),
    ];
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn folders_without_a_choice_are_opened_and_others_refused() {
    let place = tempfile::tempdir().unwrap();
    let open = || ClapFiles::open(place.path(), None).map_err(|e| e.to_string());
    assert!(open().unwrap_err().contains("holds no weights"));
    file().save(place.path().join("a.ckpt")).unwrap();
    assert!(open().is_ok());
    file().save(place.path().join("b.pt")).unwrap();
    assert!(open().unwrap_err().contains("name one: a.ckpt, b.pt"));
    file().save(place.path().join("pytorch_model.bin")).unwrap();
    fs::write(
        place.path().join(CONFIG),
        r#"{"text_config": {"layer_norm_eps": 1e-5}}"#,
    )
    .unwrap();
    let files = open().unwrap();
    assert_eq!(files.config.unwrap()["text_config"]["layer_norm_eps"], 1e-5);
    fs::write(place.path().join(CONFIG), "{").unwrap();
    assert!(open().unwrap_err().contains("cannot be understood"));
    fs::remove_file(place.path().join(CONFIG)).unwrap();
    let card = |format: u32, family: &str| {
        let card = serde_json::json!({"format": format, "family": family, "source": "", "source_sha256": "",
            "precision": "f16", "tensors": 1});
        fs::write(place.path().join(CARD), card.to_string()).unwrap();
    };
    card(1, "wavcaps-htsat");
    assert_eq!(open().unwrap().family, Family::WavCapsHtsat);
    card(2, "wavcaps-htsat");
    assert!(open().unwrap_err().contains("format 2"));
    card(1, "clip");
    assert!(open().unwrap_err().contains("family"));
}

#[test]
fn a_check_names_what_is_missing() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("c.pt");
    file().save(&path).unwrap();
    let error = ClapFiles::open(&path, None)
        .unwrap()
        .check()
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("missing"), "{error}");
}
