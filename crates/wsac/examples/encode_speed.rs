//! How fast a CLAP hears and reads, with weights by formula:
//! `cargo run --release -p wsac --example encode_speed KEYS.json FRONTEND.safetensors f32|bf16 SECONDS..`
//!
//! KEYS.json lists the checkpoint's tensors, `{"keys": [[name, dtype, shape, ..], ..]}`; FRONTEND.safetensors holds its
//! filter bank [513, 64]. Prints a JSON line for clips of so many seconds, from the samples to the embedding, and one for
//! 64 captions of 16 tokens: the median of several runs.

use std::time::Instant;

use wsac::audio::{AudioStream, Waveform};
use wsac::encoders::clap::audio_tower::ClapAudio;
use wsac::encoders::clap::family::Family;
use wsac::encoders::clap::text_tower::{ClapText, TextFiles};
use wsac::encoders::clap::windowing::Windows;
use wsac::encoders::compute_dtype::Precision;
use wsac::encoders::towers::AudioTower;
use wsac::tensors::safetensors::Tensors;
use wsac::tensors::weights::Reading;
use wsac::tensors::weights::formula::Formula;

/// Timed runs of each clip, after one that is not.
const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [keys, front, precision, seconds @ ..] = args.as_slice() else {
        return Err("give KEYS.json FRONTEND.safetensors f32|bf16 SECONDS..".into());
    };
    let bytes = std::fs::read(front)?;
    let file = Tensors::parse(front, &bytes)?;
    let names = file.names();
    let bank = names.iter().find(|name| name.starts_with("mel"));
    let bank = file.get(bank.ok_or("the front end has no bank")?, &[513, 64])?;
    let weights = Formula::parse(keys, &std::fs::read(keys)?)?.with(".melW", &bank);
    let family = Family::of(&weights)?;
    let weights = Reading::new(&weights).in_precision(match precision.as_str() {
        "bf16" => Precision::Bf16,
        _ => Precision::F32,
    });
    let tower = ClapAudio::load(family, &weights, Windows::Mean)?;
    let rate = tower.rate();
    for seconds in seconds {
        let samples = (seconds.parse::<f64>()? * f64::from(rate)).round() as usize;
        let tone = |n: usize| 0.3 * (n as f32 * 0.05 + (n as f32 * 0.0001).sin()).sin();
        let waveform = Waveform {
            samples: (0..samples).map(tone).collect(),
            rate,
        };
        let listen = || tower.listen(&mut AudioStream::from_waveform(&waveform, rate)?);
        report(&format!("{seconds}s"), || listen().map(drop))?;
    }
    if family != Family::Panns {
        let tower = ClapText::load(family, &weights, &TextFiles::default())?;
        let id = |text: u32, place: u32| 1000 + (31 * text + 7 * place) % 19_000;
        let ids: Vec<Vec<u32>> = (0..64)
            .map(|text| (0..16).map(|place| id(text, place)).collect())
            .collect();
        let read = || tower.embed_ids(&ids, &mut |_| {}).map(drop);
        report("64x16 tokens", read)?;
    }
    Ok(())
}

/// Times `work` several times, after once that is not timed.
fn report(what: &str, work: impl Fn() -> wsac::Result<()>) -> wsac::Result<()> {
    work()?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (median, best, threads) = (times[RUNS / 2], times[0], rayon::current_num_threads());
    println!(
        r#"{{"what": "{what}", "median_ms": {median:.1}, "min_ms": {best:.1}, "threads": {threads}}}"#
    );
    Ok(())
}
