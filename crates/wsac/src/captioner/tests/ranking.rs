//! Ranking: which candidate becomes the caption.
#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn of_all_candidates_the_one_most_like_the_sound_is_told() {
    let captioner = Captioner::bundled().unwrap();
    let dog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips/dog.ogg");
    let analysis = captioner.encode(&dog.into()).unwrap();
    let plain = CaptionOptions {
        name_sounds: false,
        ..CaptionOptions::default()
    };
    let alpha = 0.01;
    let ranked = CaptionOptions {
        rerank: Some(Rerank {
            by: Measure::Similarity { alpha },
            widths: vec![2, 8],
            bridges: vec![Bridge::Nearest],
            ..Rerank::default()
        }),
        ..plain.clone()
    };
    let best = captioner.describe(&analysis, &ranked).unwrap();
    let score = best.score.unwrap();
    let of = |caption: &Caption| {
        let text = caption.text.trim_end_matches('.').to_lowercase();
        let tower = captioner.text_tower().unwrap();
        let read = tower.embed(&[&text], &mut |_| {}).unwrap();
        captioner.similarities(&analysis.embedding, &read)[0]
    };
    assert!((score - of(&best)).abs() < 0.1, "{score}");
    let likeliest = captioner.describe(&analysis, &plain).unwrap();
    assert!(of(&best) >= of(&likeliest) - 0.05);
    assert_eq!(likeliest.score, None);
    // As the memory has it, the nearest caption cannot be beaten by a likelier one.
    let nearest = CaptionOptions {
        rerank: Some(Rerank {
            nearest: 1,
            ..Rerank::default()
        }),
        ..plain.clone()
    };
    let told = captioner.describe(&analysis, &nearest).unwrap();
    assert!(told.score.unwrap() >= told.neighbours[0].similarity - 0.05);
    // Together as alone, with and without ranking.
    let by_votes = CaptionOptions {
        rerank: Some(Rerank {
            by: Measure::consensus(),
            ..Rerank::default()
        }),
        ..plain.clone()
    };
    let options = [&ranked, &plain, &by_votes, &nearest];
    let asked: Vec<_> = options
        .iter()
        .map(|options| (&analysis, *options))
        .collect();
    for (together, options) in captioner.describe_together(&asked).iter().zip(options) {
        let alone = captioner.describe(&analysis, options).unwrap();
        assert_eq!(together.as_ref().unwrap().text, alone.text);
    }
}

#[test]
fn a_captioner_that_cannot_read_says_so() {
    let captioner = captioner(false);
    let analysis = captioner.encode(&recording(&[0.5])).unwrap();
    let ranked = CaptionOptions {
        rerank: Some(Rerank::default()),
        ..CaptionOptions::default()
    };
    let error = captioner
        .describe(&analysis, &ranked)
        .unwrap_err()
        .to_string();
    assert!(error.contains("text tower"), "{error}");
    let none = Rerank {
        widths: vec![0],
        ..Rerank::default()
    };
    assert!(none.check().is_err());
    let text = r#"{"by": {"consensus": {"retrieved": 5}}, "widths": [2, 8]}"#;
    let read: Rerank = serde_json::from_str(text).unwrap();
    let five = Measure::Consensus {
        retrieved: 5,
        tau: None,
        peers: 0.1,
        alpha: 0.0,
    };
    assert_eq!(read.by, five);
    for wrong in [r#"{"tau": 0.0}"#, r#"{"peers": 1.5}"#] {
        let text = format!(r#"{{"by": {{"consensus": {wrong}}}}}"#);
        let read: Rerank = serde_json::from_str(&text).unwrap();
        assert!(read.check().is_err(), "{wrong}");
    }
}

/// The log-probability of a caption of the memory was not a number.
#[test]
fn a_caption_of_the_memory_has_no_log_probability_rather_than_nan() {
    let captioner = Captioner::bundled().unwrap();
    let dog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips/dog.ogg");
    let analysis = captioner.encode(&dog.into()).unwrap();
    let of_the_memory = CaptionOptions {
        rerank: Some(Rerank {
            by: Measure::consensus(),
            nearest: 40,
            ..Rerank::default()
        }),
        ..CaptionOptions::default()
    };
    let caption = captioner.describe(&analysis, &of_the_memory).unwrap();
    assert_eq!(caption.logprob, None, "{caption:?}");
    let json = serde_json::to_value(&caption).unwrap();
    assert!(json["logprob"].is_null(), "{json}");
}

#[test]
fn a_caption_tells_the_bridge_that_its_words_came_by() {
    let mut fallen_back = 0;
    for (seed, name) in (0..40).flat_map(|seed| [(seed, "Dog"), (seed, "Rain")]) {
        let mut model = model(false);
        model.card.bridge = Bridge::Direct;
        model.decoder = Decoder::new(model.card.decoder.clone(), seed).unwrap();
        // Weights larger than at the start of training, so that what sounds changes the words.
        (model.decoder.weights_mut().iter_mut()).for_each(|w| *w *= 20.0);
        let captioner = Captioner::new(Box::new(FakeTower { dim: 3 }), model).unwrap();
        let mut analysis = captioner.encode(&recording(&[0.05])).unwrap();
        analysis.sounds[0] = Sound {
            name: name.into(),
            score: 0.9,
        };
        analysis.parts[0].sounds = analysis.sounds.clone();
        let caption = captioner
            .describe(&analysis, &CaptionOptions::default())
            .unwrap();
        let again = CaptionOptions {
            bridge: Some(caption.strategy),
            ..CaptionOptions::default()
        };
        let again = captioner.describe(&analysis, &again).unwrap();
        assert_eq!(caption.text, again.text, "seed {seed}, {name}");
        fallen_back += usize::from(caption.strategy == Bridge::Nearest);
    }
    assert!(fallen_back > 0, "no seed fell back to the nearest caption");
}
