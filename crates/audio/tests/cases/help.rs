//! Recordings that ffmpeg decodes. Where there is no ffmpeg these tests say so and end.

use std::path::Path;
use std::process::Command;

use wsac_audio::{Hearing, Source, ffmpeg};

use crate::heard::{correlation, everywhere, fixture, hear, samples};

/// The recording that ffmpeg makes of a second of a tone with these arguments, in `folder`.
fn made(folder: &Path, name: &str, args: &[&str]) -> Option<std::path::PathBuf> {
    let path = folder.join(name);
    let tone = "aevalsrc=0.4*sin(2*PI*440*t*(1+t)):s=44100:d=1";
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-f", "lavfi", "-i", tone]);
    let status = command.args(args).arg(&path).status();
    status.ok()?.success().then_some(path)
}

fn is_missing() -> bool {
    let missing = ffmpeg::version().is_none();
    if missing {
        eprintln!("skipped: there is no ffmpeg on the PATH");
    }
    missing
}

#[test]
fn what_we_do_not_decode_is_heard_by_ffmpeg() {
    if is_missing() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = made(folder.path(), "plain.wav", &[]).unwrap();
    let plain = samples(&Source::from(&plain));
    for (name, args) in [
        ("a.ts", ["-c:a", "aac"].as_slice()),
        ("a.wma", &[]),
        ("a.ac3", &["-b:a", "192k"]),
        ("a.flv", &["-c:a", "aac"]),
        ("a.wv", &[]),
        ("six.m4a", &["-ac", "6", "-c:a", "aac"]),
        ("ac3.mkv", &["-c:a", "ac3", "-b:a", "192k"]),
        ("$(odd) 'name'.tta", &[]),
    ] {
        let path = made(folder.path(), name, args).unwrap();
        let data = std::fs::read(&path).unwrap();
        let heard = everywhere(name, &data).unwrap_or_else(|e| panic!("{e}"));
        assert!(
            (heard.seconds() - 1.0).abs() < 0.15,
            "{name}: {}",
            heard.seconds()
        );
        // Encoders delay or shorten the beginning by different times.
        let alike = |a: &[f32], b: &[f32]| {
            let shifts = (0..3_000).map(|shift| correlation(a.get(shift..).unwrap_or(&[]), b));
            shifts.fold(0.0, f64::max)
        };
        let best = alike(&heard.samples, &plain).max(alike(&plain, &heard.samples));
        assert!(best > 0.9, "{name}: {best}");
    }
}

#[test]
fn where_our_decoder_gives_up_ffmpeg_goes_on() {
    if is_missing() {
        return;
    }
    // The frames of a plain stream, then those of another profile, which we do not decode.
    let folder = tempfile::tempdir().unwrap();
    let first = std::fs::read(fixture("sine.aac")).unwrap();
    let second = made(
        folder.path(),
        "main.aac",
        &["-c:a", "aac", "-ac", "2", "-aac_pns", "0"],
    );
    let mut second = std::fs::read(second.unwrap()).unwrap();
    // ADTS: the two bits of the profile stand at the top of the third byte of each frame.
    let mut place = 0;
    while let Some(header) = second.get_mut(place..place + 6) {
        let length = usize::from(header[3] & 3) << 11 | usize::from(header[4]) << 3;
        let length = length | usize::from(header[5] >> 5);
        header[2] &= 0x3f;
        place += length.max(7);
    }
    let path = folder.path().join("two.aac");
    std::fs::write(&path, [first.clone(), second].concat()).unwrap();
    let heard = hear(&Source::from(&path), &Hearing::default()).unwrap();
    assert!(
        (heard.seconds() - 1.55).abs() < 0.15,
        "{} {:?}",
        heard.seconds(),
        heard.warnings
    );
    let beginning = samples(&Source::from(fixture("sine.aac")));
    let kept = beginning.len() - 2_000;
    assert_eq!(heard.samples[..kept], beginning[..kept]);
}

#[test]
fn a_play_list_or_a_text_is_never_given_to_ffmpeg() {
    let folder = tempfile::tempdir().unwrap();
    let sound = std::fs::canonicalize(fixture("sine.mp3")).unwrap();
    let sound = sound.display();
    for (name, text) in [
        (
            "list.m3u8",
            format!("#EXTM3U\n#EXTINF:1,\n{sound}\n#EXT-X-ENDLIST\n"),
        ),
        (
            "binary.m3u8",
            format!("#EXTM3U\n#EXTINF:1,\n{sound}\n#\0\x01\x02\n#EXT-X-ENDLIST\n"),
        ),
        (
            "list.ffconcat",
            format!("ffconcat version 1.0\nfile '{sound}'\n"),
        ),
        ("list.mpd", format!("<MPD type=\"static\">\0{sound}</MPD>")),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let refused = hear(&Source::from(&path), &Hearing::default());
        assert!(
            refused.is_err(),
            "{name}: {:?}",
            refused.map(|heard| heard.seconds())
        );
    }
}
