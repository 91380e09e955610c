//! What is told beside a caption: confidence, neighbours, sounds over time.
#![allow(clippy::unwrap_used)]
use super::*;

/// Recordings of nothing were told with confidence ("A person speaking." 0.87 of a single sample, "Music is playing." 0.83
/// of a constant offset), because only the nearest caption was asked.
#[test]
fn a_caption_of_nothing_is_not_confident() {
    let captioner = Captioner::bundled().unwrap();
    let describe = |samples: Vec<f32>| {
        let rate = captioner.rate();
        let wave = Waveform { samples, rate };
        let analysis = captioner
            .encode_stream(&mut AudioStream::from_waveform(&wave, rate).unwrap())
            .unwrap();
        captioner
            .describe(&analysis, &CaptionOptions::default())
            .unwrap()
    };
    let random = wsac_nn::rng::Stream::new("dither");
    let dither = |i: u64| ((random.uniform(i) * 3.0).floor() as f32 - 1.0) / 32_768.0;
    let hum = |i: u64| 0.5 * (std::f32::consts::TAU * 50.0 * i as f32 / 16_000.0).sin();
    let mut click = vec![0.0; 16_000];
    click[0] = 0.5;
    for (name, samples) in [
        ("one sample", vec![0.5]),
        ("silence", vec![0.0; 32_000]),
        ("an offset", vec![0.9; 32_000]),
        ("dither", (0..32_000).map(dither).collect()),
        ("hum", (0..32_000).map(hum).collect()),
        ("a click", click),
        (
            "10 ms of noise",
            (0..160).map(|i| 1e4 * dither(i)).collect(),
        ),
    ] {
        let caption = describe(samples);
        assert!(caption.weak, "{name}: {caption:?}");
        assert!(caption.confidence < 0.1, "{name}: {caption:?}");
    }
    for clip in ["baby", "dog", "rain", "rooster"] {
        let path = format!(
            "{}/../../examples/clips/{clip}.ogg",
            env!("CARGO_MANIFEST_DIR")
        );
        let caption = captioner
            .caption(&path.as_str().into(), &CaptionOptions::default())
            .unwrap();
        assert!(!caption.weak && caption.confidence > 0.9, "{caption:?}");
    }
}

#[test]
fn a_caption_that_the_memory_has_twice_is_told_once() {
    let mut captioner = captioner(false);
    let captions = ["rain falls", "Rain falls", "a dog barks"];
    let rows = vec![0.0, 1.0, 0.1, 0.0, 1.0, 0.1, 1.0, 0.0, 0.1];
    captioner.model.memory =
        Some(Memory::new(&captions, Embeddings::new(3, rows).unwrap()).unwrap());
    let analysis = captioner.encode(&recording(&[0.5])).unwrap();
    let told = captioner.neighbours(&analysis, 2);
    let told: Vec<&str> = told.iter().map(|n| n.caption.as_str()).collect();
    assert_eq!(told, ["rain falls", "a dog barks"]);
}

#[test]
fn sounds_are_told_from_moment_to_moment() {
    let captioner = Captioner::bundled().unwrap();
    let dog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips/dog.ogg");
    let open = || AudioStream::open(&dog.into(), captioner.rate()).unwrap();
    let activations = captioner.activations(&mut open(), 3).unwrap().unwrap();
    assert_eq!(activations.sounds.len(), 3);
    assert_eq!(activations.sounds[0].name, "Dog");
    let peaks: Vec<f32> = (activations.sounds.iter())
        .map(|sound| sound.scores.iter().copied().fold(0.0, f32::max))
        .collect();
    assert!(
        peaks[0] > 0.9 && peaks.is_sorted_by(|a, b| a >= b),
        "{peaks:?}"
    );
    let last = (activations.sounds[0].scores.len() - 1) as f64 * activations.hop;
    assert!((4.0..5.0).contains(&last), "{last}");
    // A tower without names for sounds has none to tell.
    let nameless = self::captioner(false);
    let mut stream = AudioStream::open(&dog.into(), RATE).unwrap();
    assert_eq!(nameless.activations(&mut stream, 3).unwrap(), None);
    // More than may be heard is an error that says so.
    let error = captioner
        .encode_stream(&mut open().at_most(2.0))
        .err()
        .unwrap();
    assert!(
        matches!(error, Error::Audio(wsac_audio::Error::TooLong { seconds, .. }) if seconds == 2.0),
        "{error}"
    );
    assert!(captioner.encode_stream(&mut open().at_most(6.0)).is_ok());
}
