//! Opens files of weights, reads every tensor once, and tells how many there are, their size and the peak memory.
//!
//! `cargo run --release -p wsac --example open_weights -- [--keep] [--list] FILE...` (`--keep`: hold all tensors, as a
//! model does; `--list`: a line for each tensor, with the sum of its numbers)

use wsac::tensors::weights::{WeightFile, Weights};

fn main() -> wsac::Result<()> {
    let (flags, paths): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|f| f == flag);
    for path in paths {
        let file = WeightFile::open(&path)?;
        let (mut kept, mut numbers) = (Vec::new(), 0);
        for name in file.names() {
            let shape = file.shape(name).unwrap_or_default();
            let tensor = file.get(name, &shape)?;
            numbers += tensor.len();
            if has("--list") {
                let sum: f64 = tensor.iter().map(|&x| f64::from(x)).sum();
                println!("{name} {shape:?} {sum:.6}");
            }
            if has("--keep") {
                kept.push(tensor);
            }
        }
        let tensors = file.names().len();
        let megabytes = numbers as f64 * 4.0 / 1e6;
        println!("{path}: {tensors} tensors, {megabytes:.1} MB as f32");
    }
    if let Some(peak) = peak() {
        println!("peak memory {:.1} MB", peak as f64 / 1e6);
    }
    Ok(())
}

/// The most memory that this process had, in bytes, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kilobytes)
}
