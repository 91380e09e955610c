#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use super::describe::sentence;
use super::*;
use crate::audio::Waveform;
use crate::bridge::Compat;
use crate::clap::Part;
use crate::decoder::{Config, Decoder};
use crate::embedding::Embeddings;
use crate::generate::Search;
use crate::model::Card;
use crate::prompt::Prompting;
use crate::tokenizer::Tokenizer;

const RATE: u32 = 8000;

/// Hears a low sound (mean magnitude at most 0.1) as the first axis, others as the second; one part a second.
struct FakeTower {
    dim: usize,
}

impl AudioTower for FakeTower {
    fn dim(&self) -> usize {
        self.dim
    }

    fn rate(&self) -> u32 {
        RATE
    }

    fn listen(&self, audio: &mut AudioStream) -> Result<Heard> {
        let mut samples = Vec::new();
        while let Some(block) = audio.next_block()? {
            samples.extend(block);
        }
        let point = |samples: &[f32]| {
            let mean = samples.iter().map(|x| x.abs()).sum::<f32>() / samples.len() as f32;
            let mut point = vec![0.0; self.dim];
            point[usize::from(mean > 0.1)] = 1.0;
            Embedding::new(point).unwrap()
        };
        let parts = samples
            .chunks(RATE as usize)
            .zip(0..)
            .map(|(part, second)| Part {
                embedding: point(part),
                start: f64::from(second),
                end: f64::from(second + 1),
                sounds: Vec::new(),
            });
        Ok(Heard {
            embedding: point(&samples),
            parts: parts.collect(),
            sounds: vec![Sound {
                name: "Tone".into(),
                score: 0.2,
            }],
            duration: samples.len() as f64 / f64::from(RATE),
            confidence: 0.2,
            ordered: true,
        })
    }
}

fn model(clauses: bool) -> Model {
    let words = "[PAD] [UNK] [CLS] [SEP] a dog barks and rain falls";
    let tokenizer = Tokenizer::from_vocab(words.split(' ').map(str::to_owned).collect()).unwrap();
    let decoder = Config {
        vocab: tokenizer.len(),
        embedding: 3,
        width: 8,
        layers: 1,
        heads: 2,
        positions: 16,
        ..Config::default()
    };
    let rows = vec![1.0, 0.0, 0.1, 0.0, 1.0, 0.1];
    let captions = ["a dog barks", "rain falls"];
    let memory = Memory::new(&captions, Embeddings::new(3, rows).unwrap()).unwrap();
    Model {
        card: Card {
            name: "fake".into(),
            clap: "fake".into(),
            space: String::new(),
            decoder: decoder.clone(),
            bridge: Bridge::Nearest,
            centred: false,
            clauses,
            renormalise: true,
            noise_variance: 0.0,
            compat: Compat::Paper,
            prompt: Prompting::None,
            from_text: true,
        },
        decoder: Decoder::new(decoder, 0).unwrap(),
        tokenizer,
        clauses: clauses.then(|| memory.clone()),
        memory: Some(memory),
        keywords: None,
        gap: None,
    }
}

fn captioner(clauses: bool) -> Captioner {
    Captioner::new(Box::new(FakeTower { dim: 3 }), model(clauses)).unwrap()
}

/// A recording of `seconds` of a constant at each of `levels`, 16-bit WAV at 16 kHz.
fn recording(levels: &[f32]) -> Source {
    let rate = 2 * RATE;
    let samples = levels
        .iter()
        .flat_map(|l| vec![(l * 32767.0) as i16; rate as usize]);
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((2 * rate).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    Source::Bytes {
        name: "recording.wav".into(),
        data: Arc::from(wav),
    }
}

#[test]
fn a_caption_is_its_stages_composed() {
    let captioner = captioner(false);
    let source = recording(&[0.5]);
    let options = CaptionOptions {
        bridge: Some(Bridge::Nearest),
        name_sounds: false,
        ..CaptionOptions::default()
    };
    let caption = captioner.caption(&source, &options).unwrap();

    let heard = captioner.listen(&source).unwrap();
    let embeddings = captioner.bridge(&heard, &Bridge::Nearest).unwrap();
    let decode = DecodeOptions {
        search: options.search,
        rules: captioner.rules(false),
        ..DecodeOptions::default()
    };
    let decoded = captioner.decode(&embeddings, &decode);
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
        let heard = captioner.listen(&recording(&levels)).unwrap();
        let embeddings = captioner.bridge(&heard, &Bridge::Direct).unwrap();
        assert_eq!(embeddings.len(), 3 * rows, "{clauses} {levels:?}");
    }
}

