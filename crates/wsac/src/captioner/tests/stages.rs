//! Stages: one after another they give what `caption` gives.
#![allow(clippy::unwrap_used)]
use super::*;

/// The public stages, called one after another, gave other captions than `caption`.
#[test]
fn stage_by_stage_gives_the_same_caption() {
    let captioner = Captioner::bundled().unwrap();
    let dog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips/dog.ogg");
    let default = CaptionOptions::default;
    let asked = [
        default(),
        CaptionOptions {
            bridge: Some(Bridge::Direct),
            search: Search::Greedy,
            rules: false,
            ..default()
        },
        CaptionOptions {
            bridge: Some(Bridge::Nearest),
            blend: 0.3,
            name_sounds: false,
            max_tokens: 4,
            ..default()
        },
        CaptionOptions {
            rerank: Some(Rerank {
                widths: vec![2, 8],
                nearest: 2,
                ..Rerank::default()
            }),
            ..default()
        },
    ];
    for options in &asked {
        let analysis = captioner.encode(&dog.into()).unwrap();
        let mut drafts = [captioner.draft(&analysis, options)];
        captioner.bridge(&mut drafts);
        assert!(!drafts[0].routes().is_empty() && drafts[0].candidates().is_empty());
        captioner.decode(&mut drafts);
        captioner.bridge_unnamed(&mut drafts);
        captioner.decode(&mut drafts);
        captioner.rerank(&mut drafts);
        assert!(drafts[0].routes().is_empty() && !drafts[0].candidates().is_empty());
        let [draft] = drafts;
        let caption = captioner.finish(draft).unwrap();
        assert_eq!(caption, captioner.caption(&dog.into(), options).unwrap());
    }
}

#[test]
fn a_draft_that_fails_keeps_its_error_and_stops_no_other() {
    let captioner = captioner(false);
    let analysis = captioner.encode(&recording(&[0.5])).unwrap();
    let good = CaptionOptions::default();
    let bad = CaptionOptions {
        blend: 2.0,
        ..CaptionOptions::default()
    };
    let mut drafts = [
        captioner.draft(&analysis, &bad),
        captioner.draft(&analysis, &good),
    ];
    captioner.bridge(&mut drafts);
    captioner.decode(&mut drafts);
    captioner.rerank(&mut drafts);
    let [bad, good] = drafts;
    assert!(bad.error().is_some() && bad.candidates().is_empty());
    let error = captioner.finish(bad).unwrap_err().to_string();
    assert!(error.contains("0 to 1"), "{error}");
    assert!(captioner.finish(good).is_ok());
}

#[test]
fn a_caption_has_what_speaks_for_it() {
    let captioner = captioner(false);
    let source = recording(&[0.5]);
    let options = CaptionOptions {
        bridge: Some(Bridge::Nearest),
        name_sounds: false,
        ..CaptionOptions::default()
    };
    let caption = captioner.caption(&source, &options).unwrap();

    let analysis = captioner.encode(&source).unwrap();
    let decode = DecodeOptions {
        search: options.search.clone(),
        rules: captioner.rules(false),
        ..DecodeOptions::default()
    };
    let embeddings = bridged(&captioner, &analysis, &options);
    let model = &captioner.model;
    let decoded = generate(&model.decoder, &embeddings, model.tokenizer.sep(), &decode).remove(0);
    assert_eq!(
        caption.text,
        sentence(&captioner.model.tokenizer.decode(&decoded.tokens))
    );
    assert_eq!(caption.logprob, Some(decoded.logprob));
    assert_eq!(caption.strategy, Bridge::Nearest);
    assert_eq!((caption.duration, caption.weak), (1.0, true));
    assert_eq!((caption.model.as_str(), caption.sounds.len()), ("fake", 1));
    let nearest: Vec<&str> = caption
        .neighbours
        .iter()
        .map(|n| n.caption.as_str())
        .collect();
    assert_eq!(nearest, ["rain falls", "a dog barks"]);
}

#[test]
fn sounds_are_joined_only_by_a_model_that_has_learned_to() {
    for (clauses, levels, rows) in [
        (false, vec![0.05, 0.5], 1),
        (true, vec![0.05, 0.5], 2),
        (true, vec![0.5], 1),
    ] {
        let captioner = captioner(clauses);
        let analysis = captioner.encode(&recording(&levels)).unwrap();
        let options = CaptionOptions {
            bridge: Some(Bridge::Direct),
            ..CaptionOptions::default()
        };
        let embeddings = bridged(&captioner, &analysis, &options);
        assert_eq!(embeddings.len(), 3 * rows, "{clauses} {levels:?}");
    }
}

