//! A folder for a test, recordings to put in it, and the command to run there.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use tempfile::TempDir;

/// A private folder.
pub struct World {
    folder: TempDir,
}

impl World {
    /// An empty folder.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder }
    }

    /// The path of `name` in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the folder can be written");
        path
    }

    /// Copies one of the recordings in `examples/clips`.
    pub fn clip(&self, clip: &str, name: &str) -> PathBuf {
        let from = repository().join("examples/clips").join(clip);
        self.write(name, fs::read(from).expect("the example clips"))
    }

    /// The content of a file that the program wrote.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a text file")
    }

    /// `wsac ARGS`, run in the folder, with nothing from outside that changes what it does.
    pub fn wsac<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(program());
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_remove("WSAC_MODEL")
            .env("WSAC_CACHE", self.path("cache"));
        command
    }

    /// Standard output of `wsac ARGS`, which must succeed.
    pub fn output<S: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        stdout(&self.wsac(args).assert().success())
    }
}

/// The program under test: the binary, or `$WSAC_PROGRAM`, such as the command of the Python package.
fn program() -> PathBuf {
    let given = std::env::var_os("WSAC_PROGRAM").map(PathBuf::from);
    given.unwrap_or_else(|| assert_cmd::cargo::cargo_bin("wsac"))
}

/// `wsac` for tests that watch the process itself.
pub fn process() -> std::process::Command {
    let mut command = std::process::Command::new(program());
    command.env_remove("WSAC_MODEL");
    command
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// What was written to standard output.
pub fn stdout(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
}

/// What was written to standard error.
pub fn stderr(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

/// A WAV file of `bytes` of samples; `kind` is 1 for integers, 3 for floats.
pub fn wav(kind: u16, bits: u16, channels: u16, rate: u32, bytes: &[u8]) -> Vec<u8> {
    let mut wav = wav_header(kind, bits, channels, rate, bytes.len() as u32);
    wav.extend(bytes);
    wav
}

/// The 44 bytes before `len` bytes of samples.
pub fn wav_header(kind: u16, bits: u16, channels: u16, rate: u32, len: u32) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + len).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    wav.extend(kind.to_le_bytes());
    wav.extend(channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * u32::from(frame)).to_le_bytes());
    wav.extend(frame.to_le_bytes());
    wav.extend(bits.to_le_bytes());
    wav.extend(b"data");
    wav.extend(len.to_le_bytes());
    wav
}

/// `seconds` of a 440 Hz tone, 16-bit.
pub fn tone(channels: u16, rate: u32, seconds: f64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for i in 0..(seconds * f64::from(rate)) as u32 {
        let phase = f64::from(i) * 440.0 * std::f64::consts::TAU / f64::from(rate);
        for _ in 0..channels {
            bytes.extend(((phase.sin() * 8000.0) as i16).to_le_bytes());
        }
    }
    wav(1, 16, channels, rate, &bytes)
}
