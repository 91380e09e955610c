//! A folder of everything that should not be there: each file has a one-line error or a right answer, and no file
//! keeps the others from being captioned.

use std::fs;
use std::path::Path;

use crate::world::{World, process, repository, stderr, stdout, tone, wav, wav_header};

/// What a file must give.
enum Answer {
    /// A caption.
    Caption,
    /// A one-line error that says this.
    Error(&'static str),
}
use Answer::{Caption, Error};

/// Files for `world`, each with what it must give.
fn folder(world: &World) -> Vec<(&'static str, Answer)> {
    world.write("empty.wav", "");
    world.write("text.wav", "Dear diary,\ntoday I was renamed.\n");
    let flac = repository().join("crates/audio/tests/audio/sine.flac");
    let flac = fs::read(flac).expect("a FLAC file");
    world.write("truncated.flac", &flac[..flac.len() * 2 / 3]);
    world.write("beheaded.flac", &flac[..40]);
    world.write("no samples.wav", wav(1, 16, 1, 16_000, &[]));
    let nan = f32::NAN.to_le_bytes().repeat(16_000);
    world.write("nan.wav", wav(3, 32, 1, 16_000, &nan));
    world.write("1 ms.wav", tone(1, 16_000, 0.001));
    world.write("8 channels.wav", tone(8, 96_000, 1.0));
    fs::create_dir(world.path("directory.wav")).expect("a directory");
    world.clip("dog.ogg", "dog, late 🐕 at night.ogg");
    vec![
        ("empty.wav", Error("is empty")),
        ("text.wav", Error("is text")),
        ("truncated.flac", Caption),
        ("beheaded.flac", Error("ends before its first sample")),
        ("no samples.wav", Error("0 samples")),
        ("nan.wav", Error("holds no sound")),
        ("1 ms.wav", Caption),
        ("8 channels.wav", Caption),
        ("directory.wav", Error("is a directory")),
        ("gone.wav", Error("No such file")),
        ("dog, late 🐕 at night.ogg", Caption),
    ]
}

#[test]
fn no_file_however_strange_stops_the_others() {
    let world = World::new();
    let files = folder(&world);
    let names = files.iter().map(|(name, _)| *name);
    let run = world.wsac(["caption", "--format", "jsonl"].into_iter().chain(names));
    let assert = { run }.assert().code(1);
    let (out, err) = (stdout(&assert), stderr(&assert));
    assert!(!err.contains("panicked"), "{err}");
    let rows: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object a line"))
        .collect();
    assert_eq!(rows.len(), files.len(), "{out}");
    for ((name, answer), row) in files.iter().zip(&rows) {
        assert_eq!(row["file_name"], *name);
        let told: Vec<&str> = err
            .lines()
            .filter(|l| l.starts_with(&format!("wsac: {name}: ")))
            .collect();
        match answer {
            Caption => {
                let caption = row["caption"].as_str().unwrap_or_else(|| panic!("{row}"));
                assert!(caption.ends_with('.') && caption.len() > 5, "{row}");
            }
            Error(why) => {
                let error = row["error"].as_str().unwrap_or_else(|| panic!("{row}"));
                assert!(error.contains(why) && !error.contains('\n'), "{row}");
                assert_eq!(told, [format!("wsac: {name}: {error}")], "{err}");
            }
        }
    }
    let dog = rows.last().expect("rows")["caption"].to_string();
    assert!(dog.contains("dog"), "{dog}");
}

/// A file whose permissions forbid reading. Root may read everything, so then the program runs as nobody.
#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_one_line() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let world = World::new();
    let path = world.clip("dog.ogg", "secret.ogg");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    mode(&path, 0o000).expect("we own it");
    let binary = assert_cmd::cargo::cargo_bin("wsac");
    let mut command = process();
    if fs::File::open(&path).is_ok() {
        // A copy in the test's folder, as nobody may not reach the one in the build folder.
        let copy = world.path("wsac");
        fs::copy(&binary, &copy).expect("the binary");
        mode(&copy, 0o755).expect("we own it");
        mode(path.parent().expect("a folder"), 0o755).expect("we own it");
        command = Command::new(copy);
        command.env_remove("WSAC_MODEL");
        command.uid(65_534).gid(65_534);
    }
    let out = match command.arg("caption").arg(&path).output() {
        Ok(out) => out,
        Err(error) => return println!("skipped: this machine cannot run it as nobody: {error}"),
    };
    assert_eq!(out.status.code(), Some(2));
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(told.contains("ermission denied"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

/// Two hours of silence: a right answer or a one-line error, in bounded memory.
#[cfg(target_os = "linux")]
#[test]
fn two_hours_of_silence_take_bounded_memory() {
    use std::io::Write;
    use std::process::Stdio;
    use std::time::Duration;

    const MOST: u64 = 400 << 10;
    let world = World::new();
    let len = 2 * 3600 * 16_000 * 2;
    let path = world.path("night.wav");
    let mut file = fs::File::create(&path).expect("a file");
    file.write_all(&wav_header(1, 16, 1, 16_000, len))
        .expect("a header");
    // The rest is a hole in the file, which reads as zeros.
    file.set_len(44 + u64::from(len)).expect("a sparse file");
    drop(file);
    let mut child = process()
        .args(["caption", "--format", "jsonl"])
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        let now = fs::read_to_string(&status).unwrap_or_default();
        let line = now.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    let out = child.wait_with_output().expect("its output");
    let (row, err) = (
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr),
    );
    assert!(!err.contains("panicked"), "{err}");
    let row: serde_json::Value = serde_json::from_str(&row).expect("a JSON object");
    match row["error"].as_str() {
        Some(error) => assert!(
            !error.contains('\n') && out.status.code() == Some(2),
            "{row}"
        ),
        None => {
            assert_eq!(row["duration"], 7200.0, "{row}");
            let caption = row["caption"].as_str().unwrap_or_default().to_lowercase();
            assert!(out.status.success() && caption.contains("silence"), "{row}");
        }
    }
    assert!(0 < peak && peak < MOST, "peak memory {peak} kB");
}
