//! Opens files of weights and reads every tensor once: how many there are, their size and the peak memory.

use std::path::PathBuf;

use wsac::tensors::weights::{WeightFile, Weights};

use crate::process::kilobytes;

/// Read every tensor of files of weights; print their number, their size and the peak memory
#[derive(clap::Args)]
pub struct Args {
    /// Hold all tensors, as a model does
    #[arg(long)]
    keep: bool,
    /// Print a line for each tensor, with the sum of its values
    #[arg(long)]
    list: bool,
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    for path in &args.files {
        let file = WeightFile::open(path)?;
        let (mut kept, mut numbers) = (Vec::new(), 0);
        for name in file.names() {
            let shape = file.shape(name).unwrap_or_default();
            let tensor = file.get(name, &shape)?;
            numbers += tensor.len();
            if args.list {
                let sum: f64 = tensor.iter().map(|&x| f64::from(x)).sum();
                println!("{name} {shape:?} {sum:.6}");
            }
            if args.keep {
                kept.push(tensor);
            }
        }
        let tensors = file.names().len();
        let megabytes = numbers as f64 * 4.0 / 1e6;
        let path = path.display();
        println!("{path}: {tensors} tensors, {megabytes:.1} MB as f32");
    }
    let peak = 1024 * kilobytes("self", "VmHWM:");
    if peak > 0 {
        println!("peak memory {:.1} MB", peak as f64 / 1e6);
    }
    Ok(())
}
