//! Batches: many recordings give what each gives alone.
#![allow(clippy::unwrap_used)]
use std::path::PathBuf;

use super::*;

/// Recordings described together are told as each is told alone, and one that fails fails alone; more recordings than
/// fit one batch keep their order.
#[test]
fn many_recordings_are_told_as_each_alone() {
    let mut captioner = Captioner::bundled().unwrap();
    let clips = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips");
    let mut paths: Vec<PathBuf> = (std::fs::read_dir(clips).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "ogg"))
        .collect();
    paths.sort();
    let options = CaptionOptions::default();
    let greedy = CaptionOptions {
        search: Search::Greedy,
        bridge: Some(Bridge::Direct),
        ..CaptionOptions::default()
    };
    for form in [None, Some(crate::decoder::WeightDtype::Bf16)] {
        if let Some(form) = form {
            captioner.model.decoder.pack(form);
        }
        let of = |i: usize| if i % 3 == 2 { &greedy } else { &options };
        let analysis: Vec<AudioAnalysis> = (paths.iter())
            .map(|path| captioner.encode(&path.as_path().into()).unwrap())
            .collect();
        let asked: Vec<(&AudioAnalysis, &CaptionOptions)> = analysis
            .iter()
            .enumerate()
            .map(|(i, analysis)| (analysis, of(i)))
            .collect();
        let together = captioner.describe_together(&asked);
        for ((analysis, options), together) in asked.iter().zip(together) {
            let (alone, together) = (
                captioner.describe(analysis, options).unwrap(),
                together.unwrap(),
            );
            assert_eq!(alone.text, together.text);
            let [a, b] = [&alone, &together].map(|caption| caption.logprob.unwrap());
            assert!((a - b).abs() < 1e-3);
            if form.is_some() {
                assert_eq!(a.to_bits(), b.to_bits());
            }
        }
    }
    let many: Vec<std::path::PathBuf> = (0..37)
        .map(|i| {
            if i == 20 {
                "missing.wav".into()
            } else {
                paths[i % paths.len()].clone()
            }
        })
        .collect();
    let mut told = Vec::new();
    let analysis = std::sync::Mutex::new(0.0);
    let open = |path: &PathBuf, rate| Ok(AudioStream::open(&path.into(), rate)?);
    let done = captioner.caption_all(
        &many,
        open,
        |_| greedy.clone(),
        |seconds| *analysis.lock().unwrap() += seconds,
        |path, caption| {
            told.push((path.clone(), caption.map(|c| c.text)));
            Ok::<(), ()>(())
        },
    );
    assert_eq!(done, Ok(()));
    assert!(*analysis.lock().unwrap() > 36.0);
    for (i, (path, caption)) in told.iter().enumerate() {
        assert_eq!(path, &many[i]);
        match caption {
            Ok(text) => assert_eq!(text, told[i % paths.len()].1.as_ref().unwrap()),
            Err(error) => assert!(i == 20 && error.to_string().contains("missing.wav")),
        }
    }
    assert_eq!(told.len(), many.len());
    let stop = |_: &PathBuf, _| Err("enough");
    assert_eq!(
        captioner.caption_all(&many, open, |_| greedy.clone(), |_| {}, stop),
        Err("enough")
    );
}
