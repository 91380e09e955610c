//! Times captions of 30 words written greedily from embeddings: the work of `bench/peer/peer_bench.py greedy`.
//!
//! `cargo run --release --example greedy_speed -- VOCAB RUNS f32|bf16|int8|plain BATCH` prints one JSON line: the median of a
//! batch in milliseconds, and how many GB of weights were read a second: every word needs all of the blocks and the head
//! once. The decoder is the paper's with random weights, so that no caption ends early.

use std::time::Instant;

use wsac::decoder::{Config, Decoder, Form, Mapper};
use wsac::generate::{DecodeOptions, Prompt, Rules, generate_together};
use wsac::rng::Stream;

/// The end token, which is forbidden here.
const END: u32 = 0;

fn main() -> wsac::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, or| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(or);
    let (vocab, runs, batch) = (number(0, 50_257), number(1, 5), number(3, 1));
    let kind = args.get(2).map_or("f32", String::as_str);
    let config = Config {
        vocab,
        mapper: Mapper::Linear,
        ..Config::default()
    };
    let width = config.embedding as u64;
    let numbers = 12 * config.layers * config.width.pow(2) + vocab * config.width;
    let bytes = numbers
        * match kind {
            "int8" => 1,
            "bf16" => 2,
            _ => 4,
        };
    let mut decoder = Decoder::new(config, 0)?;
    match kind {
        "bf16" => decoder.pack(Form::Bf16),
        "int8" => decoder.pack(Form::Int8),
        "f32" => decoder.pack(Form::F32),
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
    let mut times = Vec::new();
    for _ in 0..=runs {
        let start = Instant::now();
        let found = generate_together(&decoder, &prompts, END);
        assert!(
            found.iter().all(|f| f[0].tokens.len() == 30),
            "30 words each"
        );
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    // The first run is not counted.
    times.remove(0);
    times.sort_by(f64::total_cmp);
    let (median, threads) = (times[times.len() / 2], rayon::current_num_threads());
    let rate = (30 * bytes) as f64 / median / 1e6;
    println!(
        "{{\"piece\": \"greedy\", \"variant\": \"V={vocab} B={batch} {kind}\", \"median_ms\": {median:.1}, \
         \"gb_per_s\": {rate:.1}, \"runs\": {runs}, \"threads\": {threads}}}"
    );
    Ok(())
}
