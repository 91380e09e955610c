//! Recordings of every kind, right and wrong, through the public face of `wsac_audio`.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::f64::consts::PI;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Arc, Once};

use proptest::prelude::*;
use wsac_audio::{AudioStream, Source, Waveform};

/// How the samples of a test WAV are stored.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Width {
    U8,
    S16,
    S24,
    S32,
    F32,
    F64,
}

/// A WAV file of `frames` [n][channels].
fn wav(width: Width, rate: u32, frames: &[Vec<f64>]) -> Vec<u8> {
    let channels = frames.first().map_or(1, Vec::len) as u16;
    let mut data = Vec::new();
    for &x in frames.iter().flatten() {
        let full = |bits: i32| {
            (x * 2f64.powi(bits - 1))
                .round()
                .min(2f64.powi(bits - 1) - 1.0)
        };
        match width {
            Width::U8 => data.push((full(8) + 128.0) as u8),
            Width::S16 => data.extend((full(16) as i16).to_le_bytes()),
            Width::S24 => data.extend(&(full(24) as i32).to_le_bytes()[..3]),
            Width::S32 => data.extend((full(32) as i32).to_le_bytes()),
            Width::F32 => data.extend((x as f32).to_le_bytes()),
            Width::F64 => data.extend(x.to_le_bytes()),
        }
    }
    let (kind, bytes) = match width {
        Width::U8 => (1u16, 1u16),
        Width::S16 => (1, 2),
        Width::S24 => (1, 3),
        Width::S32 => (1, 4),
        Width::F32 => (3, 4),
        Width::F64 => (3, 8),
    };
    let mut file = b"RIFF".to_vec();
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    file.extend(kind.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend(rate.wrapping_mul(u32::from(channels * bytes)).to_le_bytes());
    file.extend((channels * bytes).to_le_bytes());
    file.extend((bytes * 8).to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

fn bytes(name: &str, data: Vec<u8>) -> Source {
    let (name, data) = (name.to_owned(), Arc::from(data));
    Source::Bytes { name, data }
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/audio")
        .join(name)
}

fn sine(n: usize, hz: f64, rate: u32) -> f64 {
    (2.0 * PI * hz * n as f64 / f64::from(rate)).sin()
}

/// No process is started for a file that is no recording: `tests/cases` has ffmpeg.
fn without_help() {
    wsac_audio::ffmpeg::forbid();
}

fn refused(source: &Source) -> String {
    without_help();
    let error = Waveform::load(source, 16_000).unwrap_err().to_string();
    assert!(!error.contains('\n'), "one line: {error}");
    error
}

#[test]
fn every_width_of_wav_gives_its_samples() {
    for (width, tolerance) in [
        (Width::U8, 1.0 / 128.0),
        (Width::S16, 1.0 / 32_768.0),
        (Width::S24, 1e-6),
        (Width::S32, 1e-7),
        (Width::F32, 1e-7),
        (Width::F64, 1e-7),
    ] {
        let frames: Vec<_> = (0..5_000)
            .map(|n| vec![0.8 * sine(n, 440.0, 22_050)])
            .collect();
        let source = bytes("x.wav", wav(width, 22_050, &frames));
        let wave = Waveform::load(&source, 22_050).unwrap();
        assert_eq!(wave.samples.len(), 5_000);
        for (x, frame) in wave.samples.iter().zip(&frames) {
            assert!((f64::from(*x) - frame[0]).abs() <= tolerance, "{width:?}");
        }
    }
}

#[test]
fn eight_channels_at_96_khz_are_joined_by_their_mean() {
    let n = 96_000;
    let frames: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            (1..=8)
                .map(|c| 0.1 * f64::from(c) * sine(i, 440.0, 96_000))
                .collect()
        })
        .collect();
    let source = bytes("x.wav", wav(Width::S24, 96_000, &frames));
    let stream = AudioStream::open(&source, 16_000).unwrap();
    assert_eq!((stream.source_rate(), stream.channels()), (96_000, 8));
    let wave = Waveform::load(&source, 16_000).unwrap();
    assert_eq!(wave.samples.len(), 16_000);
    assert_eq!(wave.duration(), 1.0);
    for i in 1_000..15_000 {
        let exact = 0.45 * sine(i, 440.0, 16_000);
        assert!((f64::from(wave.samples[i]) - exact).abs() < 1e-4);
    }
}

#[test]
fn compressed_recordings_hold_the_sine_they_were_made_of() {
    for (name, seconds) in [
        ("sine.flac", 0.3),
        ("sine.mp3", 0.5),
        ("sine.ogg", 0.5),
        ("sine.m4a", 0.5),
        ("sine.aac", 0.5),
        ("sine.mka", 0.5),
    ] {
        let source = Source::from(fixture(name));
        let mut stream = AudioStream::open(&source, 16_000).unwrap();
        assert_eq!(
            (stream.source_rate(), stream.channels()),
            (44_100, 2),
            "{name}"
        );
        let mut samples = Vec::new();
        while let Some(block) = stream.next_block().unwrap() {
            assert!(!block.is_empty());
            samples.extend(block);
        }
        assert!(stream.warnings().is_empty(), "{:?}", stream.warnings());
        assert_eq!(samples, Waveform::load(&source, 16_000).unwrap().samples);
        let length = samples.len() as f64 / 16_000.0;
        assert!((length - seconds).abs() < 0.08, "{name}: {length} s");
        // Power and correlation with 440 Hz, away from the ends.
        let inside = &samples[1_000..2_400];
        let (mut power, mut re, mut im) = (0.0, 0.0, 0.0);
        for (n, &x) in inside.iter().enumerate() {
            let (x, angle) = (f64::from(x), 2.0 * PI * 440.0 * n as f64 / 16_000.0);
            power += x * x;
            re += x * angle.cos();
            im += x * angle.sin();
        }
        let n = inside.len() as f64;
        let amplitude = 2.0 * re.hypot(im) / n;
        assert!((amplitude - 0.125).abs() < 0.01, "{name}: {amplitude}");
        assert!(amplitude * amplitude / 2.0 / (power / n) > 0.99, "{name}");
    }
}

#[test]
fn bytes_and_path_and_waveform_are_one_recording() {
    let path = fixture("sine.flac");
    let from_path = Waveform::load(&Source::from(&path), 16_000).unwrap();
    let from_bytes = bytes("sine.flac", std::fs::read(&path).unwrap());
    assert_eq!(Waveform::load(&from_bytes, 16_000).unwrap(), from_path);
    let whole = Waveform::load(&from_bytes, 44_100).unwrap();
    let mut stream = AudioStream::from_waveform(&whole, 16_000).unwrap();
    let mut samples = Vec::new();
    while let Some(block) = stream.next_block().unwrap() {
        samples.extend(block);
    }
    assert_eq!(samples, from_path.samples);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_as_a_file() {
    for name in ["sine.flac", "sine.mp3", "sine.ogg", "sine.m4a", "sine.mka"] {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let data = std::fs::read(fixture(name)).unwrap();
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, data)
        });
        let piped = Waveform::load(&Source::from(&pipe), 16_000).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(
            piped,
            Waveform::load(&Source::from(fixture(name)), 16_000).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_dash_is_standard_input() {
    assert!(matches!(Source::from("-"), Source::Stdin));
    assert!(matches!(Source::from("a.wav"), Source::Path(_)));
}

#[test]
fn a_clip_of_a_millisecond_has_sixteen_samples() {
    let frames = vec![vec![0.5]; 44];
    let wave = Waveform::load(&bytes("x.wav", wav(Width::S16, 44_100, &frames)), 16_000).unwrap();
    assert_eq!(wave.samples.len(), 16);
}

#[test]
fn samples_that_are_no_numbers_become_silence() {
    let mut frames = vec![vec![0.5]; 100];
    frames[3] = vec![f64::NAN];
    frames[4] = vec![f64::INFINITY];
    frames[5] = vec![1e30];
    let source = bytes("x.wav", wav(Width::F32, 16_000, &frames));
    let mut stream = AudioStream::open(&source, 16_000).unwrap();
    let block = stream.next_block().unwrap().unwrap();
    assert_eq!(block[2..7], [0.5, 0.0, 0.0, 0.0, 0.5]);
    assert!(stream.next_block().unwrap().is_none());
    assert_eq!(
        stream.warnings(),
        ["x.wav: 3 of 100 samples are no finite numbers; taken as silence"]
    );
    let all = bytes("x.wav", wav(Width::F64, 16_000, &vec![vec![f64::NAN]; 100]));
    assert!(refused(&all).contains("holds no sound"));
}

#[test]
fn what_is_no_recording_is_named_in_one_line() {
    let said = refused(&bytes("x.wav", Vec::new()));
    assert_eq!(said, "x.wav: is empty (0 bytes)");
    let said = refused(&bytes(
        "x.wav",
        "Grüße, dies ist Text.\n".repeat(99).into_bytes(),
    ));
    assert!(
        said.starts_with("x.wav: is text, not a recording"),
        "{said}"
    );
    let said = refused(&bytes("x.wav", wav(Width::S16, 16_000, &[])));
    assert!(said.contains("holds no sound (0 samples)"), "{said}");
    let said = refused(&bytes("x.bin", vec![0; 4_096]));
    assert!(said.contains("is no recording of a known kind"), "{said}");
    let said = refused(&Source::from(fixture("silent-film.mp4")));
    assert!(said.contains("holds no sound"), "{said}");
    let said = refused(&Source::from(fixture("..")));
    assert!(said.contains("is a directory"), "{said}");
    let said = refused(&Source::from(fixture("nowhere.wav")));
    assert!(said.contains("No such file"), "{said}");
}

#[test]
fn headers_with_absurd_rates_or_no_channels_are_refused() {
    for rate in [0, 1, 99, 1_000_001, 4_000_000_000] {
        let frames = vec![vec![0.5]; 64];
        let said = refused(&bytes("x.wav", wav(Width::S16, rate, &frames)));
        assert!(
            said.contains("rate") || said.contains("cannot be read"),
            "{said}"
        );
    }
    let mut none = wav(Width::S16, 16_000, &vec![vec![0.5]; 64]);
    none[22] = 0;
    refused(&bytes("x.wav", none));
    let frames = vec![vec![0.5]; 64];
    let strange = bytes("x.wav", wav(Width::S16, 44_099, &frames));
    assert_eq!(Waveform::load(&strange, 16_000).unwrap().samples.len(), 23);
    assert!(Waveform::load(&strange, 0).is_err());
}

#[test]
fn a_truncated_recording_gives_what_there_is_and_says_so() {
    let frames: Vec<_> = (0..32_000)
        .map(|n| vec![0.5 * sine(n, 440.0, 16_000)])
        .collect();
    let mut file = wav(Width::S16, 16_000, &frames);
    file.truncate(44 + 2 * 16_000);
    let mut stream = AudioStream::open(&bytes("x.wav", file), 16_000).unwrap();
    let mut samples = 0;
    while let Some(block) = stream.next_block().unwrap() {
        samples += block.len();
    }
    assert!((15_000..=16_000).contains(&samples), "{samples}");
    assert_eq!(
        stream.warnings(),
        ["x.wav: is truncated: 1.0 of 2.0 s could be read"]
    );
    for name in ["sine.flac", "sine.mp3", "sine.ogg", "sine.m4a", "sine.mka"] {
        let file = std::fs::read(fixture(name)).unwrap();
        for part in 0..40 {
            let cut = bytes(name, file[..file.len() * part / 40].to_vec());
            if let Err(error) = Waveform::load(&cut, 16_000) {
                assert!(!error.to_string().contains('\n'));
            }
        }
    }
}

/// The panics of `work`, those that the library catches too: symphonia's become errors of the file.
fn panics(work: impl FnOnce()) -> Vec<String> {
    thread_local! {
        static NOTED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let note = |list: &mut Option<Vec<String>>| {
                list.as_mut().map(|list| list.push(panic.to_string()))
            };
            if NOTED.with_borrow_mut(note).is_none() {
                usual(panic);
            }
        }));
    });
    NOTED.set(Some(Vec::new()));
    let _ = panic::catch_unwind(AssertUnwindSafe(work));
    NOTED.take().unwrap_or_default()
}

