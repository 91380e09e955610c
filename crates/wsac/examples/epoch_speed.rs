//! One epoch of training from a file of captions, end to end: texts through a BERT with weights by formula, then the
//! paper's decoder over every caption once: the work of `bench/peer/peer_bench.py epoch`.
//!
//! `cargo run --release -p wsac --example epoch_speed -- KEYS.json CAPTIONS.csv f32|bf16` prints one JSON line: the whole
//! in milliseconds, and the part in which texts are embedded, which later epochs do not have.

use std::ops::ControlFlow;
use std::time::Instant;

use wsac::dataset::read_captions;
use wsac::decoder::{Config, Mapper};
use wsac::encoders::clap::family::Family;
use wsac::encoders::clap::text_tower::{ClapText, TextFiles};
use wsac::encoders::compute_dtype::Arithmetic;
use wsac::encoders::encoder::Space;
use wsac::tensors::weights::Reading;
use wsac::tensors::weights::formula::Formula;
use wsac::train::{Event, Job, Noise, TrainConfig, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [keys, captions, precision] = args.as_slice() else {
        return Err("give KEYS.json CAPTIONS.csv f32|bf16".into());
    };
    let arithmetic = match precision.as_str() {
        "bf16" => Arithmetic::Bf16,
        _ => Arithmetic::F32,
    };
    let weights = Formula::parse(keys, &std::fs::read(keys)?)?;
    let family = Family::of(&weights)?;
    let reading = Reading::new(&weights).in_precision(arithmetic.precision());
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
    let job = Job {
        clips: &clips,
        shares: &[],
        validation: None,
        text: &text,
        space: &Space::clap("formula", "formula"),
        vocabulary: &vocabulary,
        shift: None,
        out: out.clone(),
        cache: None,
        resume: false,
    };
    let start = Instant::now();
    let (mut ready, mut told) = (0.0, String::new());
    run(config, &job, &mut |event| {
        if let Event::Ready {
            captions,
            vocabulary,
            steps,
            ..
        } = event
        {
            ready = start.elapsed().as_secs_f64() * 1e3;
            told =
                format!("{captions} captions, vocabulary {vocabulary}, {steps} steps, {precision}");
        }
        ControlFlow::Continue(())
    })?;
    let (whole, threads) = (
        start.elapsed().as_secs_f64() * 1e3,
        rayon::current_num_threads(),
    );
    std::fs::remove_dir_all(&out)?;
    println!(
        r#"{{"piece": "epoch", "variant": "{told}", "median_ms": {whole:.0}, "embedding_ms": {ready:.0}, "runs": 1, "threads": {threads}}}"#
    );
    Ok(())
}
