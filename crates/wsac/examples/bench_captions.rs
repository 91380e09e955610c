//! Captions the 400 ESC-10 clips and the 200 mixtures of two of them with each strategy, and counts true captions.
//!
//! `cargo run --release --example bench_captions -- FOLDER [MODEL]`: FOLDER holds the clips, `labels.csv`, `keywords.json`
//! (a regular expression a class, strict and lenient) and `mixtures.csv`. A caption is true where it has a keyword of its
//! clip's class; of a mixture, where it has one of both. `invented`: a single clip's caption has a strict keyword of a
//! class that is not there. Everything goes to `captions.jsonl` in the current folder where `--write` is given.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use rayon::prelude::*;
use regex::Regex;
use serde::Deserialize;
use wsac::audio::{AudioStream, Source, Waveform};
use wsac::bridge::Bridge;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::generate::{Search, Stop};

type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The rate at which mixtures are summed.
const RATE: u32 = 16_000;

#[derive(Deserialize)]
struct Clip {
    file_name: String,
    label: String,
}

#[derive(Deserialize, Clone)]
struct Mixture {
    id: usize,
    file_a: String,
    label_a: String,
    file_b: String,
    label_b: String,
    gain_b_db: f64,
    offset_b_s: f64,
}

/// A recording and the classes that sound in it.
struct Item {
    name: String,
    wave: Waveform,
    labels: Vec<String>,
}

fn main() -> Anything<()> {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with("--"))
        .collect();
    let write = std::env::args().any(|a| a == "--write");
    let folder = Path::new(args.first().ok_or("give the folder of the clips")?);
    let captioner = match args.get(1) {
        Some(model) => Captioner::open(model)?,
        None => Captioner::bundled()?,
    };
    let keywords: HashMap<String, HashMap<String, String>> =
        serde_json::from_slice(&std::fs::read(folder.join("keywords.json"))?)?;
    let compile = |kind: &str| -> Anything<BTreeMap<String, Regex>> {
        let patterns = keywords.get(kind).ok_or("no such keywords")?;
        patterns
            .iter()
            .map(|(label, p)| Ok((label.clone(), Regex::new(&format!("(?i){p}"))?)))
            .collect()
    };
    let (strict, lenient) = (compile("strict")?, compile("lenient")?);
    let singles = singles(folder)?;
    let mixtures = mixtures(folder, &singles)?;

    let beam = |width| Search::Beam {
        width,
        length_penalty: 1.0,
        stop: Stop::Heuristic,
    };
    let project = |tau| Some(Bridge::Project { tau, top_k: None });
    let runs: Vec<(&str, Option<Bridge>, Search)> = vec![
        ("default", None, CaptionOptions::default().search),
        ("direct", Some(Bridge::Direct), Search::Greedy),
        ("nearest", Some(Bridge::Nearest), Search::Greedy),
        ("projection 0.01", project(0.01), Search::Greedy),
        ("projection 0.02", project(0.02), Search::Greedy),
        ("projection 0.05", project(0.05), Search::Greedy),
        ("projection 0.1", project(0.1), Search::Greedy),
        ("projection 0.05, beam 4", project(0.05), beam(4)),
    ];
    // Listening is the same for all strategies.
    let hear = |items: &[Item]| -> Anything<Vec<_>> {
        items
            .par_iter()
            .map(
                |item| Ok(captioner.listen_to(&mut AudioStream::from_waveform(&item.wave, RATE)?)?),
            )
            .collect()
    };
    let (heard_singles, heard_mixtures) = (hear(&singles)?, hear(&mixtures)?);
    let parts = heard_singles.iter().filter(|h| h.parts.len() > 1).count();
    let mixed = heard_mixtures.iter().filter(|h| h.parts.len() > 1).count();
    println!(
        "{parts} of {} clips and {mixed} of {} mixtures heard as several sounds",
        singles.len(),
        mixtures.len()
    );
    println!(
        "| strategy | strict | lenient | invented | mixtures: both strict | both lenient | either strict |"
    );
    println!("|---|---|---|---|---|---|---|");
    let log = Mutex::new(if write {
        Some(std::fs::File::create("captions.jsonl")?)
    } else {
        None
    });
    for (name, bridge, search) in runs {
        let mut options = CaptionOptions::default();
        options.bridge = bridge;
        options.search = search;
        let say = |items: &[Item], heard: &[wsac::clap::Heard]| -> Anything<Vec<String>> {
            let texts: Vec<String> = heard
                .par_iter()
                .map(|heard| Ok(captioner.describe(heard, &options)?.text))
                .collect::<Anything<_>>()?;
            if let Some(file) = log.lock().map_err(|_| "a lock")?.as_mut() {
                for (item, text) in items.iter().zip(&texts) {
                    let row = serde_json::json!({"strategy": name, "item": item.name, "labels": item.labels, "caption": text});
                    writeln!(file, "{row}")?;
                }
            }
            Ok(texts)
        };
        let (one, two) = (
            say(&singles, &heard_singles)?,
            say(&mixtures, &heard_mixtures)?,
        );
        let share = |count: usize, of: usize| 100.0 * count as f64 / of as f64;
        let names =
            |words: &BTreeMap<String, Regex>, text: &str, label: &str| words[label].is_match(text);
        let count =
            |words: &BTreeMap<String, Regex>, items: &[Item], texts: &[String], all: bool| {
                let hit = |(item, text): &(&Item, &String)| {
                    let mut each = item.labels.iter().map(|l| names(words, text, l));
                    if all {
                        each.all(|x| x)
                    } else {
                        each.any(|x| x)
                    }
                };
                share(items.iter().zip(texts).filter(hit).count(), items.len())
            };
        let invents = |(item, text): &(&Item, &String)| {
            strict
                .keys()
                .any(|label| !item.labels.contains(label) && names(&strict, text, label))
        };
        let invented = share(
            singles.iter().zip(&one).filter(invents).count(),
            singles.len(),
        );
        println!(
            "| {name} | {:.1} | {:.1} | {invented:.1} | {:.1} | {:.1} | {:.1} |",
            count(&strict, &singles, &one, true),
            count(&lenient, &singles, &one, true),
            count(&strict, &mixtures, &two, true),
            count(&lenient, &mixtures, &two, true),
            count(&strict, &mixtures, &two, false),
        );
    }
    Ok(())
}

