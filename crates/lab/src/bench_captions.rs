//! Captions the 400 ESC-10 clips and the 200 mixtures of two of them with each strategy, and counts true captions.
//!
//! A caption is true where it has a keyword of its clip's class; of a mixture, where it has one of both. `invented`: a single
//! clip's caption has a strict keyword of a class that is not there.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use rayon::prelude::*;
use regex::Regex;
use wsac::audio::AudioStream;
use wsac::bridge::Bridge;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::generate::{Search, Stop};

use crate::esc10::{Item, RATE, keywords, mixtures, singles};

/// Caption ESC-10's 400 clips and 200 mixtures with each strategy, and count true captions
#[derive(clap::Args)]
pub struct Args {
    /// The clips, with labels.csv, keywords.json (a regular expression a class, strict and lenient) and mixtures.csv
    folder: PathBuf,
    /// A captioner that `wsac train` made; the built-in one where none is given
    model: Option<PathBuf>,
    /// Write all captions to captions.jsonl in the current folder
    #[arg(long)]
    write: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let folder = &args.folder;
    let captioner = match &args.model {
        Some(model) => Captioner::open(model)?,
        None => Captioner::bundled()?,
    };
    let (strict, lenient) = keywords(folder)?;
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
    // Encoding is the same for all strategies.
    let encode = |items: &[Item]| -> Result<Vec<_>> {
        items
            .par_iter()
            .map(|item| {
                Ok(captioner.encode_stream(&mut AudioStream::from_waveform(&item.wave, RATE)?)?)
            })
            .collect()
    };
    let (encoded_singles, encoded_mixtures) = (encode(&singles)?, encode(&mixtures)?);
    let parts = encoded_singles.iter().filter(|h| h.parts.len() > 1).count();
    let mixed = encoded_mixtures
        .iter()
        .filter(|h| h.parts.len() > 1)
        .count();
    println!(
        "{parts} of {} clips and {mixed} of {} mixtures heard as several sounds",
        singles.len(),
        mixtures.len()
    );
    println!(
        "| strategy | strict | lenient | invented | mixtures: both strict | both lenient | either strict |"
    );
    println!("|---|---|---|---|---|---|---|");
    let log = Mutex::new(if args.write {
        Some(std::fs::File::create("captions.jsonl")?)
    } else {
        None
    });
    for (name, bridge, search) in runs {
        let mut options = CaptionOptions::default();
        options.bridge = bridge;
        options.search = search;
        let caption = |items: &[Item],
                       encoded: &[wsac::encoders::analysis::AudioAnalysis]|
         -> Result<Vec<String>> {
            let texts: Vec<String> = encoded
                .par_iter()
                .map(|one| Ok(captioner.describe(one, &options)?.text))
                .collect::<Result<_>>()?;
            if let Some(file) = log.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                for (item, text) in items.iter().zip(&texts) {
                    let row = serde_json::json!({"strategy": name, "item": item.name, "labels": item.labels, "caption": text});
                    writeln!(file, "{row}")?;
                }
            }
            Ok(texts)
        };
        let (one, two) = (
            caption(&singles, &encoded_singles)?,
            caption(&mixtures, &encoded_mixtures)?,
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
