#![allow(clippy::unwrap_used)]
use super::*;
use crate::memory::Memory;
use wsac_golden::assert_close;
use wsac_nn::rng::Stream;

const D: usize = 12;

/// Sounds that are their texts, turned and moved: text = sound Q + s before both are scaled.
fn world(clips: usize, noise: f32) -> (Embeddings, Vec<Embeddings>, Vec<f32>) {
    let stream = Stream::new("gap map");
    let turn = square::Square {
        d: D,
        rows: (0..(D * D) as u64)
            .map(|i| f64::from(Stream::new("turn").gauss(i)))
            .collect(),
    };
    let turn: Vec<f32> = (turn.orthogonal().unwrap().rows.iter())
        .map(|x| *x as f32)
        .collect();
    let (mut audio, mut texts) = (Vec::new(), Vec::new());
    for clip in 0..clips {
        let point: Vec<f32> = (0..D)
            .map(|j| stream.gauss((clip * D + j) as u64))
            .collect();
        let mut text: Vec<f32> = (0..D)
            .map(|j| (0..D).map(|i| point[i] * turn[i * D + j]).sum())
            .collect();
        for (j, x) in text.iter_mut().enumerate() {
            *x += noise * Stream::new("noise").gauss((clip * D + j) as u64);
        }
        audio.extend(point);
        texts.push(Embeddings::new(D, text).unwrap());
    }
    (Embeddings::new(D, audio).unwrap(), texts, turn)
}

fn learn(kind: Kind, audio: &Embeddings, texts: &[Embeddings]) -> GapMap {
    let options = LearnOptions {
        kind,
        ..LearnOptions::default()
    };
    GapMap::learn(audio, texts, &options).unwrap()
}

#[test]
fn a_turn_is_recovered() {
    let (audio, texts, turn) = world(300, 0.0);
    for kind in [Kind::Procrustes, Kind::Ridge] {
        let map = learn(kind, &audio, &texts);
        // The means are nearly the origin, and not exactly those of each other turned.
        let tolerance = if kind == Kind::Ridge { 0.03 } else { 1e-3 };
        assert_close(kind.name(), map.linear.as_ref().unwrap(), &turn, tolerance);
        let learned = map.learned.unwrap();
        assert!(learned.after.cosine > 0.999, "{learned:?}");
        assert_eq!((learned.after.recall_1, learned.held_out), (1.0, 60));
        assert!(learned.before.cosine < 0.3 && learned.before.recall_1 < 0.2);
    }
}

#[test]
fn a_shift_is_recovered_and_more_is_not_believed() {
    // All sounds are their texts, moved by the same way before both are scaled.
    let stream = Stream::new("shift");
    let (mut audio, mut texts) = (Vec::new(), Vec::new());
    for clip in 0..200 {
        let text: Vec<f32> = (0..D)
            .map(|j| 0.1 * stream.gauss((clip * D + j) as u64) + f32::from(j == 0))
            .collect();
        audio.extend(text.iter().zip(0..).map(|(x, j)| x + f32::from(j == 1)));
        texts.push(Embeddings::new(D, text).unwrap());
    }
    let audio = Embeddings::new(D, audio).unwrap();
    for kind in [Kind::Shift, Kind::Ridge, Kind::Procrustes] {
        let learned = learn(kind, &audio, &texts).learned.unwrap();
        assert!(learned.before.cosine < 0.75);
        assert!(learned.after.cosine > 0.99, "{kind:?} {learned:?}");
        assert!(learned.after.recall_10 >= learned.before.recall_10);
        assert_eq!(learned.lambda.is_some(), kind == Kind::Ridge);
    }
    // `audio - gap`, as the paper's shift has it.
    let mut all = Embeddings::empty(D);
    texts.iter().for_each(|t| all.push(&t.get(0)));
    let shift = GapMap::shift(&crate::bridge::gap(&audio, &all).unwrap());
    let learned = learn(Kind::Shift, &audio, &texts);
    let (a, b) = (shift.apply(&audio.get(3)), learned.apply(&audio.get(3)));
    assert_close("shift", a.unwrap().as_slice(), b.unwrap().as_slice(), 1e-6);
}

#[test]
fn what_the_pairs_do_not_show_is_not_believed() {
    let (audio, turned, _) = world(60, 0.0);
    let stream = Stream::new("around");
    let around = |clip: usize| {
        let noise = |j: usize| 0.3 * stream.gauss((clip * D + j) as u64);
        let row = audio.row(clip).iter().enumerate();
        Embeddings::new(D, row.map(|(j, x)| x + noise(j)).collect()).unwrap()
    };
    let around: Vec<Embeddings> = (0..60).map(around).collect();
    let lambda = |texts: &[Embeddings]| {
        let learned = learn(Kind::Ridge, &audio, texts).learned.unwrap();
        learned.lambda.unwrap()
    };
    assert!(lambda(&turned) < 0.1 && lambda(&around) >= 0.1);
}

#[test]
fn equal_pairs_give_equal_bits_and_a_saved_map_is_the_same() {
    let (audio, texts, _) = world(80, 0.1);
    let folder = tempfile::tempdir().unwrap();
    for kind in [Kind::Shift, Kind::Ridge, Kind::Procrustes] {
        let map = learn(kind, &audio, &texts);
        assert_eq!(map, learn(kind, &audio, &texts));
        let file = folder.path().join(kind.name());
        map.save(&file).unwrap();
        let again = GapMap::load(&file).unwrap();
        let sound = audio.get(7);
        assert_eq!(map.apply(&sound).unwrap(), again.apply(&sound).unwrap());
        let lambda = |map: &GapMap| map.learned.as_ref().unwrap().lambda;
        assert_eq!((map.kind, lambda(&map)), (again.kind, lambda(&again)));
    }
    let memory = folder.path().join("memory");
    Memory::new(&["a"], texts[0].clone())
        .unwrap()
        .save(&memory)
        .unwrap();
    let error = GapMap::load(&memory).unwrap_err().to_string();
    assert!(error.contains("wsac gap learn"), "{error}");
}

#[test]
fn what_cannot_teach_is_told() {
    let (audio, texts, _) = world(9, 0.0);
    let options = LearnOptions::default();
    let error = GapMap::learn(&audio, &texts, &options).unwrap_err();
    assert!(error.to_string().contains("10 pairs"), "{error}");
    let (audio, texts, _) = world(20, 0.0);
    let few = GapMap::learn(&audio, &texts[1..], &options).unwrap_err();
    assert!(few.to_string().contains("same encoder"), "{few}");
    let map = learn(Kind::Ridge, &audio, &texts);
    let narrow = Embedding::new(vec![1.0, 2.0]).unwrap();
    let error = map.apply(&narrow).unwrap_err().to_string();
    assert!(error.contains("width 12") && error.contains('2'), "{error}");
    let alike = Embeddings::new(D, [1.0; D].repeat(20)).unwrap();
    let same = LearnOptions {
        kind: Kind::Procrustes,
        ..options
    };
    assert!(GapMap::learn(&alike, &texts, &same).is_err());
}
