//! `decode FILE [RATE]`: the mono samples of a recording on standard output (f32, little-endian), what was said of it on
//! standard error.
//!
//! `decode FILE RATE REFERENCE`: compares them with those in the file REFERENCE, of another decoder, instead: one line with
//! the seconds of both, their correlation at the best shift and that shift in samples, separated by tabs
//! (`reference/formats_table.sh`).

use std::io::Write;

use wsac_audio::{AudioStream, Source};

type Failure = Box<dyn std::error::Error>;

/// No decoder is later than another by more samples.
const MOST_SHIFT: usize = 4_000;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let source = Source::from(args.first().ok_or("decode FILE [RATE [REFERENCE]]")?);
    let rate: u32 = args.get(1).map_or(Ok(16_000), |rate| rate.parse())?;
    let told = |error| format!("error: {error}");
    let mut stream = AudioStream::open(&source, rate).map_err(told)?;
    let mut samples = Vec::new();
    while let Some(block) = stream.next_block().map_err(told)? {
        samples.extend(block);
    }
    for warning in stream.warnings() {
        eprintln!("warning: {warning}");
    }
    if let Some(reference) = args.get(2) {
        let bytes = std::fs::read(reference)?;
        let words = bytes.as_chunks().0.iter();
        let theirs: Vec<f32> = words.map(|word| f32::from_le_bytes(*word)).collect();
        let seconds = |samples: &[f32]| samples.len() as f64 / f64::from(rate);
        let (correlation, shift) = best_correlation(&samples, &theirs);
        let (ours, theirs) = (seconds(&samples), seconds(&theirs));
        println!("{ours:.2}\t{theirs:.2}\t{correlation:.4}\t{shift}");
        return Ok(());
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for sample in samples {
        out.write_all(&sample.to_le_bytes())?;
    }
    Ok(out.flush()?)
}

/// The greatest correlation of the two, and by how many samples `a` is later there.
fn best_correlation(a: &[f32], b: &[f32]) -> (f64, isize) {
    let as_they_are = correlation(a, b);
    if as_they_are > 0.999_95 {
        return (as_they_are, 0);
    }
    let shifts = 0..=MOST_SHIFT;
    let later = shifts.clone().map(|shift| {
        (
            correlation(a.get(shift..).unwrap_or(&[]), b),
            shift as isize,
        )
    });
    let earlier = shifts.map(|shift| {
        (
            correlation(a, b.get(shift..).unwrap_or(&[])),
            -(shift as isize),
        )
    });
    let better = |best: (f64, isize), one: (f64, isize)| if one.0 > best.0 { one } else { best };
    later.chain(earlier).fold((0.0, 0), better)
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (f64::from(x), f64::from(y));
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    ab / (aa * bb).sqrt().max(1e-12)
}