#[test]
fn a_panic_that_is_caught_is_counted() {
    let caught = panics(|| drop(panic::catch_unwind(|| panic!("in the decoder"))));
    assert!(
        caught.len() == 1 && caught[0].contains("in the decoder"),
        "{caught:?}"
    );
    assert!(panics(|| ()).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn garbage_never_panics(data in prop::collection::vec(any::<u8>(), 0..4_000)) {
        without_help();
        let panics = panics(|| drop(Waveform::load(&bytes("x", data), 16_000)));
        prop_assert!(panics.is_empty(), "{panics:?}");
    }

    #[test]
    fn a_damaged_recording_never_panics(
        name in prop::sample::select(vec![
            "sine.flac", "sine.mp3", "sine.ogg", "sine.m4a", "sine.aac", "sine.mka", "sine.opus", "wav",
        ]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        early in any::<bool>(),
        keep in 0.1f64..1.0,
    ) {
        without_help();
        let mut file = match name {
            "wav" => wav(Width::S16, 44_100, &vec![vec![0.1, 0.2]; 500]),
            name => std::fs::read(fixture(name)).unwrap(),
        };
        let reach = if early { file.len().min(128) } else { file.len() };
        for (at, value) in damage {
            file[at.index(reach)] = value;
        }
        file.truncate((file.len() as f64 * keep) as usize);
        let panics = panics(|| drop(Waveform::load(&bytes(name, file), 16_000)));
        prop_assert!(panics.is_empty(), "{name}: {panics:?}");
    }
}
