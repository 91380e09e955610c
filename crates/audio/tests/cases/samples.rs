//! Samples behind headers of every kind, right and wrong.

use crate::heard::{Heard, everywhere, tones};

const RATE: u32 = 16_000;
const COUNT: usize = 24_000;

/// The samples as 16-bit numbers.
fn numbers() -> Vec<i16> {
    let full = |x: &f32| (x * 32_768.0) as i16;
    tones(COUNT, RATE).iter().map(full).collect()
}

fn data() -> Vec<u8> {
    numbers().iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// What must be heard.
fn right() -> Vec<f32> {
    numbers().iter().map(|&x| f32::from(x) / 32_768.0).collect()
}

fn chunk(name: &[u8; 4], size: u32, body: &[u8]) -> Vec<u8> {
    [name.as_slice(), &size.to_le_bytes(), body].concat()
}

fn format(bits: u16) -> Vec<u8> {
    let mut body = vec![1, 0, 1, 0];
    body.extend(RATE.to_le_bytes());
    body.extend((RATE * 2).to_le_bytes());
    body.extend([2, 0]);
    body.extend(bits.to_le_bytes());
    chunk(b"fmt ", 16, &body)
}

/// A WAV file of these chunks, whose RIFF claims `size`.
fn riff(name: &[u8; 4], size: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [b"WAVE".to_vec(), chunks.concat()].concat();
    chunk(name, size, &body)
}

fn heard_right(name: &str, file: &[u8]) -> Vec<String> {
    let Heard { samples, warnings } = everywhere(name, file).unwrap_or_else(|e| panic!("{e}"));
    let right = right();
    assert_eq!(samples.len(), right.len(), "{name}");
    assert_eq!(samples, right, "{name}");
    warnings
}

#[test]
fn sizes_that_are_zero_short_or_unknown_do_not_matter() {
    let size = (2 * COUNT) as u32;
    let list = |claims: u32| chunk(b"LIST", claims, b"INFOISFT\x0e\0\0\0Lavf59.27.100\0");
    let plain = |riff_size, data_size| {
        riff(
            b"RIFF",
            riff_size,
            &[format(16), chunk(b"data", data_size, &data())],
        )
    };
    for (name, file) in [
        ("ordinary", plain(size + 36, size)),
        ("riff0", plain(0, size)),
        ("riff_short8", plain(size + 28, size)),
        ("ffmpeg's pipe", plain(u32::MAX, u32::MAX)),
        ("sox's pipe", plain(0x7fff_f024, 0x7fff_f000)),
        ("7fffffff", plain(0x7fff_ffff, 0x7fff_ffff)),
        ("arecord's pipe", plain(0x8000_0024, 0x8000_0000)),
        (
            "12 bits",
            riff(b"RIFF", 0, &[format(12), chunk(b"data", size, &data())]),
        ),
        (
            "a list",
            riff(
                b"RIFF",
                0,
                &[format(16), list(26), chunk(b"data", size, &data())],
            ),
        ),
        (
            "an empty list",
            riff(
                b"RIFF",
                0,
                &[format(16), list(0), chunk(b"data", size, &data())],
            ),
        ),
        (
            "a short list",
            riff(
                b"RIFF",
                0,
                &[format(16), list(9), chunk(b"data", size, &data())],
            ),
        ),
        (
            "an endless list",
            riff(
                b"RIFF",
                0,
                &[format(16), list(u32::MAX), chunk(b"data", size, &data())],
            ),
        ),
        (
            "a long list",
            riff(
                b"RIFF",
                0,
                &[format(16), list(40_000), chunk(b"data", size, &data())],
            ),
        ),
        (
            "a list of odd size without its padding",
            riff(
                b"RIFF",
                0,
                &[
                    format(16),
                    chunk(b"LIST", 17, b"INFOIART\x05\0\0\0field"),
                    chunk(b"data", size, &data()),
                ],
            ),
        ),
        (
            "another chunk behind",
            riff(
                b"RIFF",
                0,
                &[format(16), chunk(b"data", size, &data()), list(26)],
            ),
        ),
        (
            "a tag behind",
            riff(
                b"RIFF",
                0,
                &[
                    format(16),
                    chunk(b"data", size, &data()),
                    b"TAGtitle    ".to_vec(),
                ],
            ),
        ),
        (
            "padding behind",
            riff(
                b"RIFF",
                0,
                &[format(16), chunk(b"data", size, &data()), vec![0; 700]],
            ),
        ),
    ] {
        assert_eq!(heard_right(name, &file), [""; 0], "{name}");
    }
}

#[test]
fn what_a_recorder_that_died_recorded_is_heard_and_told() {
    let junk = chunk(b"JUNK", 28, &[0; 28]);
    for (name, claims) in [("data0", 0u32), ("flushed once", 4_096)] {
        let chunks = [junk.clone(), format(16), chunk(b"data", claims, &data())];
        let said = heard_right(name, &riff(b"RIFF", 4_088, &chunks));
        let claimed = f64::from(claims) / 2.0 / f64::from(RATE);
        let wanted =
            format!("{name}: its header says {claimed:.1} s, but 1.5 s are there and are heard");
        assert_eq!(said, [wanted]);
    }
    // A recording that begins with silence.
    let mut silent = vec![0; 32_000];
    silent.extend(data());
    let file = riff(b"RIFF", 0, &[format(16), chunk(b"data", 0, &silent)]);
    let heard = everywhere("begins silent", &file).unwrap();
    assert_eq!(heard.seconds(), 2.5);
}

#[test]
fn the_long_kinds_of_wav_are_heard() {
    let size = 2 * COUNT as u64;
    let mut ds64 = Vec::new();
    [size + 72, size, COUNT as u64]
        .iter()
        .for_each(|x| ds64.extend(x.to_le_bytes()));
    ds64.extend([0; 4]);
    for name in [b"RF64", b"BW64"] {
        let chunks = [
            chunk(b"ds64", 28, &ds64),
            format(16),
            chunk(b"data", u32::MAX, &data()),
        ];
        let behind = [chunks.concat(), chunk(b"LIST", 4, b"INFO")];
        assert_eq!(heard_right("long", &riff(name, u32::MAX, &behind)), [""; 0]);
    }
    let guid = [
        0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1, 0x00, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a,
    ];
    let long = |name: &[u8; 4], body: &[u8]| {
        let size = (body.len() + 24) as u64;
        [name.as_slice(), &guid, &size.to_le_bytes(), body].concat()
    };
    let mut wave64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0".to_vec();
    wave64.extend((size + 104).to_le_bytes());
    wave64.extend([b"wave".as_slice(), &guid].concat());
    wave64.extend(long(b"fmt ", &format(16)[8..]));
    wave64.extend(long(b"data", &data()));
    assert_eq!(heard_right("w64", &wave64), [""; 0]);
}

#[test]
fn eight_bits_at_an_odd_rate_in_a_format_of_odd_size_are_heard() {
    let bytes: Vec<u8> = (0..11_127)
        .map(|i| (128.0 + 90.0 * (i as f64 * 0.1).sin()) as u8)
        .collect();
    let mut body = vec![1, 0, 1, 0];
    body.extend(11_127u32.to_le_bytes());
    body.extend(11_127u32.to_le_bytes());
    body.extend([1, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
    let chunks = [
        chunk(b"fmt ", 22, &body),
        vec![0, 0],
        chunk(b"data", 11_127, &bytes),
    ];
    let file = riff(b"RIFF", 0, &chunks);
    let heard = everywhere("bat", &file).unwrap();
    assert!((heard.seconds() - 1.0).abs() < 0.001);
    assert_eq!(heard.warnings, [""; 0]);
}

#[test]
fn aiff_au_and_rifx_are_heard_as_wav_is() {
    let big: Vec<u8> = numbers().iter().flat_map(|x| x.to_be_bytes()).collect();
    let size = big.len() as u32;
    let be = |name: &[u8; 4], body: &[u8]| {
        [name.as_slice(), &(body.len() as u32).to_be_bytes(), body].concat()
    };
    let comm = |compression: &[u8]| {
        let mut body = vec![0, 1];
        body.extend((COUNT as u32).to_be_bytes());
        body.extend([0, 16, 0x40, 0x0c, 0xfa, 0, 0, 0, 0, 0, 0, 0]);
        body.extend(compression);
        be(b"COMM", &body)
    };
    let ssnd = |samples: &[u8]| be(b"SSND", &[&[0; 8], samples].concat());
    let form =
        |kind: &[u8; 4], parts: &[Vec<u8>]| be(b"FORM", &[kind.to_vec(), parts.concat()].concat());
    let header = |size: u32| {
        let words = [28, size, 3, RATE, 1, 0].map(u32::to_be_bytes);
        [b".snd".to_vec(), words.concat()].concat()
    };
    let mut rifx = b"RIFX\0\0\0\0WAVEfmt \0\0\0\x10\0\x01\0\x01".to_vec();
    rifx.extend(RATE.to_be_bytes());
    rifx.extend((RATE * 2).to_be_bytes());
    rifx.extend(b"\0\x02\0\x10data");
    rifx.extend(size.to_be_bytes());
    rifx.extend(&big);
    for (name, file) in [
        ("aiff", form(b"AIFF", &[comm(b""), ssnd(&big)])),
        (
            "aiff, the other way round",
            form(b"AIFF", &[ssnd(&big), comm(b"")]),
        ),
        (
            "aifc",
            form(b"AIFC", &[comm(b"NONE\0\0"), ssnd(&big), be(b"ANNO", b"x")]),
        ),
        (
            "aifc, little-endian",
            form(b"AIFC", &[comm(b"sowt\0\0"), ssnd(&data())]),
        ),
        ("au", [header(size), big.clone()].concat()),
        ("au from a pipe", [header(u32::MAX), big.clone()].concat()),
        ("rifx", rifx),
    ] {
        assert_eq!(heard_right(name, &file), [""; 0], "{name}");
    }
}

#[test]
fn a_file_that_ends_early_is_told_with_both_lengths() {
    let size = (4 * COUNT) as u32;
    let file = riff(
        b"RIFF",
        size + 36,
        &[format(16), chunk(b"data", size, &data())],
    );
    let said = heard_right("cut.wav", &file);
    assert_eq!(said, ["cut.wav: is truncated: 1.5 of 3.0 s could be read"]);
}

#[test]
fn mp3_inside_wav_is_heard() {
    let mp3 = std::fs::read(crate::heard::fixture("sine.mp3")).unwrap();
    let mut body = vec![0x55, 0, 2, 0];
    body.extend(44_100u32.to_le_bytes());
    body.extend([
        0x40, 0x1f, 0, 0, 1, 0, 0, 0, 12, 0, 1, 0, 2, 0, 0, 0, 0xa2, 1, 1, 0, 0x71, 5,
    ]);
    let chunks = [
        chunk(b"fmt ", 30, &body),
        chunk(b"data", mp3.len() as u32, &mp3),
    ];
    let file = riff(b"RIFF", 0, &chunks);
    let heard = everywhere("mp3.wav", &file).unwrap();
    let alone = everywhere("sine.mp3", &mp3).unwrap();
    assert_eq!(heard.samples, alone.samples);
}

/// ffmpeg writes such files, though it cannot read them: nothing in them says where a frame ends.
#[test]
fn aac_inside_wav_is_heard() {
    let adts = std::fs::read(crate::heard::fixture("sine.aac")).unwrap();
    let (mut frames, mut rest) = (Vec::new(), adts.as_slice());
    while let [0xff, _, _, b3, b4, b5, _, ..] = *rest {
        let length = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        frames.extend(&rest[7..length]);
        rest = &rest[length..];
    }
    let mut body = vec![0xff, 0, 2, 0];
    body.extend(44_100u32.to_le_bytes());
    body.extend([
        0, 0, 0, 0, 0, 6, 16, 0, 5, 0, 0x12, 0x10, 0x56, 0xe5, 0x00, 0,
    ]);
    let fact = chunk(b"fact", 4, &22_050u32.to_le_bytes());
    let chunks = [
        chunk(b"fmt ", 24, &body),
        fact,
        chunk(b"data", frames.len() as u32, &frames),
    ];
    let heard = everywhere("aac.wav", &riff(b"RIFF", 0, &chunks)).unwrap();
    let alone = everywhere("sine.aac", &adts).unwrap();
    assert_eq!(heard.samples, alone.samples);
}
