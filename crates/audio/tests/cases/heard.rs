//! Hears recordings: bytes or fixtures -> samples and warnings, the same from a file, from memory and through a pipe.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wsac_audio::{AudioStream, Hearing, Source, Waveform};

/// What was heard of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// At [`RATE`].
    pub samples: Vec<f32>,
    pub warnings: Vec<String>,
}

/// The rate at which recordings are heard here, in Hz.
pub const RATE: u32 = 16_000;

impl Heard {
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(RATE)
    }
}

/// A recording in `crates/audio/tests/audio`.
pub fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio");
    folder.join(name)
}

pub fn bytes(name: &str, data: Vec<u8>) -> Source {
    let (name, data) = (name.to_owned(), Arc::from(data));
    Source::Bytes { name, data }
}

/// Hears `source`.
pub fn hear(source: &Source, hearing: &Hearing) -> Result<Heard, String> {
    let told = |error: wsac_audio::Error| error.to_string();
    let mut stream = AudioStream::open_with(source, RATE, hearing).map_err(told)?;
    let mut samples = Vec::new();
    while let Some(block) = stream.next_block().map_err(told)? {
        samples.extend(block);
    }
    let warnings = stream.warnings().to_vec();
    Ok(Heard { samples, warnings })
}

/// Hears the file that `data` is, from memory, as a file and through a pipe, which must agree.
pub fn everywhere(name: &str, data: &[u8]) -> Result<Heard, String> {
    let bare = |heard: Result<Heard, String>, prefix: &Path| {
        let prefix = prefix.display().to_string();
        let short = |text: String| text.replace(&prefix, name);
        heard.map_err(short).map(|heard| Heard {
            warnings: heard.warnings.into_iter().map(short).collect(),
            ..heard
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, data).unwrap();
    let file = bare(hear(&Source::from(&path), &Hearing::default()), &path);
    let memory = hear(&bytes(name, data.to_vec()), &Hearing::default());
    assert_eq!(memory, file, "{name}: memory and file differ");
    #[cfg(unix)]
    {
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let writer = std::thread::spawn({
            let (pipe, data) = (pipe.clone(), data.to_vec());
            // Whoever has heard enough closes the pipe.
            move || drop(std::fs::write(pipe, data))
        });
        let piped = bare(hear(&Source::from(&pipe), &Hearing::default()), &pipe);
        writer.join().unwrap();
        if let (Ok(piped), Ok(file)) = (&piped, &file) {
            assert_eq!(piped.samples, file.samples, "{name}: pipe and file differ");
        }
        assert_eq!(piped.is_ok(), file.is_ok(), "{name}: {piped:?}");
    }
    file
}

/// The whole of `source` at [`RATE`], without a look at warnings.
pub fn samples(source: &Source) -> Vec<f32> {
    Waveform::load(source, RATE).unwrap().samples
}

/// Bursts of a tone that falls from burst to burst, with noise between: sound that no shift maps onto itself.
pub fn tones(count: usize, rate: u32) -> Vec<f32> {
    let mut noise = 1u32;
    let sample = |i: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (time, hiss) = (
            i as f64 / f64::from(rate),
            f64::from(noise >> 16) / 65_536.0 - 0.5,
        );
        let (burst, phase) = ((time * 4.0).floor(), (time * 4.0).fract());
        let tone = (time * (1_000.0 - 30.0 * burst) * std::f64::consts::TAU).sin();
        (0.4 * (1.0 - phase) * tone + 0.01 * hiss) as f32
    };
    (0..count).map(sample).collect()
}

/// The part of the energy of `a` that `b` has in common with it, in [0, 1].
pub fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y));
        products.sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(1e-12)
}