fn singles(folder: &Path) -> Anything<Vec<Item>> {
    let mut labels = csv::Reader::from_path(folder.join("labels.csv"))?;
    let clips: Vec<Clip> = labels.deserialize().collect::<Result<_, _>>()?;
    clips
        .into_par_iter()
        .map(|clip| {
            let wave = Waveform::load(&Source::Path(folder.join(&clip.file_name)), RATE)?;
            Ok(Item {
                name: clip.file_name,
                wave,
                labels: vec![clip.label],
            })
        })
        .collect()
}

/// Each of two clips scaled to RMS 0.05, the second by its gain, delayed by its offset, and summed.
fn mixtures(folder: &Path, singles: &[Item]) -> Anything<Vec<Item>> {
    let mut rows = csv::Reader::from_path(folder.join("mixtures.csv"))?;
    let list: Vec<Mixture> = rows.deserialize().collect::<Result<_, _>>()?;
    list.iter()
        .map(|m| {
            let level = |name: &str, gain: f64| -> Anything<Vec<f32>> {
                let item = singles
                    .iter()
                    .find(|s| s.name == name)
                    .ok_or("a mixture of an unknown clip")?;
                let samples = &item.wave.samples;
                let power = samples.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>()
                    / samples.len().max(1) as f64;
                let scale = gain * 0.05 / power.sqrt().max(1e-9);
                Ok(samples
                    .iter()
                    .map(|&x| (f64::from(x) * scale) as f32)
                    .collect())
            };
            let (a, b) = (
                level(&m.file_a, 1.0)?,
                level(&m.file_b, 10f64.powf(m.gain_b_db / 20.0))?,
            );
            let offset = (m.offset_b_s * f64::from(RATE)) as usize;
            let mut samples = vec![0.0; a.len().max(offset + b.len())];
            samples.iter_mut().zip(&a).for_each(|(s, x)| *s += x);
            samples[offset..]
                .iter_mut()
                .zip(&b)
                .for_each(|(s, x)| *s += x);
            let wave = Waveform {
                samples,
                rate: RATE,
            };
            Ok(Item {
                name: format!("mixture {}", m.id),
                wave,
                labels: vec![m.label_a.clone(), m.label_b.clone()],
            })
        })
        .collect()
}
