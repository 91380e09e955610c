//! Times projection and nearest over a memory: the work of `bench/peer/peer_bench.py project`, in the same words.
//!
//! A JSON line a measurement: medians in milliseconds for 1 and 64 queries, and how many GB of rows were read a second.

use std::convert::Infallible;

use anyhow::Context;
use wsac::encoders::embedding::{Embedding, Embeddings};
use wsac::memory::Memory;
use wsac::tensors::matrix::EmbeddingMatrix;
use wsac::texts::Texts;

use crate::timing::Times;

/// Time projection onto a memory and the search for the nearest of its rows
#[derive(clap::Args)]
pub struct Args {
    #[arg(default_value_t = 50_000)]
    rows: usize,
    #[arg(default_value_t = 1024)]
    width: usize,
    #[arg(default_value_t = 5)]
    runs: usize,
    /// How the rows are stored
    #[arg(default_values = ["f32", "f16", "int8"])]
    kinds: Vec<String>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Args {
        rows,
        width,
        runs,
        ref kinds,
    } = *args;
    for kind in kinds {
        // Rows are made block by block and laid down as they are kept, so that large memories fit.
        let (mut captions, mut kept) = (Texts::new(), EmbeddingMatrix::empty(width, kind.parse()?));
        for first in (0..rows).step_by(1 << 14) {
            let n = (rows - first).min(1 << 14);
            kept.append(random(n, width, 1 + first as u64)?.as_slice());
            (0..n).try_for_each(|_| captions.push(""))?;
        }
        let memory = Memory::from_rows(captions, kept)?;
        let bytes = memory.rows().bytes();
        for count in [1, 64] {
            let queries = random(count, width, 2)?;
            let first =
                Embedding::new(queries.row(0).to_vec()).context("the query has no direction")?;
            let time = |what: &str, work: &dyn Fn()| {
                let Ok(times) = Times::measure::<Infallible>(runs, || {
                    work();
                    Ok(())
                });
                let median = times.median();
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
    Ok(Embeddings::new(
        width,
        (0..n * width).map(|_| next()).collect(),
    )?)
}
