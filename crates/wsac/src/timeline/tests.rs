//! What holds of every timeline: silence is left out, lengths and order are kept, blocks and threads change nothing.

#![allow(clippy::unwrap_used)]

use super::pieces::pieces;
use super::regions::ActiveRegions;
use super::*;
use wsac_audio::CancelToken;
use wsac_encoders::frames::FrameEmbeddings;
use wsac_nn::rng::Stream;

const RATE: u32 = 16_000;

/// `seconds` of noise with an envelope of 3 a second, in a band that `kind` tells apart.
fn sound(kind: u64, seconds: f64) -> Vec<f32> {
    let stream = Stream::new(&format!("sound{kind}"));
    let tone = 200.0 * (kind + 1) as f32;
    (0..(seconds * f64::from(RATE)) as u64)
        .map(|i| {
            let t = i as f32 / RATE as f32;
            0.2 * (std::f32::consts::TAU * tone * t).sin() + stream.symmetric(i, 0.02)
        })
        .collect()
}

fn silence(seconds: f64) -> Vec<f32> {
    vec![0.0; (seconds * f64::from(RATE)) as usize]
}

fn regions(samples: &[f32], block: usize, options: &TimelineOptions) -> Vec<ActiveRegion> {
    let mut regions = ActiveRegions::new(RATE, options);
    let mut all = Vec::new();
    for block in samples.chunks(block) {
        regions.push(block);
        all.extend(std::iter::from_fn(|| regions.next()));
    }
    regions.finish();
    all.extend(std::iter::from_fn(|| regions.next()));
    all
}

#[test]
fn islands_lie_between_silences_however_the_samples_come() {
    let samples = [
        silence(1.0),
        sound(0, 2.0),
        silence(1.0),
        sound(1, 1.0),
        silence(5.0),
        sound(2, 0.5),
    ];
    let samples = samples.concat();
    let options = TimelineOptions::default();
    let found = regions(&samples, 1 << 16, &options);
    let ends: Vec<[f64; 2]> = (found.iter())
        .map(|region| [region.time(0), region.time(region.levels.len())])
        .collect();
    assert_eq!(ends, [[1.0, 5.0], [10.0, 10.5]]);
    for block in [1, 333, 16_000] {
        assert!(regions(&samples, block, &options) == found, "{block}");
    }
    assert!(regions(&silence(100.0), 999, &options).is_empty());
    assert!(regions(&[], 999, &options).is_empty());
}

/// A course of so many windows of each of some kinds.
fn frame_embeddings(kinds: &[(usize, usize)]) -> FrameEmbeddings {
    let mut rows = Vec::new();
    for &(kind, windows) in kinds {
        for _ in 0..windows {
            rows.extend((0..4).map(|i| if i == kind { 1.0 } else { 0.0 }));
        }
    }
    FrameEmbeddings {
        hop: 0.5,
        width: 1.0,
        dim: 4,
        rows,
    }
}

#[test]
fn pieces_are_cut_where_the_sound_turns_and_joined_where_it_does_not() {
    let options = TimelineOptions::default();
    let one = |samples: &[f32]| regions(samples, 4096, &options).swap_remove(0);
    let ends = |found: &[Piece]| -> Vec<[f64; 2]> {
        let round = |x: f64| (x * 10.0).round() / 10.0;
        found
            .iter()
            .map(|p| [round(p.start), round(p.end)])
            .collect()
    };
    // 4 s of one sound, then 4 s of another, with no pause.
    let region = one(&sound(0, 8.0));
    let (found, kept) = pieces(&region, &frame_embeddings(&[(0, 7), (1, 8)]), &options);
    assert_eq!((ends(&found), kept), (vec![[0.0, 3.8], [3.8, 8.0]], None));
    let (found, _) = pieces(&region, &frame_embeddings(&[(0, 15)]), &options);
    assert_eq!(ends(&found), [[0.0, 8.0]]);
    // A pause of 1 s between the same sound twice, and between two sounds.
    let region = one(&[sound(0, 3.0), silence(1.0), sound(0, 3.0)].concat());
    let (found, _) = pieces(&region, &frame_embeddings(&[(0, 13)]), &options);
    assert_eq!(ends(&found), [[0.0, 7.0]]);
    let (found, _) = pieces(&region, &frame_embeddings(&[(0, 6), (2, 7)]), &options);
    assert_eq!(ends(&found), [[0.0, 3.0], [4.0, 7.0]]);
    // Two sounds that are somewhat alike (a cosine of 0.7) are one over a short pause, and two over a longer one.
    let somewhat = |windows: usize| {
        let mut frame_embeddings = frame_embeddings(&[(0, 2 * windows)]);
        let second = windows * frame_embeddings.dim;
        frame_embeddings.rows[second..]
            .chunks_exact_mut(4)
            .for_each(|row| row[1] = 1.0);
        frame_embeddings
    };
    for (pause, parts) in [(0.3, 1), (1.5, 2)] {
        let region = one(&[sound(0, 3.0), silence(pause), sound(0, 3.0)].concat());
        let (found, _) = pieces(&region, &somewhat(7), &options);
        assert_eq!(found.len(), parts, "{pause}");
    }
    // A click alone is nothing to tell.
    let click = one(&[silence(1.0), sound(0, 0.06)].concat());
    assert!(
        pieces(&click, &frame_embeddings(&[(0, 1)]), &options)
            .0
            .is_empty()
    );
    // What stands alone and is short is widened; what is long is cut, and nothing is lost.
    let (found, _) = pieces(
        &one(&[silence(1.0), sound(0, 0.1)].concat()),
        &frame_embeddings(&[(0, 1)]),
        &options,
    );
    assert!(
        (found[0].end - found[0].start - options.min_length).abs() < 0.03,
        "{found:?}"
    );
    let short = TimelineOptions {
        max_length: 3.0,
        ..options
    };
    let region = regions(&sound(0, 5.9), 4096, &short).swap_remove(0);
    let (found, _) = pieces(&region, &frame_embeddings(&[(0, 11)]), &short);
    assert!(found.len() > 1 && found.iter().all(|p| p.end - p.start <= 3.0 + 1e-9));
    assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert!(found[0].start == 0.0 && (found[found.len() - 1].end - 5.9).abs() < 0.03);
}

