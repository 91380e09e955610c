//! Opens a file of weights, reads every tensor once, and tells how many there are, their size and the peak memory.
//!
//! `cargo run --release -p wsac --example open_weights -- [--keep] FILE...` (`--keep`: hold all tensors, as a model does)

use wsac::weights::{WeightFile, Weights};

fn main() -> wsac::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let keep = arguments.first().is_some_and(|a| a == "--keep");
    for path in arguments.drain(usize::from(keep)..) {
        let file = WeightFile::open(&path)?;
        let (mut kept, mut numbers) = (Vec::new(), 0);
        for name in file.names() {
            let shape = file.shape(name).unwrap_or_default();
            let tensor = file.get(name, &shape)?;
            numbers += tensor.len();
            kept.push(tensor);
            if !keep {
                kept.clear();
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
