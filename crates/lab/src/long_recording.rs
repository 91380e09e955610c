//! Makes a long recording of short ones, which are repeated in turn: 16 bits, one channel, 44.1 kHz.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use wsac::audio::{Source, Waveform};

use crate::wav;

/// Samples a second.
const RATE: u32 = 44_100;

/// Make a long recording of clips, which are repeated in turn
#[derive(clap::Args)]
pub struct Args {
    #[arg(value_name = "OUT.wav")]
    out: PathBuf,
    /// Its length
    seconds: f64,
    #[arg(required = true)]
    clips: Vec<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let count = (args.seconds * f64::from(RATE)).round() as usize;
    let bytes = u32::try_from(2 * count).context("a WAV file ends at 4 GB")?;
    let mut samples = Vec::new();
    for clip in &args.clips {
        samples.extend(Waveform::load(&Source::from(clip), RATE)?.samples);
    }
    anyhow::ensure!(!samples.is_empty(), "there are no samples in the clips");
    let mut file = BufWriter::new(File::create(&args.out)?);
    file.write_all(&wav::header(RATE, bytes))?;
    for sample in samples.iter().cycle().take(count) {
        file.write_all(&wav::level(*sample))?;
    }
    Ok(file.flush()?)
}
