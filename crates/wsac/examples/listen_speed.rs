//! How fast YAMNet listens: `cargo run --release -p wsac --example listen_speed YAMNET.safetensors RECORDING`.
//!
//! Prints the time to load the weights as f16 (what the bundle holds), and per number of threads the best of several
//! runs of the network alone and of the whole way from the file to the scores.

use std::time::Instant;

use wsac::audio::{AudioStream, Source, Waveform};
use wsac::clap::yamnet::Yamnet;
use wsac::mel::YamnetFrontEnd;
use wsac::tensors::{TensorFile, Tensors};

fn best<T>(runs: usize, mut f: impl FnMut() -> T) -> f64 {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(f());
            start.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, weights, recording] = &arguments[..] else {
        return Err("give the weights and a recording".into());
    };
    let bytes = std::fs::read(weights)?;
    let file = Tensors::parse(weights, &bytes)?;
    let mut half = TensorFile::new();
    for name in file.names() {
        let shape = file.shape(name).ok_or("a listed tensor has a shape")?;
        half.f16(name, &shape, &file.get(name, &shape)?);
    }
    let half = half.to_bytes()?;
    let load = || Tensors::parse("f16", &half).and_then(|file| Yamnet::load(&file));
    let start = Instant::now();
    let yamnet = load()?;
    let first = start.elapsed().as_secs_f64() * 1e3;
    let again = best(10, load);
    println!(
        "load {first:.1} ms, again {again:.1} ms ({} bytes of f16)",
        half.len()
    );

    let source = Source::from(recording);
    let start = Instant::now();
    yamnet.listen(&mut AudioStream::open(&source, YamnetFrontEnd::RATE)?)?;
    println!("first listen {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let wave = Waveform::load(&source, YamnetFrontEnd::RATE)?;
    println!("recording {:.2} s", wave.duration());
    let patches = || {
        let (mut front_end, mut patches) = (YamnetFrontEnd::new(), Vec::new());
        front_end.push(&wave.samples, &mut patches);
        front_end.finish(&mut patches);
        patches
    };
    println!(
        "decode and resample {:.1} ms",
        best(10, || Waveform::load(&source, YamnetFrontEnd::RATE))
    );
    println!("log-mel {:.1} ms", best(10, patches));
    let patches = patches();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let network = best(10, || pool.install(|| yamnet.forward(&patches)));
        let all = best(10, || {
            pool.install(|| yamnet.listen(&mut AudioStream::open(&source, YamnetFrontEnd::RATE)?))
        });
        println!("{threads} threads: network {network:.1} ms, file to scores {all:.1} ms");
    }
    Ok(())
}
