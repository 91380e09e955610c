//! Where the time of one caption goes, stage by stage, with weights as they are or by formula.
//!
//! ```text
//! cargo run --release -p wsac --example caption_profile -- RECORDING                          the built-in `mini`
//! cargo run --release -p wsac --example caption_profile -- RECORDING KEYS.json FRONTEND.safetensors f32|bf16
//! ```
//!
//! The second is the paper's: the CLAP of `encode_speed`, a random decoder of the paper's shape over the captions' words,
//! and a memory of 50,000 random rows. It never ends a caption, so its decoding is the longest there is, 30 tokens.
//! Prints a JSON line a stage: the median of several runs, in milliseconds.

use std::hint::black_box;
use std::time::Instant;

use wsac::arithmetic::Precision;
use wsac::audio::{AudioStream, Source, Waveform};
use wsac::bundled;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::clap::{AudioTower, ClapAudio, Family, Space, Windows};
use wsac::decoder::{Config, Decoder, Form, Mapper};
use wsac::embedding::Embeddings;
use wsac::generate::Search;
use wsac::mel::{LogMel, MelBank, YamnetFrontEnd};
use wsac::memory::Memory;
use wsac::model::{Card, Model};
use wsac::rng::Stream;
use wsac::tensors::Tensors;
use wsac::weights::Reading;
use wsac::weights::formula::Formula;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

/// Timed runs of each stage, after one that is not.
const RUNS: usize = 7;

/// The rows of the paper's memory.
const ROWS: usize = 50_000;

fn main() -> Anything<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let start = Instant::now();
    let (recording, name, tower, model, mel) = match args.as_slice() {
        [recording] => (
            recording,
            "mini".to_owned(),
            bundled::audio_tower()?,
            bundled::model()?,
            Mel::Yamnet,
        ),
        [recording, keys, front, precision] => {
            let (tower, model) = paper(keys, front, precision)?;
            let bank = MelBank::slaney(tower.rate(), 1024, 64, 50.0, 14_000.0);
            let mel = Mel::Clap(LogMel::new(bank, 320));
            let name = format!("CNN14 and the paper's decoder, {precision}");
            (recording, name, tower, model, mel)
        }
        _ => return Err("give RECORDING [KEYS.json FRONTEND.safetensors f32|bf16]".into()),
    };
    let load = start.elapsed().as_secs_f64() * 1e3;
    let rate = tower.rate();
    let captioner = Captioner::new(tower, model)?;
    let source = Source::from(recording);
    let wave = Waveform::load(&source, rate)?;
    let listen = || captioner.listen_to(&mut AudioStream::from_waveform(&wave, rate)?);
    let heard = listen()?;
    let told = CaptionOptions::default();
    let mut greedy = told.clone();
    (greedy.search, greedy.neighbours, greedy.name_sounds) = (Search::Greedy, 0, false);

    let read = median(|| Waveform::load(&source, rate).map(drop))?;
    let frames = median(|| {
        mel.frames(&wave.samples);
        Ok(())
    })?;
    let hear = median(|| listen().map(drop))?;
    let across = median(|| {
        captioner.bridge(&mut [captioner.draft(&heard, &greedy)]);
        Ok(())
    })?;
    let near = median(|| {
        black_box(captioner.neighbours(&heard, told.neighbours));
        Ok(())
    })?;
    let all = median(|| captioner.describe(&heard, &told).map(drop))?;
    let plain = median(|| captioner.describe(&heard, &greedy).map(drop))?;
    let whole = median(|| captioner.caption(&source, &told).map(drop))?;

    let stages = [
        ("load, and make what is random", load),
        ("read and resample", read),
        ("mel", frames),
        ("tower, without mel", hear - frames),
        ("bridge", across),
        ("nearest captions", near),
        ("decode, beam 4", all - across - near),
        ("decode, greedy", plain - across),
        ("caption, from the file", whole),
    ];
    let (seconds, threads) = (wave.duration(), rayon::current_num_threads());
    for (stage, ms) in stages {
        println!(
            r#"{{"piece": "caption", "variant": "{name}, {seconds:.1} s", "stage": "{stage}", "median_ms": {ms:.2}, "runs": {RUNS}, "threads": {threads}}}"#
        );
    }
    Ok(())
}

/// The front end alone, which towers do not show.
enum Mel {
    Yamnet,
    Clap(LogMel),
}

impl Mel {
    fn frames(&self, samples: &[f32]) {
        match self {
            Self::Yamnet => black_box(YamnetFrontEnd::new().mel(samples)),
            Self::Clap(front) => black_box(front.frames(samples)),
        };
    }
}

/// The paper's captioner with weights by formula.
fn paper(keys: &str, front: &str, precision: &str) -> Anything<(Box<dyn AudioTower>, Model)> {
    let bytes = std::fs::read(front)?;
    let file = Tensors::parse(front, &bytes)?;
    let names = file.names();
    let bank = names.iter().find(|name| name.starts_with("mel"));
    let bank = file.get(bank.ok_or("the front end has no bank")?, &[513, 64])?;
    let weights = Formula::parse(keys, &std::fs::read(keys)?)?.with(".melW", &bank);
    let (arithmetic, form) = match precision {
        "bf16" => (Precision::Bf16, Form::Bf16),
        _ => (Precision::F32, Form::F32),
    };
    let reading = Reading::new(&weights).in_precision(arithmetic);
    let tower = ClapAudio::load(Family::of(&weights)?, &reading, Windows::Mean)?;

    let mini = bundled::model()?;
    let known = mini.memory.as_ref().ok_or("mini has no memory")?;
    let tokenizer = bundled::vocabulary()?.prune(known.captions(), 22);
    let config = Config {
        vocab: tokenizer.len(),
        embedding: tower.dim(),
        mapper: Mapper::Linear,
        ..Config::default()
    };
    let mut decoder = Decoder::new(config.clone(), 0)?;
    decoder.pack(form);
    let stream = Stream::new("caption profile");
    let rows = (0..(ROWS * tower.dim()) as u64).map(|i| stream.symmetric(i, 1.0));
    let rows = Embeddings::new(tower.dim(), rows.collect())?;
    let captions: Vec<String> = (0..ROWS).map(|i| format!("caption {i}")).collect();
    let space = Space::clap("formula", "formula");
    let card = Card {
        name: "formula".into(),
        clap: space.name,
        space: space.identity,
        decoder: config,
        bridge: space.bridge,
        centred: false,
        clauses: false,
        renormalise: true,
        noise_variance: space.noise_variance,
        compat: wsac::bridge::Compat::Paper,
        prompt: wsac::prompt::Prompting::None,
        from_text: true,
    };
    let model = Model {
        card,
        decoder,
        tokenizer,
        memory: Some(Memory::new(&captions, rows)?.kept_as(wsac::rows::Kind::Int8)?),
        clauses: None,
        keywords: None,
        gap: None,
    };
    Ok((Box::new(tower), model))
}

/// The median time of `work` in milliseconds.
fn median(work: impl Fn() -> wsac::Result<()>) -> wsac::Result<f64> {
    work()?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}
