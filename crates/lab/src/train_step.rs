//! Times one training step of the paper's decoder: the work of `bench/peer/peer_bench.py train`, in the same words.
//!
//! One JSON line: medians in milliseconds.

use std::time::Instant;

use wsac::decoder::{Batch, Config, Decoder, Mapper, Tape};
use wsac::rng::Stream;
use wsac_nn::dropout::Dropout;
use wsac_nn::matmul::ProductDtype;
use wsac_nn::optim::{Adam, Rule};

use crate::formula::DType;
use crate::timing::{Times, since};

/// Time a training step of the paper's decoder
#[derive(clap::Args)]
pub struct Args {
    /// Tokens of the vocabulary
    #[arg(default_value_t = 5000)]
    vocab: usize,
    #[arg(default_value_t = 5)]
    runs: usize,
    #[arg(default_value = "f32")]
    precision: DType,
    /// Tokens of each caption; the reference code pads all to 22
    #[arg(default_value_t = 22)]
    words: usize,
    /// The decoder's width
    #[arg(default_value_t = 768)]
    width: usize,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Args {
        vocab,
        runs,
        precision,
        words,
        width,
    } = *args;
    let name = precision.name();
    let precision = match precision {
        DType::Bf16 => ProductDtype::Bf16,
        DType::F32 => ProductDtype::F32,
    };
    let config = Config {
        vocab,
        width,
        mapper: Mapper::Linear,
        ..Config::default()
    };
    let embedding = config.embedding;
    let mut decoder = Decoder::new(config, 0)?;
    let mut adam = Adam::new(
        Rule::AdamW { weight_decay: 0.02 },
        1e-8,
        decoder.weights().len(),
    );
    let stream = Stream::new("train step");
    let batch = Batch {
        prompts: Vec::new(),
        embeddings: (0..64 * embedding as u64)
            .map(|i| stream.symmetric(i, 0.05))
            .collect(),
        parts: vec![1; 64],
        tokens: (0..64)
            .map(|s| {
                (0..words as u64)
                    .map(|t| 1 + stream.bits(s * words as u64 + t) as u32 % (vocab as u32 - 1))
                    .collect()
            })
            .collect(),
    };
    let (mut tape, mut grads) = (Tape::new(precision), Vec::new());
    let (mut steps, mut updates) = (Vec::new(), Vec::new());
    for run in 0..=runs.max(1) {
        let start = Instant::now();
        decoder.loss_and_gradient(
            &mut tape,
            &mut grads,
            &batch,
            Dropout {
                p: 0.1,
                seed: run as u64,
            },
        );
        let update = Instant::now();
        adam.step(decoder.weights_mut(), &grads, 1e-5, 1.0);
        if run > 0 {
            steps.push(since(start));
            updates.push(since(update));
        }
    }
    let threads = rayon::current_num_threads();
    let (step, update) = (Times::new(steps).median(), Times::new(updates).median());
    println!(
        "{{\"piece\": \"train\", \"variant\": \"V={vocab} B=64 x {words} d={width} {name}\", \"median_ms\": {step:.1}, \
         \"optimiser_ms\": {update:.1}, \"runs\": {runs}, \"threads\": {threads}}}"
    );
    Ok(())
}
