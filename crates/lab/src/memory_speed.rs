//! Times queries to a mapped memory of any size.
//!
//! Writes a memory of random int8 rows without captions to a file, row by row, so that it need not fit twice; loads it
//! as `wsac caption --memory` does, and prints a JSON line: medians of projection and of the 24 nearest for one query and
//! for 64, in milliseconds, and the process's memory in MB: what is its own, and what is the file's.

use std::convert::Infallible;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use wsac::encoders::embedding::{Embedding, Embeddings};
use wsac::memory::Memory;
use wsac::rng::Stream;

use crate::process::kilobytes;
use crate::timing::{Times, since};

/// Time queries to a memory of random rows, which is written to a file
#[derive(clap::Args)]
pub struct Args {
    file: PathBuf,
    rows: usize,
    width: usize,
    runs: usize,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Args {
        file: ref path,
        rows,
        width,
        runs,
    } = *args;
    write(path, rows, width)?;
    let start = Instant::now();
    let memory = Memory::load(path)?;
    let load = since(start);
    let stream = Stream::new("query");
    let query = (0..width as u64)
        .map(|i| stream.symmetric(i, 1.0))
        .collect();
    let query = Embedding::new(query).context("the query has no direction")?;
    let several = (0..64 * width as u64).map(|i| stream.symmetric(1 << 32 | i, 1.0));
    let several = Embeddings::new(width, several.collect())?;
    let median = |work: &dyn Fn()| {
        let Ok(times) = Times::measure::<Infallible>(runs, || {
            work();
            Ok(())
        });
        times.median()
    };
    let project = median(&|| _ = std::hint::black_box(memory.project(&query, 0.01, None)));
    let nearest = median(&|| _ = std::hint::black_box(memory.nearest(&query, 24)));
    let project_64 =
        median(&|| _ = std::hint::black_box(memory.project_batch(&several, 0.01, None)));
    let nearest_64 = median(&|| _ = std::hint::black_box(memory.nearest_batch(&several, 24)));
    let (own, mapped) = (
        kilobytes("self", "RssAnon:") / 1024,
        kilobytes("self", "RssFile:") / 1024,
    );
    let threads = rayon::current_num_threads();
    println!(
        "{{\"piece\": \"memory\", \"rows\": {rows}, \"width\": {width}, \"project_ms\": {project:.4}, \
         \"nearest_ms\": {nearest:.4}, \"project_64_ms\": {project_64:.2}, \"nearest_64_ms\": {nearest_64:.2}, \
         \"load_ms\": {load:.1}, \"own_mb\": {own}, \"mapped_mb\": {mapped}, \"runs\": {runs}, \"threads\": {threads}}}"
    );
    Ok(())
}

/// A memory as [`Memory::save`] writes it, of rows that nobody had to hold.
fn write(path: &Path, rows: usize, width: usize) -> std::io::Result<()> {
    let (values, scales, offsets) = (rows * width, 4 * rows, 4 * (rows + 1));
    let header = serde_json::json!({
        "embeddings.scale": {"dtype": "F32", "shape": [rows], "data_offsets": [0, scales]},
        "offsets": {"dtype": "U32", "shape": [rows + 1], "data_offsets": [scales, scales + offsets]},
        "captions": {"dtype": "U8", "shape": [0], "data_offsets": [scales + offsets, scales + offsets]},
        "embeddings": {"dtype": "I8", "shape": [rows, width], "data_offsets": [scales + offsets, scales + offsets + values]},
    });
    let mut header = header.to_string();
    // What follows must begin at a multiple of 8 bytes.
    header += &" ".repeat(header.len().next_multiple_of(8) - header.len());
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    (0..rows).try_for_each(|_| file.write_all(&1f32.to_le_bytes()))?;
    (0..=rows).try_for_each(|_| file.write_all(&0u32.to_le_bytes()))?;
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut row = vec![0u8; width.next_multiple_of(8)];
    for _ in 0..rows {
        for eight in row.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            eight.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all(&row[..width])?;
    }
    file.flush()
}
