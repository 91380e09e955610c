//! Measures the text side: MiniLM's loading, speed and quantisation, the vocabulary, the memory's search.
//!
//! With the published f32 model of all-MiniLM-L6-v2, also the cosine of int8 to f32 embeddings over about 1,000 of the
//! captions.

use std::path::PathBuf;
use std::time::Instant;

use wsac::dataset::read_captions;
use wsac::encoders::embedding::dot;
use wsac::encoders::sentence::SentenceBert;
use wsac::encoders::towers::TextTower;
use wsac::memory::{Centre, Memory};
use wsac::tensors::safetensors::Tensors;

/// Captions embedded to measure speed.
const MANY: usize = 4000;

/// Measure the built-in text tower: loading, speed, quantisation and the memory's search
#[derive(clap::Args)]
pub struct Args {
    #[arg(value_name = "CAPTIONS.csv")]
    captions: PathBuf,
    /// The published all-MiniLM-L6-v2, f32
    #[arg(value_name = "PUBLISHED.safetensors")]
    published: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let set = read_captions(&args.captions)?;
    let captions: Vec<&str> = set.captions().collect();
    let start = Instant::now();
    let model = wsac::encoders::encoder::text_tower()?;
    println!("load MiniLM, int8: {:?}", start.elapsed());
    if let Some(path) = &args.published {
        let bytes = std::fs::read(path)?;
        let published = SentenceBert::minilm(
            wsac::encoders::tokenizer::builtin::vocabulary()?,
            &Tensors::parse(path, &bytes)?,
        )?;
        let sample: Vec<&str> = captions
            .iter()
            .step_by((captions.len() / 1000).max(1))
            .copied()
            .collect();
        let (a, b) = (
            model.embed(&sample, &mut |_| {})?,
            published.embed(&sample, &mut |_| {})?,
        );
        let cosines: Vec<f32> = a.rows().zip(b.rows()).map(|(a, b)| dot(a, b)).collect();
        let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
        let least = cosines.iter().copied().fold(1.0, f32::min);
        println!(
            "cosine of int8 to f32 over {} captions: least {least:.5}, mean {mean:.5}",
            sample.len()
        );
    }
    let many = &captions[..captions.len().min(MANY)];
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let start = Instant::now();
        pool.install(|| model.embed(many, &mut |_| {}))?;
        println!(
            "{threads} threads: {:.0} captions/s",
            many.len() as f64 / start.elapsed().as_secs_f64()
        );
    }
    let mut memory = Memory::new(many, model.embed(many, &mut |_| {})?)?
        .kept_as(wsac::tensors::dtype::StorageDtype::Int8)?;
    memory.set_centre(Centre::MemoryMean);
    let bytes = memory.to_bytes()?;
    let query = model.embed(&["a dog barks"], &mut |_| {})?.get(0);
    let start = Instant::now();
    let memory = Memory::from_bytes("memory", &bytes)?;
    println!("load {} int8 rows: {:?}", memory.len(), start.elapsed());
    let start = Instant::now();
    let nearest = memory.nearest(&query, 1)[0];
    println!(
        "nearest, {:?}: {:?}",
        memory.caption(nearest.index),
        start.elapsed()
    );
    let start = Instant::now();
    memory.project(&query, 0.02, None)?;
    println!("project: {:?}", start.elapsed());
    Ok(())
}
