//! The PyTorch yardstick run (shared golden/wsac, "Yardstick") with our engine: Clotho captions from MiniLM embeddings.
//!
//! Prints the validation loss after each epoch beside PyTorch's, and the time.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use wsac::bridge::Augmentation;
use wsac::decoder::{Config, Decoder};
use wsac::encoders::compute_dtype::ComputeDtype;
use wsac::encoders::embedding::Embeddings;
use wsac::encoders::tokenizer::Tokenizer;
use wsac::rng::Stream;
use wsac::tensors::safetensors::Tensors;
use wsac::train::{Examples, Optimizer, Schedule, TrainConfig, Trainer};

use crate::formula::DType;

/// Train as PyTorch did, and print the validation losses of both
#[derive(clap::Args)]
pub struct Args {
    /// The folder with golden/wsac/yardstick
    shared: PathBuf,
    /// clean_seed0, clean_seed1 or noise_est_seed0
    run: String,
    #[arg(default_value = "f32")]
    precision: DType,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let run = &args.run;
    let folder = args.shared.join("golden/wsac/yardstick");
    let golden: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join(format!("{run}.json")))?)?;
    let salt = golden["hyper"]["salt"].as_str().context("no salt")?;
    let (train_texts, train_rows) = read(&folder, "train")?;
    let (val_texts, val_rows) = read(&folder, "val")?;
    let tokenizer = wsac::encoders::tokenizer::builtin::vocabulary()?
        .prune(train_texts.iter().map(String::as_str), 22);
    let config = TrainConfig {
        epochs: 5,
        min_steps: 0,
        batch: 64,
        lr: 1e-3,
        drop_last: true,
        dropout: 0.0,
        clip: None,
        clauses: 0.0,
        joined: 0.0,
        optimizer: Optimizer::AdamW { weight_decay: 0.02 },
        schedule: Schedule::Cosine { warmup_steps: 100 },
        precision: match args.precision {
            DType::Bf16 => ComputeDtype::Bf16,
            DType::F32 => ComputeDtype::F32,
        },
        ..TrainConfig::default()
    };
    let shape = Config {
        vocab: tokenizer.len(),
        embedding: 384,
        width: 256,
        positions: 32,
        ..Config::default()
    };
    let decoder = Decoder::with_weights(shape, |name, shape| {
        let stream = Stream::new(&format!("{salt}/{name}"));
        let n = shape.iter().product::<usize>() as u64;
        Ok(match (name.ends_with(".bias"), shape.len()) {
            (true, _) => vec![0.0; n as usize],
            (_, 1) => vec![1.0; n as usize],
            _ => (0..n)
                .map(|i| stream.symmetric(i, 0.02 * 3f64.sqrt()))
                .collect(),
        })
    })?;
    let noise_variance = golden["noise_variance"].as_f64().unwrap_or(0.0);
    let perturb = Augmentation {
        noise_variance,
        renormalise: noise_variance > 0.0,
        ..Augmentation::default()
    };
    let validation = examples(&tokenizer, &val_texts, val_rows);
    let mut trainer = Trainer::new(
        config,
        decoder,
        examples(&tokenizer, &train_texts, train_rows),
        perturb,
    )?;
    trainer.salt = salt.into();
    let start = Instant::now();
    while trainer.steps_done() < trainer.steps() {
        trainer.step()?;
        if trainer
            .steps_done()
            .is_multiple_of(trainer.steps_per_epoch())
        {
            let seconds = start.elapsed().as_secs_f64();
            let nll = trainer.validate(&validation);
            let ours = nll.total / nll.targets as f64;
            let peer = golden["val"][trainer.epoch()]["nll_per_token"]
                .as_f64()
                .unwrap_or(f64::NAN);
            println!(
                "{run} epoch {}: ours {ours:.4} PyTorch {peer:.4} difference {:+.4} ({seconds:.0} s)",
                trainer.epoch(),
                ours - peer
            );
        }
    }
    Ok(())
}

fn read(folder: &Path, split: &str) -> anyhow::Result<(Vec<String>, Embeddings)> {
    let texts: Vec<String> = serde_json::from_slice(&std::fs::read(
        folder.join(format!("clotho_{split}_texts.json")),
    )?)?;
    let path = folder.join(format!("clotho_{split}_minilm_f16.safetensors"));
    let rows =
        Tensors::parse(&path, &std::fs::read(&path)?)?.get("embeddings", &[texts.len(), 384])?;
    Ok((texts, Embeddings::new(384, rows)?))
}

fn examples(tokenizer: &Tokenizer, texts: &[String], embeddings: Embeddings) -> Examples {
    let tokens = texts
        .iter()
        .map(|t| tokenizer.encode_truncated(t, 22, false))
        .collect();
    Examples {
        embeddings,
        tokens,
        clauses: vec![Vec::new(); texts.len()],
        ..Examples::default()
    }
}