/// What [`CaptionOptions`] add to the paper changes nothing by default, and does what it says where it is asked for.
#[test]
fn blends_and_gap_maps_come_before_and_beside_the_bridge() {
    let captioner = captioner(true);
    let analysis = captioner.encode(&recording(&[0.05, 0.5])).unwrap();
    let plain = CaptionOptions {
        bridge: Some(Bridge::Nearest),
        name_sounds: false,
        ..CaptionOptions::default()
    };
    let tell = |options: &CaptionOptions| captioner.describe(&analysis, options).unwrap();
    let direct = CaptionOptions {
        bridge: Some(Bridge::Direct),
        ..plain.clone()
    };
    let whole = CaptionOptions {
        blend: 1.0,
        ..plain.clone()
    };
    assert_eq!(tell(&whole).logprob, tell(&direct).logprob);
    assert_ne!(tell(&plain).logprob, tell(&direct).logprob);
    let unmoved = crate::bridge::GapMap::shift(&[0.0; 3]);
    let unmoved = CaptionOptions {
        gap_map: Some(Arc::new(unmoved)),
        ..plain.clone()
    };
    assert_eq!(tell(&unmoved), tell(&plain));
    // A low sound moved to where loud ones are has their neighbours.
    let low = captioner.encode(&recording(&[0.05])).unwrap();
    let there = CaptionOptions {
        gap_map: Some(Arc::new(crate::bridge::GapMap::shift(&[1.0, -1.0, 0.0]))),
        ..plain.clone()
    };
    let first = |options| captioner.describe(&low, options).unwrap().neighbours[0].clone();
    assert_eq!(first(&plain).caption, "a dog barks");
    assert_eq!(first(&there).caption, "rain falls");
    for blend in [-0.1, 1.1, f32::NAN] {
        let wrong = CaptionOptions {
            blend,
            ..plain.clone()
        };
        let error = captioner
            .describe(&analysis, &wrong)
            .unwrap_err()
            .to_string();
        assert!(error.contains("0 to 1"), "{error}");
    }
}

#[test]
fn a_model_that_learned_behind_captions_is_given_them_by_itself() {
    let source = recording(&[0.05]);
    let plain = captioner(false);
    let analysis = plain.encode(&source).unwrap();
    let paper = CaptionOptions::default();
    assert!(plain.draft(&analysis, &paper).prompt().is_empty());
    let mut prompted = captioner(false);
    prompted.model.card.prompt = Prompting::Captions {
        most: 2,
        low: 0.75,
        high: 0.85,
        mask: 0.0,
    };
    let tokenizer = &prompted.model.tokenizer;
    let words = prompted.draft(&analysis, &paper).prompt().to_vec();
    // The nearest first, each with its end.
    assert_eq!(tokenizer.decode(&words), "a dog barks rain falls");
    assert_eq!(words.iter().filter(|&&id| id == tokenizer.sep()).count(), 2);
    let mut options = CaptionOptions {
        search: Search::Greedy,
        name_sounds: false,
        ..CaptionOptions::default()
    };
    let bridged = bridged(&prompted, &analysis, &options);
    let decode = DecodeOptions {
        rules: prompted.rules(analysis.ordered),
        ..DecodeOptions::default()
    };
    let [with, without] = [&words[..], &[]].map(|words| {
        let prompt = Prompt {
            words,
            embeddings: &bridged,
            options: &decode,
        };
        generate_together(&prompted.model.decoder, &[prompt], tokenizer.sep())
            .remove(0)
            .remove(0)
    });
    assert_ne!(with.logprob, without.logprob);
    let told = prompted.describe(&analysis, &options).unwrap();
    assert_eq!(told.logprob, Some(with.logprob));
    // A memory in its place gives the prompt too.
    let rows = Embeddings::new(3, vec![0.9, 0.1, 0.0]).unwrap();
    let other = Memory::new(&["rain barks"], rows).unwrap();
    options.memory = Some(Arc::new(prompted.fit(other).unwrap()));
    assert_ne!(
        prompted.describe(&analysis, &options).unwrap().logprob,
        told.logprob
    );

    let rows = Embeddings::new(3, vec![0.9, 0.1, 0.0, 0.0, 1.0, 0.0]).unwrap();
    prompted.model.keywords = Some(Memory::new(&["rain", "dog"], rows).unwrap());
    prompted.model.card.prompt = Prompting::Keywords { most: 1, mask: 0.4 };
    // What the tower names comes first; else the nearest name.
    let mut nameless = analysis.clone();
    nameless.sounds.clear();
    let text =
        |analysis| (prompted.model.tokenizer).decode(prompted.draft(analysis, &paper).prompt());
    assert_eq!(
        (text(&analysis), text(&nameless)),
        (String::new(), "rain".into())
    );
}
