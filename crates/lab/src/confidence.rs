//! What confidence is fitted on: a JSON object a recording, with what is known of it and whether its caption is true.
//!
//! `cargo run --release -p wsac-lab -- confidence ESC10_FOLDER [LABELLED_FOLDER..] > rows.jsonl`, then
//! `python3 reference/confidence.py rows.jsonl` fits, measures and draws. The sets are `esc10` (the clips of `labels.csv`),
//! `mixtures` (of two of them, `mixtures.csv`; true where either is named), `nothing` (synthetic: clicks, hum, clipped
//! noise, fragments, and what holds no sound at all; no caption of it is true) and the names of further folders (with
//! `labels.csv` of `file_name,class`).
//! True is a caption with a strict keyword of `keywords.json`. `fit` is every other recording; reports use the rest.

use std::path::PathBuf;

use anyhow::Result;
use rayon::prelude::*;
use wsac::audio::{AudioStream, Waveform};
use wsac::captioner::{CaptionOptions, Captioner};

use crate::esc10::{Item, RATE, Words, keywords, mixtures, singles};

/// Confidence beside what is known of recordings, to be calibrated
#[derive(clap::Args)]
pub struct Args {
    /// The folder of ESC-10's clips
    esc10: PathBuf,
    /// Further folders with a labels.csv and a keywords.json
    further: Vec<PathBuf>,
}

pub fn run(args: &Args) -> Result<()> {
    let captioner = Captioner::bundled()?;
    let folder = args.esc10.as_path();
    let words = keywords(folder)?.0;
    let clips = singles(folder)?;
    report(&captioner, "mixtures", &mixtures(folder, &clips)?, &words)?;
    report(&captioner, "esc10", &clips, &words)?;
    report(&captioner, "nothing", &nothing(), &words)?;
    for folder in &args.further {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let words = keywords(folder)?.0;
        report(&captioner, &name, &singles(folder)?, &words)?;
    }
    Ok(())
}

/// Prints a row for each of `items`.
fn report(captioner: &Captioner, set: &str, items: &[Item], words: &Words) -> Result<()> {
    let row = |(i, item): (usize, &Item)| -> Result<String> {
        let mut stream = AudioStream::from_waveform(&item.wave, RATE)?;
        let analysis = captioner.encode_stream(&mut stream)?;
        let caption = captioner.describe(&analysis, &CaptionOptions::default())?;
        let is_said = |label: &String| words[label].is_match(&caption.text);
        let row = serde_json::json!({
            "set": set, "name": item.name, "fit": i % 2 == 0, "caption": caption.text,
            "true": item.labels.iter().any(is_said), "evidence": analysis.confidence,
            "similarity": caption.neighbours.first().map(|n| n.similarity),
            "confidence": caption.confidence, "weak": caption.weak,
        });
        Ok(row.to_string())
    };
    let rows: Result<Vec<String>> = items
        .par_iter()
        .enumerate()
        .map(|(i, x)| row((i, x)))
        .collect();
    rows?.iter().for_each(|row| println!("{row}"));
    Ok(())
}

/// Recordings without anything to tell, eight of each kind.
fn nothing() -> Vec<Item> {
    let bits = |i: u64| {
        // SplitMix64.
        let mut z = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let uniform = move |i: u64| (bits(i) >> 11) as f32 / (1u64 << 53) as f32;
    let gauss = move |i: usize, seed: u64| {
        let sum: f32 = (0..12)
            .map(|k| uniform(seed << 40 | (i as u64) << 4 | k))
            .sum();
        sum - 6.0
    };
    let step = 1.0 / 32_768.0;
    let seconds = [0.5, 1.0, 2.0, 3.0, 5.0, 5.0, 10.0, 20.0];
    let mut items = Vec::new();
    for (k, seconds) in seconds.into_iter().enumerate() {
        let seed = k as u64 + 1;
        let n = (seconds * RATE as f32) as usize;
        let mut add = |kind: &str, n: usize, sample: &dyn Fn(usize) -> f32| {
            items.push(Item {
                name: format!("{kind} {k}"),
                wave: Waveform {
                    samples: (0..n).map(sample).collect(),
                    rate: RATE,
                },
                labels: Vec::new(),
            });
        };
        add("silence", n, &|_| 0.0);
        add("offset", n, &|_| 0.9 / seed as f32);
        add("dither", n, &|i| {
            step * (3.0 * uniform(seed << 40 | i as u64) - 1.5).round()
        });
        add("one sample", 1, &|_| 0.9 / seed as f32);
        let at = [0, n / 2, n - 1][k % 3];
        add("click", n, &|i| if i == at { 0.5 } else { 0.0 });
        let hertz = [50.0, 60.0][k % 2];
        let level = 10f32.powf(-[6.0, 20.0, 30.0, 40.0, 50.0, 60.0, 12.0, 3.0][k] / 20.0);
        let wave = |harmonic: usize, i: usize| {
            let turns = hertz * harmonic as f32 * i as f32 / RATE as f32;
            (std::f32::consts::TAU * turns).sin() / (harmonic * harmonic) as f32
        };
        let harmonics = [1, 3, 7][k % 3];
        add("hum", n, &|i| {
            level * 0.6 * (1..=harmonics).map(|h| wave(h, i)).sum::<f32>()
        });
        let gain = [1.0, 3.0, 10.0, 100.0][k % 4];
        add("clipped noise", n, &|i| {
            (gain * gauss(i, seed)).clamp(-1.0, 1.0)
        });
        let few = [2, 5, 16, 80, 160, 400, 800, 1600][k];
        add("fragment", few, &|i| 0.3 * gauss(i, seed));
    }
    items
}
