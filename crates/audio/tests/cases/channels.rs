//! Channels that cancel each other, and the choice of a channel.

use wsac_audio::{ChannelChoice, Hearing};

use crate::heard::{RATE, bytes, correlation, hear, tones};

/// A WAV file of 32-bit floats: `frames` [n][channels].
fn wav(channels: u16, frames: &[f32]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0".to_vec();
    file.extend(channels.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 4 * u32::from(channels)).to_le_bytes());
    file.extend((4 * channels).to_le_bytes());
    file.extend(b"\x20\0data");
    file.extend((frames.len() as u32 * 4).to_le_bytes());
    file.extend(frames.iter().flat_map(|x| x.to_le_bytes()));
    file
}

fn stereo(left: &[f32], right: impl Fn(usize) -> f32) -> Vec<f32> {
    let frames = left.iter().enumerate();
    frames.flat_map(|(i, &left)| [left, right(i)]).collect()
}

fn choosing(channels: ChannelChoice) -> Hearing {
    Hearing {
        channels,
        ..Hearing::default()
    }
}

#[test]
fn channels_that_cancel_each_other_are_heard_and_told() {
    let left = tones(5 * RATE as usize / 2, RATE);
    let file = wav(2, &stereo(&left, |i| -left[i]));
    let heard = hear(&bytes("inverted.wav", file), &Hearing::default()).unwrap();
    assert_eq!(heard.samples, left);
    assert_eq!(
        heard.warnings,
        [
            "inverted.wav: its channels cancel each other for 2.5 of 2.5 s; there the loudest is heard alone \
             (--channels chooses)"
        ]
    );
    // Not quite equal, and not throughout.
    let part = |i: usize| {
        if i < 2 * RATE as usize {
            -0.95 * left[i]
        } else {
            left[i]
        }
    };
    let file = wav(2, &stereo(&left, part));
    let heard = hear(&bytes("part.wav", file), &Hearing::default()).unwrap();
    assert!(correlation(&heard.samples, &left) > 0.9999);
    assert!(
        heard.warnings[0].contains("2.0 of 2.5 s"),
        "{:?}",
        heard.warnings
    );
}

#[test]
fn ordinary_channels_are_joined_by_their_mean_as_ever() {
    let left = tones(2 * RATE as usize, RATE);
    for right in [0.0, 0.3, 1.0] {
        let file = wav(2, &stereo(&left, |i| right * left[(i + 77) % left.len()]));
        let heard = hear(&bytes("x.wav", file), &Hearing::default()).unwrap();
        let mean = |i: usize| (left[i] + right * left[(i + 77) % left.len()]) / 2.0;
        let means: Vec<f32> = (0..left.len()).map(mean).collect();
        assert_eq!(heard.samples, means);
        assert_eq!(heard.warnings, [""; 0]);
    }
}

#[test]
fn one_channel_is_heard_where_it_is_asked_for() {
    let left = tones(RATE as usize, RATE);
    let right = |i: usize| (i as f32 * 0.2).sin() * 0.9;
    let source = bytes("x.wav", wav(2, &stereo(&left, right)));
    let rights: Vec<f32> = (0..left.len()).map(right).collect();
    for (choice, wanted) in [
        (ChannelChoice::One(0), &left),
        (ChannelChoice::One(1), &rights),
        (ChannelChoice::Loudest, &rights),
    ] {
        assert_eq!(&hear(&source, &choosing(choice)).unwrap().samples, wanted);
    }
    let error = hear(&source, &choosing(ChannelChoice::One(2))).unwrap_err();
    assert_eq!(error, "x.wav: has 2 channels; there is no channel 3");
}
