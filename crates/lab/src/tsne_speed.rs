//! How long t-SNE takes.

use std::time::Instant;

use wsac_report::tsne::Tsne;

/// Time t-SNE
#[derive(clap::Args)]
pub struct Args {
    #[arg(default_value_t = 3000)]
    rows: usize,
    #[arg(default_value_t = 512)]
    width: usize,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Args { rows, width } = *args;
    // Thirty clusters: a corner of its own for each, and noise (a linear congruential generator's).
    let mut state = 1u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let cluster = |i: usize, j: usize| f32::from(u8::from(j % 30 == i % 30));
    let data: Vec<f32> = (0..rows * width)
        .map(|k| cluster(k / width, k % width) + noise())
        .collect();
    let begun = Instant::now();
    let map = Tsne::default().run(&data, width)?;
    let (took, left) = (begun.elapsed().as_secs_f64(), map.divergence);
    println!("{rows} x {width}: {took:.1} s, divergence {left:.3}");
    Ok(())
}
