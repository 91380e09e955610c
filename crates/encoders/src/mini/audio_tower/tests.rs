#![allow(clippy::unwrap_used)]
use std::time::Instant;

use super::*;
use crate::golden::{json, shared, yamnet_signal};
use crate::mini::augment::{AS_IT_IS, VIEWS};
use crate::models::yamnet::CLASSES;
use wsac_audio::{Source, Waveform};

fn stream(samples: Vec<f32>) -> AudioStream {
    let wave = Waveform {
        samples,
        rate: 16_000,
    };
    AudioStream::from_waveform(&wave, 16_000).unwrap()
}

fn hear(mini: &Mini, samples: Vec<f32>) -> AudioAnalysis {
    mini.encode(&mut stream(samples)).unwrap()
}

#[test]
fn a_listening_is_yamnet_at_its_speed() {
    let mini = Mini::bundled().unwrap();
    let compare = |samples: &[f32], check: &dyn Fn(&[f32], &[f32])| {
        let evidence = mini.evidence(&mut stream(samples.to_vec())).unwrap();
        for (l, speed) in AS_IT_IS.zip([95, 105]) {
            let patches = YamnetFrontEnd::at_speed(speed).hear(samples);
            let scores = mini.yamnet.scores(&patches);
            check(&evidence.rows(l).collect::<Vec<_>>().concat(), &scores);
        }
        evidence
    };
    // 30 s are one chunk.
    compare(&yamnet_signal().repeat(10), &|a, b| assert_eq!(a, b));
    // 72 s are two, the second one longer: its patches begin at the nearest frame, counted from its own beginning.
    let evidence = compare(&yamnet_signal().repeat(24), &|a, b| {
        assert_eq!(a.len(), b.len());
        let far: f32 = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum();
        assert!(far / (a.len() as f32) < 1e-3, "{}", far / a.len() as f32);
    });
    assert_eq!(evidence.duration(), 72.0);
    assert_eq!(evidence.len(), 149);
}

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn real_clips_are_heard_as_in_the_golden_run() {
    let Some(golden) = json("golden/yamnet/esc10_clips.json") else {
        return;
    };
    let mini = Mini::bundled().unwrap();
    for clip in golden.as_array().unwrap() {
        let file = clip["file"].as_str().unwrap();
        let Some(path) = shared(&format!("audio/esc10/{file}")) else {
            return;
        };
        let sound = || AudioStream::open(&Source::from(path.clone()), 16_000).unwrap();
        let evidence = mini.evidence(&mut sound()).unwrap();
        let windows = clip["n_patches"].as_u64().unwrap() as usize;
        assert_eq!(evidence.len(), windows, "{file}");
        let samples = clip["samples_16k"].as_u64().unwrap();
        assert_eq!(
            (evidence.duration() * 16_000.0).round() as u64,
            samples,
            "{file}"
        );
        // The golden run used one view, the plain audio.
        let wave = Waveform::load(&Source::from(path.clone()), 16_000).unwrap();
        let patches = YamnetFrontEnd::new().hear(&wave.samples);
        let scores = mini.yamnet.scores(&patches);
        let once = ClassScores::new(std::array::from_fn(|_| scores.clone()));
        let pooled = once.pooled(&[1.0; VIEWS], |_, _| 1.0);
        let best = (0..CLASSES).max_by(|&a, &b| pooled[a].total_cmp(&pooled[b]));
        let top = clip["top3_pooled"].as_array().unwrap();
        let name = |c: usize| mini.classes().class(c).name.as_str();
        assert_eq!(name(best.unwrap()), top[0][0].as_str().unwrap(), "{file}");
        for sound in top {
            let (wanted, score) = (sound[0].as_str().unwrap(), sound[1].as_f64().unwrap());
            let class = (0..CLASSES).find(|&c| name(c) == wanted).unwrap();
            let ours = f64::from(pooled[class]);
            assert!(
                (ours - score).abs() < 0.02,
                "{file}: {wanted} {ours} {score}"
            );
        }
        let analysis = mini.encode(&mut sound()).unwrap();
        assert!(analysis.confidence > 0.1 && analysis.sounds.len() == NAMED);
        assert!(
            analysis
                .parts
                .iter()
                .all(|p| p.start < p.end && p.end <= analysis.duration)
        );
        assert_eq!(analysis, mini.encode(&mut sound()).unwrap());
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let mini = Mini::bundled().unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| hear(&mini, yamnet_signal()))
    };
    let one = run(1);
    assert!(one == run(2) && one == run(3) && one == hear(&mini, yamnet_signal()));
}

#[test]
fn silence_is_heard_as_silence_and_costs_nothing() {
    let mini = Mini::bundled().unwrap();
    for samples in [0, 1, 100_000] {
        let analysis = hear(&mini, vec![0.0; samples]);
        assert_eq!(analysis.sounds[0].name, "Silence");
        assert_eq!((analysis.parts.len(), analysis.confidence), (1, 0.0));
        assert!(analysis.is_weak());
    }
    let start = Instant::now();
    let analysis = hear(&mini, vec![0.0; 2 * 3600 * 16_000]);
    assert_eq!((analysis.duration, analysis.confidence), (7200.0, 0.0));
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn a_sound_in_long_silence_is_found_at_its_time() {
    let mini = Mini::bundled().unwrap();
    let mut samples = vec![0.0; 1_200 * 16_000];
    let at = 900 * 16_000;
    samples[at..at + 48_000].copy_from_slice(&yamnet_signal());
    let analysis = hear(&mini, samples);
    let part = &analysis.parts[0];
    assert!((898.0..=900.5).contains(&part.start) && (901.0..=905.0).contains(&part.end));
    let alone = hear(&mini, yamnet_signal());
    assert!(
        alone
            .sounds
            .iter()
            .any(|s| s.name == analysis.sounds[0].name)
    );
}

#[test]
fn other_rates_are_refused() {
    let wave = Waveform {
        samples: vec![0.1; 100],
        rate: 8_000,
    };
    let mut sound = AudioStream::from_waveform(&wave, 8_000).unwrap();
    assert!(Mini::bundled().unwrap().encode(&mut sound).is_err());
}

#[test]
fn a_folder_is_as_good_as_the_bundle() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/mini");
    let (a, b) = (Mini::load(folder).unwrap(), Mini::bundled().unwrap());
    assert!(hear(&a, yamnet_signal()) == hear(&b, yamnet_signal()));
    assert!(Mini::load("no/such/folder").is_err());
}
