//! What of a recording is heard: channels, tracks, and what ffmpeg decodes. Where ffmpeg is needed a stand-in on the PATH
//! gives a WAV stream, so that nothing depends on what is installed.

use predicates::prelude::*;
use predicates::str::contains;
use wsac::audio::Waveform;

use crate::world::{World, stderr};

/// A WAV stream of the dog, as ffmpeg writes one to a pipe; `gains` of its channels.
fn dog(world: &World, gains: &[f32]) -> Vec<u8> {
    world.clip("dog.ogg", "dog.ogg");
    let dog = Waveform::load(&world.path("dog.ogg").into(), 16_000).expect("a clip");
    let channels = gains.len() as u16;
    let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x03\0".to_vec();
    wav.extend(channels.to_le_bytes());
    wav.extend(16_000u32.to_le_bytes());
    wav.extend((64_000 * u32::from(channels)).to_le_bytes());
    wav.extend((4 * channels).to_le_bytes());
    wav.extend(b"\x20\0data\xff\xff\xff\xff");
    let frames = dog
        .samples
        .iter()
        .flat_map(|x| gains.iter().map(move |gain| x * gain));
    wav.extend(frames.flat_map(|x| x.to_le_bytes()));
    wav
}

#[test]
fn channels_that_cancel_each_other_are_captioned_and_told() {
    let world = World::new();
    let inverted = dog(&world, &[1.0, -1.0]);
    world.write("inverted.wav", inverted);
    world
        .wsac(["caption", "inverted.wav"])
        .assert()
        .success()
        .stdout(contains("dog"))
        .stderr(contains(
            "inverted.wav: warning: its channels cancel each other for 5.0 of 5.0 s",
        ));
    let timeline = world.output(["caption", "inverted.wav", "--timeline", "-q"]);
    assert!(
        timeline.contains("dog") || timeline.contains("bark"),
        "{timeline}"
    );
}

#[test]
fn a_channel_can_be_chosen_and_each_has_a_caption_where_asked_for() {
    let world = World::new();
    let left = dog(&world, &[1.0, 0.0]);
    world.write("left.wav", left);
    let whole = world.output(["caption", "left.wav", "--channels", "left", "-q"]);
    assert_eq!(
        whole,
        world.output(["caption", "left.wav", "--channels", "loudest", "-q"])
    );
    assert_ne!(
        whole,
        world.output(["caption", "left.wav", "--channels", "right", "-q"])
    );
    let each = world.output(["caption", "left.wav", "--channels", "each", "-q"]);
    let each: Vec<&str> = each.lines().collect();
    assert_eq!(each.len(), 2);
    assert_eq!(each[0], format!("left.wav channel 1\t{}", whole.trim_end()));
    assert!(each[1].starts_with("left.wav channel 2\t"), "{each:?}");
    let rows = world.output([
        "caption",
        "left.wav",
        "--channels",
        "each",
        "-q",
        "--format",
        "jsonl",
    ]);
    let channels = rows.lines().map(|row| {
        serde_json::from_str::<serde_json::Value>(row).expect("JSON")["channel"].clone()
    });
    assert_eq!(channels.collect::<Vec<_>>(), [1, 2]);
    for wrong in [["--format", "csv"].as_slice(), &["--timeline"]] {
        let args = ["caption", "left.wav", "--channels", "each"];
        let run = world.wsac(args.iter().chain(wrong)).assert().code(2);
        assert!(
            stderr(&run).contains("--channels each is for captions"),
            "{}",
            stderr(&run)
        );
    }
    world
        .wsac(["caption", "left.wav", "--track", "2"])
        .assert()
        .code(2)
        .stderr(contains(
            "left.wav: has 1 track of sound; there is no track 2",
        ));
}

/// Magic of a kind that wsac does not decode, and some bytes.
const FLV: &[u8] = b"FLV\x01\x04\0\0\0\x09\0\0\0\0\x08\xff\x80\x80\x80";

#[test]
fn without_ffmpeg_the_error_has_the_name_of_the_kind_and_a_command_for_a_shell() {
    let world = World::new();
    world.write("my song; rm -rf x.flv", FLV);
    let empty = world.path("empty");
    std::fs::create_dir(&empty).expect("a folder");
    world
        .wsac(["caption", "my song; rm -rf x.flv"])
        .env("PATH", &empty)
        .assert()
        .code(2)
        .stderr(contains(
            "is FLV, which wsac does not decode itself; install ffmpeg, and wsac reads it by that, or convert it with \
             `ffmpeg -i 'my song; rm -rf x.flv' 'my song; rm -rf x.wav'`",
        ));
    let version = world
        .wsac(["--version"])
        .env("PATH", &empty)
        .assert()
        .success();
    version.stdout(contains("no ffmpeg on the PATH"));
}

#[cfg(unix)]
#[test]
fn what_wsac_does_not_decode_is_heard_by_ffmpeg_unless_that_is_forbidden() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let sound = dog(&world, &[1.0]);
    world.write("sound.wav", sound);
    world.write("dog.flv", FLV);
    let script = "#!/bin/sh\n[ \"$1\" = -version ] && { echo 'ffmpeg version 9.9 of a test'; exit; }\n\
                  printf '%s\\n' \"$@\" > \"${0%/*}/arguments\"\ncat \"${0%/*}/sound.wav\"\n";
    let program = world.write("ffmpeg", script);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
        .expect("permissions");
    let path = format!("{}:/usr/bin:/bin", world.path("").display());
    let run = || {
        let mut run = world.wsac(["caption", "dog.flv"]);
        run.env("PATH", &path);
        run
    };
    run().assert().success().stdout(contains("dog"));
    let arguments = world.read("arguments");
    assert!(
        arguments.contains("-protocol_whitelist\nfile,pipe\n"),
        "{arguments}"
    );
    assert!(arguments.contains("-i\nfile:dog.flv\n"), "{arguments}");
    let allow = contains("allow ffmpeg, or convert it with `ffmpeg -i dog.flv dog.wav`");
    run()
        .arg("--no-ffmpeg")
        .assert()
        .code(2)
        .stderr(allow.clone());
    run()
        .env("WSAC_NO_FFMPEG", "1")
        .assert()
        .code(2)
        .stderr(allow);
    run().env("WSAC_NO_FFMPEG", "").assert().success();
    let version = world
        .wsac(["--version"])
        .env("PATH", &path)
        .assert()
        .success();
    version.stdout(contains("ffmpeg 9.9").and(contains("decode itself")));
    let short = world.wsac(["-V"]).env("PATH", &path).assert().success();
    short.stdout(format!("wsac {}\n", env!("CARGO_PKG_VERSION")));
}
