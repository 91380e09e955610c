//! Fakes for the captioner's tests, and tests of how one is put together.
#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use super::caption::sentence;
use super::*;
use crate::bridge::{Bridge, Compat};
use crate::decoder::{Config, Decoder};
use crate::generate::{DecodeOptions, Prompt, Search, generate, generate_together};
use crate::model::RunConfig;
use crate::prompt::Prompting;
use wsac_audio::Waveform;
use wsac_encoders::analysis::{Sound, SoundEvent};
use wsac_encoders::embedding::Embeddings;
use wsac_encoders::tokenizer::Tokenizer;

mod batch;
mod evidence;
mod ranking;
mod stages;

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

    fn encode(&self, audio: &mut AudioStream) -> wsac_encoders::Result<AudioAnalysis> {
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
            .map(|(part, second)| SoundEvent {
                embedding: point(part),
                start: f64::from(second),
                end: f64::from(second + 1),
                sounds: Vec::new(),
            });
        Ok(AudioAnalysis {
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
        card: RunConfig {
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

/// What the decoder is given on the first route, [parts, d].
fn bridged(captioner: &Captioner, analysis: &AudioAnalysis, options: &CaptionOptions) -> Vec<f32> {
    let mut drafts = [captioner.draft(analysis, options)];
    captioner.bridge(&mut drafts);
    drafts[0].routes()[0].embeddings.clone()
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
    // So can it for one recording, beside others that use the model's own.
    let own = self::captioner(false);
    let leaning = CaptionOptions {
        memory: Some(Arc::new(own.fit(Memory::load(&file).unwrap()).unwrap())),
        ..CaptionOptions::default()
    };
    let analysis = own.encode(&recording(&[0.5])).unwrap();
    let told = own.describe_together(&[(&analysis, &leaning), (&analysis, &options)]);
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
