//! Times captions of 30 tokens decoded greedily from embeddings: the work of `bench/peer/peer_bench.py greedy`.
//!
//! One JSON line: the median of a batch in milliseconds, and how many GB of weights were read a second: every token needs all
//! of the blocks and the head once. The decoder is the paper's with random weights, so that no caption ends early.

use wsac::decoder::{Config, Decoder, Mapper, WeightDtype};
use wsac::generate::{DecodeOptions, Prompt, Rules, generate_together};
use wsac::rng::Stream;

use crate::timing::Times;

/// The end token, which is forbidden here.
const END: u32 = 0;

/// Time captions of 30 tokens, decoded greedily by the paper's decoder
#[derive(clap::Args)]
pub struct Args {
    /// Tokens of the vocabulary
    #[arg(default_value_t = 50_257)]
    vocab: usize,
    #[arg(default_value_t = 5)]
    runs: usize,
    /// How the weights are stored; plain: as they are trained
    #[arg(default_value = "f32", value_parser = ["f32", "bf16", "int8", "plain"])]
    kind: String,
    /// Captions decoded at once
    #[arg(default_value_t = 1)]
    batch: usize,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Args {
        vocab,
        runs,
        batch,
        ref kind,
    } = *args;
    let config = Config {
        vocab,
        mapper: Mapper::Linear,
        ..Config::default()
    };
    let width = config.embedding as u64;
    let numbers = 12 * config.layers * config.width.pow(2) + vocab * config.width;
    let bytes = numbers
        * match kind.as_str() {
            "int8" => 1,
            "bf16" => 2,
            _ => 4,
        };
    let mut decoder = Decoder::new(config, 0)?;
    match kind.as_str() {
        "bf16" => decoder.pack(WeightDtype::Bf16),
        "int8" => decoder.pack(WeightDtype::Int8),
        "f32" => decoder.pack(WeightDtype::F32),
        _ => {}
    }
    let options = DecodeOptions {
        rules: Rules {
            banned: vec![END],
            ..Rules::default()
        },
        ..DecodeOptions::default()
    };
    let stream = Stream::new("greedy speed");
    let embeddings: Vec<Vec<f32>> = (0..batch as u64)
        .map(|i| {
            (0..width)
                .map(|j| stream.symmetric(i * width + j, 0.05))
                .collect()
        })
        .collect();
    let prompts: Vec<Prompt> = (embeddings.iter())
        .map(|embeddings| Prompt {
            words: &[],
            embeddings,
            options: &options,
        })
        .collect();
    let times = Times::measure(runs, || {
        let found = generate_together(&decoder, &prompts, END);
        let whole = found.iter().all(|f| f[0].tokens.len() == 30);
        anyhow::ensure!(whole, "a caption has not 30 tokens");
        Ok(())
    })?;
    let (median, threads) = (times.median(), rayon::current_num_threads());
    let rate = (30 * bytes) as f64 / median / 1e6;
    println!(
        "{{\"piece\": \"greedy\", \"variant\": \"V={vocab} B={batch} {kind}\", \"median_ms\": {median:.1}, \
         \"gb_per_s\": {rate:.1}, \"runs\": {runs}, \"threads\": {threads}}}"
    );
    Ok(())
}
