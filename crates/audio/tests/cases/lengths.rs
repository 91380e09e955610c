//! Streams without a length, with a wrong one, joined, chained, or with their beginning cut off: all of it is heard, the same
//! from a file and from a pipe.

use crate::heard::{Heard, correlation, everywhere, fixture};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

fn heard(name: &str, data: &[u8]) -> Heard {
    everywhere(name, data).unwrap_or_else(|e| panic!("{e}"))
}

/// 15.7 of 37 s were heard: the length was guessed from the first frames.
#[test]
fn mp3_of_variable_rate_without_its_length_is_heard_whole() {
    let heard = heard("vbr.mp3", &file("vbr.mp3"));
    assert!((heard.seconds() - 3.0).abs() < 0.1, "{}", heard.seconds());
    let loud = heard.samples.iter().rposition(|x| x.abs() > 0.05).unwrap();
    assert!(loud as f64 / 16_000.0 > 2.9, "{loud}");
    assert_eq!(heard.warnings, [""; 0]);
}

#[test]
fn joined_mp3_is_heard_whole_and_told() {
    let one = file("sine.mp3");
    let heard = heard("joined.mp3", &[one.clone(), one].concat());
    assert!((heard.seconds() - 1.05).abs() < 0.08, "{}", heard.seconds());
    let said = &heard.warnings[0];
    assert!(
        said.starts_with("joined.mp3: its header says 0.5 s, but 1."),
        "{said}"
    );
}

#[test]
fn chained_ogg_is_heard_whole_though_its_codec_and_rate_change() {
    let alone = |name: &str| everywhere(name, &file(name)).unwrap().samples;
    for (first, second) in [
        ("sine.ogg", "sine.ogg"),
        ("sine.ogg", "sine.opus"),
        ("sine.opus", "sine.ogg"),
    ] {
        let heard = heard("chain.ogg", &[file(first), file(second)].concat());
        let parts = [alone(first), alone(second)];
        let all = parts[0].len() + parts[1].len();
        assert!(
            heard.samples.len().abs_diff(all) < 400,
            "{} {all}",
            heard.samples.len()
        );
        let start = heard.samples.len() - parts[1].len();
        let second = &heard.samples[start..];
        assert!(correlation(second, &parts[1]) > 0.99);
        assert_eq!(heard.warnings, [""; 0]);
    }
}

#[test]
fn a_cut_beginning_costs_what_was_cut() {
    for (name, cut) in [("sine.mp3", 1_000), ("sine.aac", 777)] {
        let data = file(name);
        let heard = heard(name, &data[cut..]);
        let share = 1.0 - cut as f64 / data.len() as f64;
        let wanted = 0.55 * share;
        assert!(
            (heard.seconds() - wanted).abs() < 0.12,
            "{name}: {}",
            heard.seconds()
        );
    }
}

#[test]
fn a_flac_that_leaves_its_block_size_open_is_heard() {
    let whole = file("sine.flac");
    let mut open = whole.clone();
    open[8..10].fill(0);
    assert_eq!(
        heard("open.flac", &open).samples,
        heard("sine.flac", &whole).samples
    );
}

#[test]
fn opus_is_heard_in_every_container() {
    let plain = heard("sine.ogg", &file("sine.ogg"));
    for name in ["sine.opus", "sine.webm"] {
        let heard = heard(name, &file(name));
        assert!(
            (heard.seconds() - 0.5).abs() < 0.025,
            "{name}: {}",
            heard.seconds()
        );
        assert!(correlation(&heard.samples, &plain.samples) > 0.98, "{name}");
        assert_eq!(heard.warnings, [""; 0]);
    }
}

/// A mov from an old program, whose first box has another name.
#[test]
fn a_mov_that_begins_with_another_box_is_heard() {
    let whole = file("sine.m4a");
    let mut old = whole.clone();
    old[4..8].copy_from_slice(b"wide");
    assert_eq!(
        heard("old.mov", &old).samples,
        heard("sine.m4a", &whole).samples
    );
}

/// The packets of MPEG-TS that hold `frames`; with `extra`, four bytes before each, as cameras write them.
fn transport(frames: &[u8], extra: bool) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut packet = |starts: bool, track: u16, body: &[u8]| {
        if extra {
            stream.extend([9, 9, 9, 9]);
        }
        let [high, low] = track.to_be_bytes();
        stream.extend([0x47, high | if starts { 0x40 } else { 0 }, low]);
        let stuffing = 184 - body.len();
        match stuffing {
            0 => stream.push(0x10),
            1 => stream.extend([0x30, 0]),
            _ => {
                stream.extend([0x30, stuffing as u8 - 1, 0]);
                stream.resize(stream.len() + stuffing - 2, 0xff);
            }
        }
        stream.extend(body);
    };
    for piece in frames.chunks(900) {
        // A picture, then sound in several packets, the first with the header of a unit.
        packet(true, 0x100, &[0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0, 0xaa]);
        let unit = [
            &[0, 0, 1, 0xc0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1],
            piece,
        ]
        .concat();
        for (i, body) in unit.chunks(184).enumerate() {
            packet(i == 0, 0x101, body);
        }
    }
    stream
}

#[test]
fn the_sound_of_mpeg_ts_is_heard_though_its_beginning_is_cut_off() {
    for name in ["sine.aac", "sine.mp3"] {
        let alone = heard(name, &file(name));
        for extra in [false, true] {
            let stream = transport(&file(name), extra);
            assert_eq!(
                heard("a.ts", &stream).samples,
                alone.samples,
                "{name} {extra}"
            );
            // The first packet, of the picture, is cut off but for its end.
            let cut = heard("cut.ts", &stream[100..]);
            assert_eq!(cut.samples, alone.samples, "{name} {extra}");
        }
    }
}