fn told(samples: Vec<f32>, options: &TimelineOptions) -> (Timeline, Vec<Segment>) {
    let captioner = Captioner::bundled().unwrap();
    let rate = RATE;
    let wave = Waveform { samples, rate };
    let mut stream = AudioStream::from_waveform(&wave, captioner.rate()).unwrap();
    let mut segments = Vec::new();
    let words = CaptionOptions::default();
    let timeline = captioner.timeline(&mut stream, options, &words, &mut |segment| {
        segments.push(segment);
        ControlFlow::Continue(())
    });
    (timeline.unwrap(), segments)
}

#[test]
fn segments_are_in_order_and_as_long_as_asked_whatever_the_threads() {
    let samples = [
        sound(0, 9.0),
        silence(3.0),
        sound(3, 0.2),
        silence(3.0),
        sound(7, 70.0),
    ]
    .concat();
    let options = TimelineOptions {
        max_length: 10.0,
        ..TimelineOptions::default()
    };
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| told(samples.clone(), &options))
    };
    let (timeline, segments) = run(1);
    assert_eq!((timeline.clone(), segments.clone()), run(3));
    assert_eq!(timeline.segments, segments.len());
    assert_eq!(timeline.duration, 85.2);
    assert!(segments.windows(2).all(|pair| pair[0].end <= pair[1].start));
    for segment in &segments {
        let length = segment.end - segment.start;
        assert!((0.49..=10.01).contains(&length), "{segment:?}");
        assert!(!segment.caption.is_empty());
    }
    // All that sounds is in a segment: 9 s, half a second for the short one, and 70 s, though they were cut on the way.
    let sounding: f64 = segments.iter().map(|s| s.end - s.start).sum();
    assert!((sounding - 79.5).abs() < 0.2, "{sounding}");
    assert!(timeline.whole.is_some());
}

#[test]
fn silence_tells_nothing_and_equal_neighbours_are_one() {
    let (timeline, segments) = told(silence(30.0), &TimelineOptions::default());
    assert!(segments.is_empty() && timeline.whole.is_none() && timeline.duration == 30.0);
    let twice = [sound(0, 4.0), silence(1.0), sound(0, 4.0)].concat();
    let apart = TimelineOptions {
        alike: 1.0,
        join_equal: false,
        ..TimelineOptions::default()
    };
    let (_, two) = told(twice.clone(), &apart);
    let (_, one) = told(twice, &TimelineOptions::default());
    assert!(two.len() >= 2 && one.len() == 1, "{two:?} {one:?}");
}

