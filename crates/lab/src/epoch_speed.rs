//! One epoch of training from a file of captions, end to end: texts through a BERT with weights by formula, then the
//! paper's decoder over every caption once: the work of `bench/peer/peer_bench.py epoch`.
//!
//! One JSON line: the whole in milliseconds, and the part in which texts are embedded, which later epochs do not have.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use wsac::dataset::read_captions;
use wsac::decoder::{Config, Mapper};
use wsac::encoders::clap::family::Family;
use wsac::encoders::clap::text_tower::{ClapText, TextFiles};
use wsac::encoders::compute_dtype::ComputeDtype;
use wsac::encoders::encoder::EmbeddingSpace;
use wsac::model::Defaults;
use wsac::tensors::weights::WeightLoader;
use wsac::tensors::weights::synthetic::SyntheticWeights;
use wsac::train::{Event, Job, Noise, TrainConfig, run as train};

use crate::formula::DType;
use crate::timing::since;

/// Time one epoch of training from a file of captions, with a BERT by formula
#[derive(clap::Args)]
pub struct Args {
    /// The checkpoint's tensors: {"keys": [[name, dtype, shape, ..], ..]}
    #[arg(value_name = "KEYS.json")]
    keys: PathBuf,
    #[arg(value_name = "CAPTIONS.csv")]
    captions: PathBuf,
    precision: DType,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Args {
        keys,
        captions,
        precision,
    } = args;
    let arithmetic = match precision {
        DType::Bf16 => ComputeDtype::Bf16,
        DType::F32 => ComputeDtype::F32,
    };
    let precision = precision.name();
    let weights = SyntheticWeights::parse(keys, &std::fs::read(keys)?)?;
    let family = Family::of(&weights)?;
    let reading = WeightLoader::new(&weights).in_precision(arithmetic.precision());
    let text = ClapText::load(family, &reading, &TextFiles::default())?;
    let config = TrainConfig {
        epochs: 1,
        precision: arithmetic,
        noise: Noise::Variance(0.001),
        validation: 0.0,
        decoder: Config {
            mapper: Mapper::Linear,
            ..Config::default()
        },
        ..TrainConfig::paper()
    };
    let clips = read_captions(captions)?.captions_by_clip();
    let vocabulary = wsac::encoders::tokenizer::builtin::vocabulary()?;
    let out = std::env::temp_dir().join(format!("wsac-epoch-{}", std::process::id()));
    let space = EmbeddingSpace::clap("formula", "formula");
    let job = Job {
        defaults: Defaults::of(&space),
        clips: &clips,
        shares: &[],
        validation: None,
        text: &text,
        space: &space,
        vocabulary: &vocabulary,
        shift: None,
        out: out.clone(),
        cache: None,
        resume: false,
    };
    let start = Instant::now();
    let (mut ready, mut variant) = (0.0, String::new());
    train(config, &job, &mut |event| {
        if let Event::Ready {
            captions,
            vocabulary,
            steps,
            ..
        } = event
        {
            ready = since(start);
            variant =
                format!("{captions} captions, vocabulary {vocabulary}, {steps} steps, {precision}");
        }
        ControlFlow::Continue(())
    })?;
    let (whole, threads) = (since(start), rayon::current_num_threads());
    std::fs::remove_dir_all(&out)?;
    println!(
        r#"{{"piece": "epoch", "variant": "{variant}", "median_ms": {whole:.0}, "embedding_ms": {ready:.0}, "runs": 1, "threads": {threads}}}"#
    );
    Ok(())
}
