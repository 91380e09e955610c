//! How fast a CLAP audio tower hears, with weights by formula:
//! `cargo run --release -p wsac --example encode_speed KEYS.json FRONTEND.safetensors SECONDS..`
//!
//! KEYS.json lists the checkpoint's tensors, `{"keys": [[name, dtype, shape, ..], ..]}`; FRONTEND.safetensors holds its
//! filter bank [513, 64]. Prints, for clips of so many seconds, the median and the best of several runs from the samples
//! to the embedding.

use std::time::Instant;

use wsac::audio::{AudioStream, Waveform};
use wsac::clap::{AudioTower, ClapAudio, Family, Windows};
use wsac::tensors::Tensors;
use wsac::weights::formula::Formula;

/// Timed runs of each clip, after one that is not.
const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [keys, front, seconds @ ..] = args.as_slice() else {
        return Err("give KEYS.json FRONTEND.safetensors SECONDS..".into());
    };
    let bytes = std::fs::read(front)?;
    let file = Tensors::parse(front, &bytes)?;
    let names = file.names();
    let bank = names.iter().find(|name| name.starts_with("mel"));
    let bank = file.get(bank.ok_or("the front end has no bank")?, &[513, 64])?;
    let weights = Formula::parse(keys, &std::fs::read(keys)?)?.with(".melW", &bank);
    let start = Instant::now();
    let family = Family::of(&weights)?;
    let tower = ClapAudio::load(family, &weights, Windows::Mean)?;
    println!(
        "{family}: made and loaded in {:.1} s",
        start.elapsed().as_secs_f64()
    );

    let rate = tower.rate();
    for seconds in seconds {
        let samples = (seconds.parse::<f64>()? * f64::from(rate)).round() as usize;
        let tone = |n: usize| 0.3 * (n as f32 * 0.05 + (n as f32 * 0.0001).sin()).sin();
        let waveform = Waveform {
            samples: (0..samples).map(tone).collect(),
            rate,
        };
        let listen = || tower.listen(&mut AudioStream::from_waveform(&waveform, rate)?);
        listen()?;
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            std::hint::black_box(listen()?);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let (median, best, threads) = (times[RUNS / 2], times[0], rayon::current_num_threads());
        println!("{seconds} s: median {median:.1} ms, best {best:.1} ms, {threads} threads");
    }
    Ok(())
}