#[test]
fn wrong_options_are_told() {
    let options = TimelineOptions::default();
    for (wrong, why) in [
        (
            TimelineOptions {
                min_length: 0.0,
                ..options.clone()
            },
            "above 0",
        ),
        (
            TimelineOptions {
                max_length: 0.7,
                ..options.clone()
            },
            "twice the shortest",
        ),
        (
            TimelineOptions {
                max_length: 100_000.0,
                ..options.clone()
            },
            "at most 60 s",
        ),
        (
            TimelineOptions {
                silence: Some(3.0),
                ..options.clone()
            },
            "-120 and 0 dB",
        ),
        (
            TimelineOptions {
                alike: 2.0,
                ..options.clone()
            },
            "[-1, 1]",
        ),
    ] {
        let error = wrong.check().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(options.check().is_ok());
}

/// The timeline of half an hour once held all of it, where segments of any length were allowed.
#[test]
fn the_greatest_length_of_a_segment_bounds_the_sound_in_memory() {
    let longest = TimelineOptions {
        max_length: TimelineOptions::LONGEST,
        ..TimelineOptions::default()
    };
    assert!(longest.check().is_ok());
    let held = regions(&sound(0, 400.0), 4096, &longest);
    let most = held.iter().map(|region| region.samples.len()).max();
    assert_eq!(most, Some(2 * 60 * RATE as usize));
    let longer = TimelineOptions {
        max_length: TimelineOptions::LONGEST + 0.1,
        ..longest
    };
    assert!(longer.check().is_err());
}

#[test]
fn segments_come_before_the_recording_has_ended() {
    let captioner = Captioner::bundled().unwrap();
    let samples = [sound(0, 0.5), silence(2.5)].concat().repeat(200);
    let wave = Waveform {
        samples,
        rate: RATE,
    };
    let heard = std::sync::Arc::new(std::sync::Mutex::new(0.0));
    let told = heard.clone();
    let stream = AudioStream::from_waveform(&wave, captioner.rate()).unwrap();
    let stream = stream.watched(move |seconds| *told.lock().unwrap() = seconds);
    let (options, words) = (TimelineOptions::default(), CaptionOptions::default());
    let mut segments = Segments::new(&captioner, stream, options, words).unwrap();
    assert_eq!(*heard.lock().unwrap(), 0.0);
    assert!(segments.next().unwrap().is_some());
    assert!(*heard.lock().unwrap() < 300.0, "of 600 s");
    assert_eq!(segments.finish().segments, 1);
}

/// Work went on to the end of the recording though nobody waited for it.
#[test]
fn a_cancelled_timeline_ends_at_once() {
    let captioner = Captioner::bundled().unwrap();
    let (samples, rate) = (sound(0, 600.0), RATE);
    let token = CancelToken::default();
    let stream = AudioStream::from_waveform(&Waveform { samples, rate }, captioner.rate());
    let mut read = 0.0;
    let cancel = token.clone();
    let mut stream = (stream.unwrap().cancelled_by(&token)).watched(move |seconds| {
        assert!(read < 61.0, "it reads on to {seconds} s");
        read = seconds;
        if seconds > 60.0 {
            cancel.cancel();
        }
    });
    let (options, words) = (TimelineOptions::default(), CaptionOptions::default());
    let never = &mut |segment| panic!("{segment:?}");
    let error = captioner.timeline(&mut stream, &options, &words, never);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("cancelled"), "{error}");
}

/// Live, events are told soon after they begin, whatever the blocks they come in, and once.
#[test]
fn events_are_told_as_they_come() {
    let captioner = Captioner::bundled().unwrap();
    let parts = [
        silence(1.0),
        sound(0, 3.0),
        silence(3.0),
        sound(9, 0.3),
        silence(2.0),
    ];
    let samples = parts.concat();
    let encode = |block: usize| {
        let (options, words) = (TimelineOptions::default(), CaptionOptions::default());
        let mut live = Live::new(&captioner, options, words).unwrap();
        let mut told = Vec::new();
        for (i, some) in samples.chunks(block).enumerate() {
            let analysis = ((i + 1) * block).min(samples.len()) as f64 / f64::from(RATE);
            told.extend(live.push(some).unwrap().into_iter().map(|s| (analysis, s)));
        }
        told.extend(live.finish().unwrap().map(|s| (0.0, s)));
        told
    };
    let told = encode(160);
    let starts: Vec<f64> = told.iter().map(|(_, s)| s.start).collect();
    assert!(starts.contains(&1.0) && starts.contains(&7.0), "{starts:?}");
    for (analysis, segment) in &told {
        assert!(
            analysis - segment.start < 2.0 && !segment.caption.is_empty(),
            "{analysis} {segment:?}"
        );
    }
    let segments = |block| {
        encode(block)
            .into_iter()
            .map(|(_, s)| s)
            .collect::<Vec<_>>()
    };
    assert_eq!(segments(7777), segments(160));
    assert!(
        Live::new(
            &captioner,
            TimelineOptions::default(),
            CaptionOptions::default()
        )
        .unwrap()
        .push(&silence(20.0))
        .unwrap()
        .is_empty()
    );
}
