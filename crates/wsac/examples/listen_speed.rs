//! How fast the built-in model listens: `cargo run --release -p wsac --example listen_speed RECORDING`.
//!
//! Prints the time to load the audio tower, and per number of threads the best of several runs of each step.

use std::time::Instant;

use wsac::audio::mel::YamnetFrontEnd;
use wsac::audio::{AudioStream, Source, Waveform};
use wsac::encoders::mini::audio_tower::Mini;
use wsac::encoders::mini::augment::held_back;
use wsac::encoders::towers::AudioTower;

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
    let recording = std::env::args().nth(1).ok_or("give a recording")?;
    let start = Instant::now();
    let mini = Mini::bundled()?;
    let first = start.elapsed().as_secs_f64() * 1e3;
    let source = Source::from(&recording);
    let open = || AudioStream::open(&source, YamnetFrontEnd::RATE);
    let start = Instant::now();
    mini.listen(&mut open()?)?;
    let listen = start.elapsed().as_secs_f64() * 1e3;
    println!("load {first:.1} ms, first listen {listen:.1} ms");

    let wave = Waveform::load(&source, YamnetFrontEnd::RATE)?;
    println!("recording {:.2} s", wave.duration());
    let mel = || YamnetFrontEnd::new().mel(&wave.samples);
    let (frames, evidence) = (mel(), mini.evidence(&mut open()?)?);
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let load = pool.install(|| best(5, Mini::bundled));
        let decode = best(10, || Waveform::load(&source, YamnetFrontEnd::RATE));
        let frames_time = best(10, mel);
        let versions = pool.install(|| best(10, || held_back(&frames, 0.1)));
        let scene = best(10, || mini.scene(&evidence));
        let all = pool.install(|| best(10, || mini.listen(&mut open()?)));
        println!(
            "{threads} threads: load {load:.1} ms; decode and resample {decode:.1} ms, mel {frames_time:.1} ms, \
             listenings {versions:.1} ms, scene {scene:.1} ms; from the file to what was heard {all:.1} ms"
        );
    }
    Ok(())
}