#[test]
fn the_memory_can_be_replaced_by_one_of_the_same_width() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("memory.safetensors");
    let memory = |dim| {
        let row = Embeddings::new(dim, vec![1.0; dim]).unwrap();
        Memory::new(&["a bell rings"], row)
            .unwrap()
            .save(&file)
            .unwrap();
    };
    memory(3);
    let captioner = captioner(false).with_memory(&file).unwrap();
    let options = CaptionOptions::default();
    let caption = captioner.caption(&recording(&[0.5]), &options).unwrap();
    assert_eq!(caption.neighbours[0].caption, "a bell rings");
    // So can it for one recording, beside others that lean on the model's own.
    let own = self::captioner(false);
    let leaning = CaptionOptions {
        memory: Some(Arc::new(own.fit(Memory::load(&file).unwrap()).unwrap())),
        ..CaptionOptions::default()
    };
    let heard = own.listen(&recording(&[0.5])).unwrap();
    let told = own.describe_together(&[(&heard, &leaning), (&heard, &options)]);
    let told: Vec<Caption> = told.into_iter().map(|caption| caption.unwrap()).collect();
    assert_eq!(told[0].neighbours, caption.neighbours);
    assert_eq!(told[0].text, caption.text);
    assert_eq!(told[1].neighbours[0].caption, "rain falls");
    memory(4);
    let error = captioner.with_memory(&file).err().unwrap().to_string();
    assert!(
        error.contains("width 4") && error.contains("memory build"),
        "{error}"
    );
}

#[test]
fn a_tower_of_another_space_is_refused() {
    let error = Captioner::new(Box::new(FakeTower { dim: 5 }), model(false));
    let error = error.err().unwrap().to_string();
    assert!(error.contains("width 3") && error.contains('5'), "{error}");
}

#[test]
fn sounds_are_told_from_moment_to_moment() {
    let captioner = Captioner::bundled().unwrap();
    let dog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips/dog.ogg");
    let open = || AudioStream::open(&dog.into(), captioner.rate()).unwrap();
    let moments = captioner.moments(&mut open(), 3).unwrap().unwrap();
    assert_eq!(moments.sounds.len(), 3);
    assert_eq!(moments.sounds[0].name, "Dog");
    let peaks: Vec<f32> = (moments.sounds.iter())
        .map(|sound| sound.scores.iter().copied().fold(0.0, f32::max))
        .collect();
    assert!(
        peaks[0] > 0.9 && peaks.is_sorted_by(|a, b| a >= b),
        "{peaks:?}"
    );
    let last = (moments.sounds[0].scores.len() - 1) as f64 * moments.hop;
    assert!((4.0..5.0).contains(&last), "{last}");
    // A tower without names for sounds has none to tell.
    let nameless = self::captioner(false);
    let mut stream = AudioStream::open(&dog.into(), RATE).unwrap();
    assert_eq!(nameless.moments(&mut stream, 3).unwrap(), None);
    // More than may be heard is an error that says so.
    let error = captioner.listen_to(&mut open().at_most(2.0)).err().unwrap();
    assert!(
        matches!(error, Error::TooLong { seconds, .. } if seconds == 2.0),
        "{error}"
    );
    assert!(captioner.listen_to(&mut open().at_most(6.0)).is_ok());
}

#[test]
fn a_model_that_learned_behind_captions_is_given_them_by_itself() {
    let source = recording(&[0.05]);
    let plain = captioner(false);
    let heard = plain.listen(&source).unwrap();
    assert!(plain.prompt(&heard).is_empty());
    let mut prompted = captioner(false);
    prompted.model.card.prompt = Prompting::Captions {
        most: 2,
        low: 0.75,
        high: 0.85,
        mask: 0.0,
    };
    let tokenizer = &prompted.model.tokenizer;
    let words = prompted.prompt(&heard);
    // The nearest first, each with its end.
    assert_eq!(tokenizer.decode(&words), "a dog barks rain falls");
    assert_eq!(words.iter().filter(|&&id| id == tokenizer.sep()).count(), 2);
    let mut options = CaptionOptions {
        search: Search::Greedy,
        name_sounds: false,
        ..CaptionOptions::default()
    };
    let bridged = prompted.bridge(&heard, &Bridge::Nearest).unwrap();
    let decode = DecodeOptions {
        rules: prompted.rules(heard.ordered),
        ..DecodeOptions::default()
    };
    let [with, without] = [&words[..], &[]].map(|w| prompted.decode_after(w, &bridged, &decode));
    assert_ne!(with.logprob, without.logprob);
    let told = prompted.describe(&heard, &options).unwrap();
    assert_eq!(told.logprob, Some(with.logprob));
    // A memory in its place gives the prompt too.
    let rows = Embeddings::new(3, vec![0.9, 0.1, 0.0]).unwrap();
    let other = Memory::new(&["rain barks"], rows).unwrap();
    options.memory = Some(Arc::new(prompted.fit(other).unwrap()));
    assert_ne!(
        prompted.describe(&heard, &options).unwrap().logprob,
        told.logprob
    );

    let rows = Embeddings::new(3, vec![0.9, 0.1, 0.0, 0.0, 1.0, 0.0]).unwrap();
    prompted.model.keywords = Some(Memory::new(&["rain", "dog"], rows).unwrap());
    prompted.model.card.prompt = Prompting::Keywords { most: 1, mask: 0.4 };
    // What the tower names comes first; else the nearest name.
    let mut nameless = heard.clone();
    nameless.sounds.clear();
    let text = |heard| prompted.model.tokenizer.decode(&prompted.prompt(heard));
    assert_eq!(
        (text(&heard), text(&nameless)),
        (String::new(), "rain".into())
    );
}

