//! How fast a CLAP encodes audio and text: a JSON line for clips of so many seconds, from the samples to the embedding,
//! and one for 64 captions of 16 tokens.

use wsac::audio::{AudioStream, Waveform};
use wsac::encoders::clap::audio_tower::ClapAudio;
use wsac::encoders::clap::family::Family;
use wsac::encoders::clap::text_tower::{ClapText, TextFiles};
use wsac::encoders::clap::windowing::Windows;
use wsac::encoders::towers::AudioTower;
use wsac::tensors::weights::WeightLoader;

use crate::formula::{DType, Shapes};
use crate::timing::Times;

/// Timed runs of each clip.
const RUNS: usize = 5;

/// Time the encoders of a CLAP, with weights by formula
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    shapes: Shapes,
    precision: DType,
    /// Lengths of clips
    seconds: Vec<f64>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let weights = args.shapes.weights()?;
    let family = Family::of(&weights)?;
    let weights = WeightLoader::new(&weights).in_precision(args.precision.precision());
    let tower = ClapAudio::load(family, &weights, Windows::Mean)?;
    let rate = tower.rate();
    for seconds in &args.seconds {
        let samples = (seconds * f64::from(rate)).round() as usize;
        let tone = |n: usize| 0.3 * (n as f32 * 0.05 + (n as f32 * 0.0001).sin()).sin();
        let waveform = Waveform {
            samples: (0..samples).map(tone).collect(),
            rate,
        };
        let encode = || tower.encode(&mut AudioStream::from_waveform(&waveform, rate)?);
        report(&format!("{seconds}s"), || Ok(encode().map(drop)?))?;
    }
    if family != Family::Panns {
        let tower = ClapText::load(family, &weights, &TextFiles::default())?;
        let id = |text: u32, place: u32| 1000 + (31 * text + 7 * place) % 19_000;
        let ids: Vec<Vec<u32>> = (0..64)
            .map(|text| (0..16).map(|place| id(text, place)).collect())
            .collect();
        let encode = || Ok(tower.embed_ids(&ids, &mut |_| {}).map(drop)?);
        report("64x16 tokens", encode)?;
    }
    Ok(())
}

/// A line with the time of `work`.
fn report(what: &str, work: impl Fn() -> wsac::Result<()>) -> wsac::Result<()> {
    let times = Times::measure(RUNS, work)?;
    let (median, best) = (times.median(), times.min());
    let threads = rayon::current_num_threads();
    println!(
        r#"{{"what": "{what}", "median_ms": {median:.1}, "min_ms": {best:.1}, "threads": {threads}}}"#
    );
    Ok(())
}
