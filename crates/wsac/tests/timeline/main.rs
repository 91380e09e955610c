//! Timelines of made-up recordings of ten minutes: what is heard is named, and where it begins and ends.

#![allow(clippy::unwrap_used)]

mod scene;

use std::ops::ControlFlow;

use scene::{Scene, Score, Style};
use wsac::audio::AudioStream;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::timeline::TimelineOptions;

fn score(captioner: &Captioner, folder: &std::path::Path, seed: u64, style: Style) -> Score {
    let scene = Scene::make(folder, seed, 600.0, style).unwrap();
    let mut stream = AudioStream::from_waveform(&scene.recording, captioner.rate()).unwrap();
    let (options, words) = (TimelineOptions::default(), CaptionOptions::default());
    let mut segments = Vec::new();
    let told = captioner.timeline(&mut stream, &options, &words, &mut |segment| {
        segments.push(segment);
        ControlFlow::Continue(())
    });
    assert_eq!(told.unwrap().segments, segments.len());
    scene.score(&segments)
}

/// Seeds on which nothing was tuned (that was on 0 to 3).
#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn events_are_named_at_their_times() {
    let Some(folder) = wsac_golden::shared("audio/esc10") else {
        return;
    };
    let captioner = Captioner::bundled().unwrap();
    let seeds = [10, 12];
    let mut sum = [0.0; 3];
    for seed in seeds {
        let score = score(&captioner, &folder, seed, Style::PAUSES);
        println!("{score:?}");
        assert!(score.boundary_error < 0.1);
        let parts = [score.recall, score.precision, score.of_events[0]];
        sum.iter_mut()
            .zip(parts)
            .for_each(|(s, x)| *s += x / seeds.len() as f64);
    }
    // Given the true ends of its events, `mini` names 75 to 77 % of them; here it has to find them too.
    let [recall, precision, of_events] = sum;
    assert!(
        recall > 0.70 && precision > 0.70 && of_events > 0.55,
        "{sum:?}"
    );
    let joined = score(&captioner, &folder, 10, Style::JOINED);
    println!("{joined:?}");
    assert!(joined.boundary_error < 0.6 && joined.recall > 0.65 && joined.segments > 60);
    // Where a hiss as loud as a quiet sound lies under all, pauses are told too, as what they sound like.
    let noisy = score(&captioner, &folder, 10, Style::NOISY);
    println!("{noisy:?}");
    assert!(noisy.recall > 0.4);
}
