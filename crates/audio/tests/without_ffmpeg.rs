//! What is said of files that we do not decode, where no ffmpeg may be started: the right name and a command that works.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use wsac_audio::{Source, Waveform, ffmpeg};

fn refused(name: &str, data: &[u8]) -> String {
    ffmpeg::forbid();
    let (name, data) = (name.to_owned(), Arc::from(data));
    let source = Source::Bytes { name, data };
    let error = Waveform::load(&source, 16_000).unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn each_kind_is_named_by_its_magic() {
    for (magic, name) in [
        (b"FLV\x01\x04\0\0\0\x09".as_slice(), "FLV"),
        (b"#!AMR\n", "AMR"),
        (b"#!AMR-WB\n", "AMR-WB"),
        (b"wvpk\0\0\0\0", "WavPack"),
        (b"MAC \x96\x0f", "Monkey's Audio (APE)"),
        (b"TTA1", "TTA"),
        (
            b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
            "Windows Media (ASF, WMA)",
        ),
        (
            b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x50Speex   1.2",
            "Ogg Speex",
        ),
        (b"\x0b\x77\0\0", "AC-3"),
        (b"FRM8\0\0", "DSDIFF"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
    ] {
        let data = [magic, &[0xaa; 5_000]].concat();
        let said = refused("my song; rm -rf x.bin", &data);
        let start =
            format!("my song; rm -rf x.bin: is {name}, which wsac does not decode itself; ");
        assert!(said.starts_with(&start), "{said}");
        let command = "`ffmpeg -i 'my song; rm -rf x.bin' 'my song; rm -rf x.wav'`";
        assert!(said.ends_with(command), "{said}");
    }
}

#[test]
fn what_holds_no_sound_is_said_to_hold_none() {
    for (magic, name) in [
        (b"\x89PNG\r\n\x1a\n".as_slice(), "a picture (PNG)"),
        (b"\xff\xd8\xff\xe0", "a picture (JPEG)"),
        (b"%PDF-1.7\n\xff", "a PDF document"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
    ] {
        let said = refused("x", &[magic, &[0x80; 5_000]].concat());
        assert!(
            said.starts_with(&format!("x: is {name}, not a recording")),
            "{said}"
        );
    }
}

#[test]
fn kinds_of_sound_inside_wav_are_named() {
    for (tag, name) in [
        (0x31u16, "GSM 6.10"),
        (0x1602, "AAC"),
        (0x161, "Windows Media Audio"),
        (0x1234, "0x1234"),
    ] {
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        file.extend(tag.to_le_bytes());
        file.extend(b"\x01\0\x40\x1f\0\0\0\0\0\0\x41\0\0\0data\0\x10\0\0");
        file.extend([0x5a; 4_096]);
        let said = refused("x.wav", &file);
        assert!(
            said.starts_with("x.wav: is WAV, but cannot be decoded (") && said.contains(name),
            "{said}"
        );
    }
}

#[test]
fn noise_is_of_no_known_kind() {
    let mut seed = 1u32;
    for _ in 0..50 {
        let mut byte = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        let data: Vec<u8> = std::iter::once(0x01)
            .chain((0..20_000).map(|_| byte()))
            .collect();
        let said = refused("x.bin", &data);
        assert!(said.contains("is no recording of a known kind"), "{said}");
    }
}

#[test]
fn the_core_of_he_aac_is_heard_and_told() {
    ffmpeg::forbid();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio/sine.m4a");
    let mut file = std::fs::read(path).unwrap();
    // The configuration of plain AAC, 44.1 kHz, stereo, turned into one of HE-AAC with that core.
    let plain = [0x12, 0x10, 0x56, 0xe5, 0x00];
    let place = file.windows(5).position(|w| w == plain).unwrap();
    file[place..place + 5].copy_from_slice(&[0x2a, 0x11, 0x88, 0x00, 0x00]);
    let (name, data) = ("he.m4a".to_owned(), Arc::from(file));
    let source = Source::Bytes { name, data };
    let mut stream = wsac_audio::AudioStream::open(&source, 16_000).unwrap();
    let mut samples = 0;
    while let Some(block) = stream.next_block().unwrap() {
        samples += block.len();
    }
    assert!((7_500..9_500).contains(&samples), "{samples}");
    let said = "he.m4a: is HE-AAC; without ffmpeg only its sound below 22050 Hz is heard";
    assert_eq!(stream.warnings(), [said]);
}