#[test]
fn words_become_a_sentence() {
    for (words, want) in [
        ("a dog barks", "A dog barks."),
        ("a man says \"hello\" . ", "A man says \"hello\"."),
        ("élan", "Élan."),
        ("rain falls ,", "Rain falls."),
        ("", ""),
    ] {
        assert_eq!(sentence(words), want);
    }
}

#[test]
fn a_caption_that_the_memory_has_twice_is_told_once() {
    let mut captioner = captioner(false);
    let captions = ["rain falls", "Rain falls", "a dog barks"];
    let rows = vec![0.0, 1.0, 0.1, 0.0, 1.0, 0.1, 1.0, 0.0, 0.1];
    captioner.model.memory =
        Some(Memory::new(&captions, Embeddings::new(3, rows).unwrap()).unwrap());
    let heard = captioner.listen(&recording(&[0.5])).unwrap();
    let told = captioner.neighbours(&heard, 2);
    let told: Vec<&str> = told.iter().map(|n| n.caption.as_str()).collect();
    assert_eq!(told, ["rain falls", "a dog barks"]);
}

#[test]
fn a_caption_tells_the_bridge_that_its_words_came_by() {
    let mut fallen_back = 0;
    for (seed, name) in (0..40).flat_map(|seed| [(seed, "Dog"), (seed, "Rain")]) {
        let mut model = model(false);
        model.card.bridge = Bridge::Direct;
        model.decoder = Decoder::new(model.card.decoder.clone(), seed).unwrap();
        // Weights larger than at the start of training, so that what is heard changes the words.
        (model.decoder.weights_mut().iter_mut()).for_each(|w| *w *= 20.0);
        let captioner = Captioner::new(Box::new(FakeTower { dim: 3 }), model).unwrap();
        let mut heard = captioner.listen(&recording(&[0.05])).unwrap();
        heard.sounds[0] = Sound {
            name: name.into(),
            score: 0.9,
        };
        heard.parts[0].sounds = heard.sounds.clone();
        let caption = captioner
            .describe(&heard, &CaptionOptions::default())
            .unwrap();
        let again = CaptionOptions {
            bridge: Some(caption.strategy),
            ..CaptionOptions::default()
        };
        let again = captioner.describe(&heard, &again).unwrap();
        assert_eq!(caption.text, again.text, "seed {seed}, {name}");
        fallen_back += usize::from(caption.strategy == Bridge::Nearest);
    }
    assert!(fallen_back > 0, "no seed fell back to the nearest caption");
}

