//! Where the time of one caption goes, stage by stage, with weights as they are or by formula.
//!
//! Of a recording alone: with the built-in `mini`. With weights by formula: with the paper's captioner, that is the CLAP of
//! `encode-speed`, a random decoder of the paper's shape over the captions' words, and a memory of 50,000 random rows. It
//! never ends a caption, so its decoding is the longest there is, 30 tokens. Prints a JSON line a stage: the median of
//! several runs, in milliseconds.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use wsac::audio::mel::{LogMel, MelBank, YamnetFrontEnd};
use wsac::audio::{AudioStream, Source, Waveform};
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::decoder::{Config, Decoder, Mapper, WeightDtype};
use wsac::encoders::clap::audio_tower::ClapAudio;
use wsac::encoders::clap::family::Family;
use wsac::encoders::clap::windowing::Windows;
use wsac::encoders::embedding::Embeddings;
use wsac::encoders::encoder::EmbeddingSpace;
use wsac::encoders::towers::AudioTower;
use wsac::generate::Search;
use wsac::memory::Memory;
use wsac::model::Defaults;
use wsac::model::{Model, RunConfig};
use wsac::rng::Stream;
use wsac::tensors::weights::WeightLoader;

use crate::formula::{DType, Shapes};
use crate::timing::{Times, since};

/// Timed runs of each stage.
const RUNS: usize = 7;

/// The rows of the paper's memory.
const ROWS: usize = 50_000;

/// Time the stages of one caption
#[derive(clap::Args)]
pub struct Args {
    recording: PathBuf,
    #[command(flatten)]
    shapes: Option<Shapes>,
    #[arg(default_value = "f32")]
    precision: DType,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let start = Instant::now();
    let (name, tower, model, mel) = match &args.shapes {
        None => (
            "mini".to_owned(),
            wsac::encoders::encoder::audio_tower()?,
            Model::bundled()?,
            Mel::Yamnet,
        ),
        Some(shapes) => {
            let (tower, model) = paper(shapes, args.precision)?;
            let bank = MelBank::slaney(tower.rate(), 1024, 64, 50.0, 14_000.0);
            let mel = Mel::Clap(LogMel::new(bank, 320));
            let name = format!("CNN14 and the paper's decoder, {}", args.precision.name());
            (name, tower, model, mel)
        }
    };
    let load = since(start);
    let rate = tower.rate();
    let captioner = Captioner::new(tower, model)?;
    let source = Source::from(&args.recording);
    let wave = Waveform::load(&source, rate)?;
    let encode = || captioner.encode_stream(&mut AudioStream::from_waveform(&wave, rate)?);
    let analysis = encode()?;
    let beam = CaptionOptions::default();
    let mut greedy = beam.clone();
    (greedy.search, greedy.neighbours, greedy.name_sounds) = (Search::Greedy, 0, false);

    let read = median(|| Ok(Waveform::load(&source, rate).map(drop)?))?;
    let frames = median(|| {
        mel.frames(&wave.samples);
        Ok(())
    })?;
    let encoding = median(|| encode().map(drop))?;
    let across = median(|| {
        captioner.bridge(&mut [captioner.draft(&analysis, &greedy)]);
        Ok(())
    })?;
    let near = median(|| {
        black_box(captioner.neighbours(&analysis, beam.neighbours));
        Ok(())
    })?;
    let all = median(|| captioner.describe(&analysis, &beam).map(drop))?;
    let plain = median(|| captioner.describe(&analysis, &greedy).map(drop))?;
    let whole = median(|| captioner.caption(&source, &beam).map(drop))?;

    let stages = [
        ("load, and make what is random", load),
        ("read and resample", read),
        ("mel", frames),
        ("tower, without mel", encoding - frames),
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
fn paper(shapes: &Shapes, precision: DType) -> anyhow::Result<(Box<dyn AudioTower>, Model)> {
    let weights = shapes.weights()?;
    let form = match precision {
        DType::Bf16 => WeightDtype::Bf16,
        DType::F32 => WeightDtype::F32,
    };
    let reading = WeightLoader::new(&weights).in_precision(precision.precision());
    let tower = ClapAudio::load(Family::of(&weights)?, &reading, Windows::Mean)?;

    let mini = Model::bundled()?;
    let known = mini.memory.as_ref().context("mini has no memory")?;
    let tokenizer = wsac::encoders::tokenizer::builtin::vocabulary()?.prune(known.captions(), 22);
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
    let space = EmbeddingSpace::clap("formula", "formula");
    let defaults = Defaults::of(&space);
    let card = RunConfig {
        name: "formula".into(),
        clap: space.name,
        space: space.identity,
        decoder: config,
        bridge: defaults.bridge,
        centred: false,
        clauses: false,
        renormalise: true,
        noise_variance: defaults.noise_variance,
        compat: wsac::bridge::Compat::Paper,
        prompt: wsac::prompt::Prompting::None,
        from_text: true,
    };
    let model = Model {
        card,
        decoder,
        tokenizer,
        memory: Some(
            Memory::new(&captions, rows)?.kept_as(wsac::tensors::dtype::StorageDtype::Int8)?,
        ),
        clauses: None,
        keywords: None,
        gap: None,
    };
    Ok((Box::new(tower), model))
}

/// The median time of `work` in milliseconds.
fn median(work: impl Fn() -> wsac::Result<()>) -> wsac::Result<f64> {
    Ok(Times::measure(RUNS, work)?.median())
}
