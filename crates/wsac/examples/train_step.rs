//! Times one training step of the paper's decoder: the work of `bench/peer/peer_bench.py train`, in the same words.
//!
//! `cargo run --release --example train_step -- VOCAB RUNS [f32|bf16] [WORDS] [WIDTH]` prints one JSON line: medians in
//! milliseconds. WORDS is how many each caption has; 22, the default, is what the reference code pads all captions to.

use std::time::Instant;

use wsac::decoder::{Batch, Config, Decoder, Mapper, Tape};
use wsac::rng::Stream;
use wsac_nn::dropout::Dropout;
use wsac_nn::matmul::Precision;
use wsac_nn::optim::{Adam, Rule};

fn main() -> wsac::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, or| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(or);
    let (vocab, runs, words, width) =
        (number(0, 5000), number(1, 5), number(3, 22), number(4, 768));
    let (precision, name) = match args.get(2).map(String::as_str) {
        Some("bf16") => (Precision::Bf16, "bf16"),
        _ => (Precision::F32, "f32"),
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
    for run in 0..=runs {
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
            steps.push(start.elapsed().as_secs_f64() * 1e3);
            updates.push(update.elapsed().as_secs_f64() * 1e3);
        }
    }
    let median = |mut x: Vec<f64>| {
        x.sort_by(f64::total_cmp);
        x[x.len() / 2]
    };
    let threads = rayon::current_num_threads();
    let (step, update) = (median(steps), median(updates));
    println!(
        "{{\"piece\": \"train\", \"variant\": \"V={vocab} B=64 x {words} d={width} {name}\", \"median_ms\": {step:.1}, \
         \"optimiser_ms\": {update:.1}, \"runs\": {runs}, \"threads\": {threads}}}"
    );
    Ok(())
}
