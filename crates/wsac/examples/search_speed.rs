//! Times projection and nearest over a memory: the work of `bench/peer/peer_bench.py project`, in the same words.
//!
//! `cargo run --release --example search_speed -- ROWS WIDTH RUNS [f32|f16|int8]..` prints a JSON line a measurement: medians
//! in milliseconds for 1 and 64 queries, and how many GB of rows were read a second.

use std::time::Instant;

use wsac::encoders::embedding::{Embedding, Embeddings};
use wsac::memory::Memory;
use wsac::tensors::matrix::Rows;
use wsac::texts::Texts;

fn main() -> wsac::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, or| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(or);
    let (rows, width, runs) = (number(0, 50_000), number(1, 1024), number(2, 5));
    let kinds: Vec<&str> = args.iter().skip(3).map(String::as_str).collect();
    for kind in if kinds.is_empty() {
        &["f32", "f16", "int8"]
    } else {
        &kinds[..]
    } {
        // Rows are made block by block and laid down as they are kept, so that large memories fit.
        let (mut captions, mut kept) = (Texts::new(), Rows::empty(width, kind.parse()?));
        for first in (0..rows).step_by(1 << 14) {
            let n = (rows - first).min(1 << 14);
            kept.append(random(n, width, 1 + first as u64)?.as_slice());
            (0..n).try_for_each(|_| captions.push(""))?;
        }
        let memory = Memory::from_rows(captions, kept)?;
        let bytes = memory.rows().bytes();
        for count in [1, 64] {
            let queries = random(count, width, 2)?;
            let first = Embedding::new(queries.row(0).to_vec())
                .ok_or_else(|| wsac::Error::Config("no direction".into()))?;
            let time = |what: &str, work: &dyn Fn()| {
                let mut times = Vec::new();
                for _ in 0..=runs {
                    let start = Instant::now();
                    work();
                    times.push(start.elapsed().as_secs_f64() * 1e3);
                }
                times.remove(0);
                times.sort_by(f64::total_cmp);
                let median = times[times.len() / 2];
                let rate = bytes as f64 / median / 1e6;
                let threads = rayon::current_num_threads();
                println!(
                    "{{\"piece\": \"{what}\", \"variant\": \"N={rows} d={width} queries={count} {kind}\", \
                     \"median_ms\": {median:.2}, \"gb_per_s\": {rate:.1}, \"runs\": {runs}, \"threads\": {threads}}}"
                );
            };
            time("project", &|| {
                let _ = std::hint::black_box(memory.project_batch(&queries, 0.01, None));
            });
            time("nearest", &|| {
                if count == 1 {
                    std::hint::black_box(memory.nearest(&first, 1));
                } else {
                    std::hint::black_box(memory.nearest_batch(&queries, 1));
                }
            });
        }
    }
    Ok(())
}

/// Unit rows [n, width] of numbers from a generator.
fn random(n: usize, width: usize, seed: u64) -> wsac::Result<Embeddings> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    Embeddings::new(width, (0..n * width).map(|_| next()).collect())
}