/// Recordings described together are told as each is told alone, and one that fails fails alone; more recordings than
/// fit one batch keep their order.
#[test]
fn many_recordings_are_told_as_each_alone() {
    let mut captioner = Captioner::bundled().unwrap();
    let clips = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips");
    let mut paths: Vec<std::path::PathBuf> = (std::fs::read_dir(clips).unwrap())
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
    for form in [None, Some(crate::decoder::Form::Bf16)] {
        if let Some(form) = form {
            captioner.model.decoder.pack(form);
        }
        let of = |i: usize| if i % 3 == 2 { &greedy } else { &options };
        let heard: Vec<Heard> = (paths.iter())
            .map(|path| captioner.listen(&path.as_path().into()).unwrap())
            .collect();
        let asked: Vec<(&Heard, &CaptionOptions)> = heard
            .iter()
            .enumerate()
            .map(|(i, heard)| (heard, of(i)))
            .collect();
        let together = captioner.describe_together(&asked);
        for ((heard, options), together) in asked.iter().zip(together) {
            let (alone, together) = (
                captioner.describe(heard, options).unwrap(),
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
    let heard = std::sync::Mutex::new(0.0);
    let done = captioner.caption_all(
        &many,
        |_| greedy.clone(),
        |seconds| *heard.lock().unwrap() += seconds,
        |path, caption| {
            told.push((path.clone(), caption.map(|c| c.text)));
            Ok::<(), ()>(())
        },
    );
    assert_eq!(done, Ok(()));
    assert!(*heard.lock().unwrap() > 36.0);
    for (i, (path, caption)) in told.iter().enumerate() {
        assert_eq!(path, &many[i]);
        match caption {
            Ok(text) => assert_eq!(text, told[i % paths.len()].1.as_ref().unwrap()),
            Err(error) => assert!(i == 20 && error.to_string().contains("missing.wav")),
        }
    }
    assert_eq!(told.len(), many.len());
    let stop = |_: &std::path::PathBuf, _| Err("enough");
    assert_eq!(
        captioner.caption_all(&many, |_| greedy.clone(), |_| {}, stop),
        Err("enough")
    );
}

/// What [`CaptionOptions`] add to the paper changes nothing by default, and does what it says where it is asked for.
#[test]
fn blends_and_gap_maps_come_before_and_beside_the_bridge() {
    let captioner = captioner(true);
    let heard = captioner.listen(&recording(&[0.05, 0.5])).unwrap();
    let plain = CaptionOptions {
        bridge: Some(Bridge::Nearest),
        name_sounds: false,
        ..CaptionOptions::default()
    };
    let tell = |options: &CaptionOptions| captioner.describe(&heard, options).unwrap();
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
    let low = captioner.listen(&recording(&[0.05])).unwrap();
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
        let error = captioner.describe(&heard, &wrong).unwrap_err().to_string();
        assert!(error.contains("0 to 1"), "{error}");
    }
}

#[test]
fn of_all_candidates_the_one_most_like_the_sound_is_told() {
    let captioner = Captioner::bundled().unwrap();
    let dog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips/dog.ogg");
    let heard = captioner.listen(&dog.into()).unwrap();
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
    let best = captioner.describe(&heard, &ranked).unwrap();
    let score = best.score.unwrap();
    let of = |caption: &Caption| {
        let text = caption.text.trim_end_matches('.').to_lowercase();
        let read = captioner.read(&[&text]).unwrap();
        captioner.similarities(&heard.embedding, &read)[0]
    };
    assert!((score - of(&best)).abs() < 0.1, "{score}");
    let likeliest = captioner.describe(&heard, &plain).unwrap();
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
    let told = captioner.describe(&heard, &nearest).unwrap();
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
    let asked: Vec<_> = options.iter().map(|options| (&heard, *options)).collect();
    for (together, options) in captioner.describe_together(&asked).iter().zip(options) {
        let alone = captioner.describe(&heard, options).unwrap();
        assert_eq!(together.as_ref().unwrap().text, alone.text);
    }
}

#[test]
fn a_captioner_that_cannot_read_says_so() {
    let captioner = captioner(false);
    let heard = captioner.listen(&recording(&[0.5])).unwrap();
    let ranked = CaptionOptions {
        rerank: Some(Rerank::default()),
        ..CaptionOptions::default()
    };
    let error = captioner.describe(&heard, &ranked).unwrap_err().to_string();
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

/// Recordings of nothing were told with confidence ("A person speaking." 0.87 of a single sample, "Music is playing." 0.83
/// of a constant offset), because only the nearest caption was asked.
#[test]
fn a_caption_of_nothing_is_not_confident() {
    let captioner = Captioner::bundled().unwrap();
    let describe = |samples: Vec<f32>| {
        let rate = captioner.rate();
        let wave = Waveform { samples, rate };
        let heard = captioner
            .listen_to(&mut AudioStream::from_waveform(&wave, rate).unwrap())
            .unwrap();
        captioner
            .describe(&heard, &CaptionOptions::default())
            .unwrap()
    };
    let random = crate::rng::Stream::new("dither");
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

/// The log-probability of a caption of the memory was not a number.
#[test]
fn a_caption_of_the_memory_has_no_log_probability_rather_than_nan() {
    let captioner = Captioner::bundled().unwrap();
    let dog = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clips/dog.ogg");
    let heard = captioner.listen(&dog.into()).unwrap();
    let of_the_memory = CaptionOptions {
        rerank: Some(Rerank {
            by: Measure::consensus(),
            nearest: 40,
            ..Rerank::default()
        }),
        ..CaptionOptions::default()
    };
    let caption = captioner.describe(&heard, &of_the_memory).unwrap();
    assert_eq!(caption.logprob, None, "{caption:?}");
    let json = serde_json::to_value(&caption).unwrap();
    assert!(json["logprob"].is_null(), "{json}");
}
