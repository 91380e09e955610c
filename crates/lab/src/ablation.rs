//! What each technique adds on real sounds: ESC-10's 400 clips and 200 mixtures of two, from the paper's plain projection on.
//!
//! A caption is true where it has a keyword of its clip's class; of a mixture, where it has one of both. Each row adds to the
//! one before it, unless it says so. The last columns are the difference to plain projection in points, with its 95 %
//! interval (paired bootstrap over recordings). Options were chosen on the even recordings.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use rayon::prelude::*;
use wsac::audio::AudioStream;
use wsac::audio::mel::YamnetFrontEnd;
use wsac::bridge::Bridge;
use wsac::captioner::{CaptionOptions, Captioner, Measure, Rerank};
use wsac::encoders::analysis::AudioAnalysis;
use wsac::encoders::mini::audio_tower::Mini;
use wsac::encoders::mini::class_scores::ClassScores;
use wsac::encoders::mini::scene::SceneOptions;
use wsac::generate::Search;
use wsac::memory::{Centre, Memory};
use wsac::rng::Stream;

use crate::esc10::{Item, RATE, Words, keywords, mixtures, singles};

/// Resamples of a bootstrap.
const RESAMPLES: usize = 10_000;

/// How a recording is analysed.
#[derive(Clone, Copy, PartialEq)]
enum Analysis {
    /// One view, as one sound.
    Plain,
    /// Six views, as one sound.
    Six,
    /// Six views, as several sounds.
    Parts,
}

/// A row of the table.
struct Row {
    name: &'static str,
    analysis: Analysis,
    options: CaptionOptions,
}

/// Measure what each technique adds on ESC-10
#[derive(clap::Args)]
pub struct Args {
    /// The clips, with labels.csv, keywords.json and mixtures.csv
    folder: PathBuf,
    /// Half of the recordings
    half: Option<Half>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Half {
    Even,
    Odd,
}

pub fn run(args: &Args) -> Result<()> {
    let folder = &args.folder;
    let half = args.half.map(|half| half as usize);
    let captioner = Captioner::bundled()?;
    let (strict, lenient) = keywords(folder)?;
    let (mut one, all) = (singles(folder)?, singles(folder)?);
    let mut two = mixtures(folder, &all)?;
    if let Some(half) = half {
        for items in [&mut one, &mut two] {
            let some = std::mem::take(items).into_iter().enumerate();
            *items = some
                .filter(|(i, _)| i % 2 == half)
                .map(|(_, item)| item)
                .collect();
        }
    }
    let mini = Mini::bundled()?;
    let gather = |items: &[Item]| -> Result<Vec<ClassScores>> {
        let each =
            |item: &Item| Ok(mini.evidence(&mut AudioStream::from_waveform(&item.wave, RATE)?)?);
        items.par_iter().map(each).collect()
    };
    let evidence = (gather(&one)?, gather(&two)?);
    // YAMNet alone, as if every view were the plain one.
    let once = |items: &[Item]| -> Vec<ClassScores> {
        let each = |item: &Item| {
            let patches = YamnetFrontEnd::new().hear(&item.wave.samples);
            let scores = mini.yamnet().scores(&patches);
            ClassScores::new(std::array::from_fn(|_| scores.clone()))
        };
        items.par_iter().map(each).collect()
    };
    let once = (once(&one), once(&two));
    let analyse = |kind: Analysis| -> Result<(Vec<AudioAnalysis>, Vec<AudioAnalysis>)> {
        let mut options = SceneOptions::default();
        if kind != Analysis::Parts {
            options.most_parts = 1;
        }
        let mini = Mini::bundled()?.with_options(options);
        let evidence = if kind == Analysis::Plain {
            &once
        } else {
            &evidence
        };
        let each = |evidence: &ClassScores| mini.understand(evidence);
        Ok((
            evidence.0.iter().map(each).collect(),
            evidence.1.iter().map(each).collect(),
        ))
    };
    println!(
        "| | clips strict | lenient | mixtures: both strict | both lenient | clips strict - plain | lenient | mixtures strict - plain | lenient |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut plain: Option<[Vec<bool>; 4]> = None;
    for row in rows(&captioner)? {
        let (first, second) = analyse(row.analysis)?;
        let describe = |all: &[AudioAnalysis]| -> Result<Vec<String>> {
            let mut texts = Vec::new();
            for some in all.chunks(32) {
                let asked: Vec<_> = some.iter().map(|h| (h, &row.options)).collect();
                for caption in captioner.describe_together(&asked) {
                    texts.push(caption?.text);
                }
            }
            Ok(texts)
        };
        let (first, second) = (describe(&first)?, describe(&second)?);
        let true_of = |words: &Words, items: &[Item], texts: &[String]| -> Vec<bool> {
            let pairs = items.iter().zip(texts);
            pairs
                .map(|(item, text)| item.labels.iter().all(|l| words[l].is_match(text)))
                .collect()
        };
        let hits = [
            true_of(&strict, &one, &first),
            true_of(&lenient, &one, &first),
            true_of(&strict, &two, &second),
            true_of(&lenient, &two, &second),
        ];
        let plain = plain.get_or_insert_with(|| hits.clone());
        let share = |hits: &Vec<bool>| {
            let count = hits.iter().filter(|hit| **hit).count();
            format!("{:.1}", 100.0 * count as f64 / hits.len() as f64)
        };
        let shares = hits.each_ref().map(share).join(" | ");
        let gains: Vec<String> = hits
            .iter()
            .zip(plain.iter())
            .map(|(a, b)| gain(a, b))
            .collect();
        println!("| {} | {shares} | {} |", row.name, gains.join(" | "));
    }
    Ok(())
}

/// Each row adds to the one before.
fn rows(captioner: &Captioner) -> Result<Vec<Row>> {
    let memory = |centre: Centre| -> Result<Arc<Memory>> {
        let own = captioner
            .model()
            .memory
            .as_ref()
            .context("the model has no memory")?;
        let mut memory = own.clone();
        memory.set_centre(centre);
        Ok(Arc::new(memory))
    };
    let project = |tau| Some(Bridge::Project { tau, top_k: None });
    let mut options = CaptionOptions::default();
    (options.bridge, options.search) = (project(0.01), Search::Greedy);
    options.name_sounds = false;
    options.memory = Some(memory(Centre::None)?);
    let mut rows = Vec::new();
    let mut add = |name, analysis, options: &CaptionOptions| {
        rows.push(Row {
            name,
            analysis,
            options: options.clone(),
        });
    };
    add("plain projection (tau 0.01)", Analysis::Plain, &options);
    options.bridge = project(0.02);
    add("plain, tau 0.02", Analysis::Plain, &options);
    options.memory = Some(memory(Centre::MemoryMean)?);
    add("+ centring, tau 0.02", Analysis::Plain, &options);
    options.search = Search::of_width(4);
    add("+ beam 4", Analysis::Plain, &options);
    add("+ six listenings", Analysis::Six, &options);
    options.memory = None;
    add("+ parts, memory of clauses", Analysis::Parts, &options);
    let parts = options.clone();
    options.rerank = Some(Rerank {
        by: Measure::Similarity { alpha: 0.0 },
        ..Rerank::default()
    });
    add("+ re-ranking by similarity", Analysis::Parts, &options);
    options = parts;
    (options.bridge, options.name_sounds) = (None, true);
    add("instead + naming (the default)", Analysis::Parts, &options);
    options.rerank = Some(Rerank::default());
    add("+ re-ranking by similarity", Analysis::Parts, &options);
    options.rerank = Some(Rerank {
        by: Measure::consensus(),
        ..Rerank::default()
    });
    add("instead by consensus", Analysis::Parts, &options);
    Ok(rows)
}

/// The difference of two lists of hits in points, and its 95 % interval.
fn gain(ours: &[bool], plain: &[bool]) -> String {
    let differences: Vec<f64> = (ours.iter().zip(plain))
        .map(|(a, b)| f64::from(u8::from(*a)) - f64::from(u8::from(*b)))
        .collect();
    let n = differences.len();
    let mean = |places: &mut dyn Iterator<Item = usize>| {
        100.0 * places.map(|i| differences[i]).sum::<f64>() / n as f64
    };
    let stream = Stream::new("ablation");
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|r| {
            let draw = |i: usize| (stream.bits((r * n + i) as u64) >> 11) as usize % n;
            mean(&mut (0..n).map(draw))
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[(share * (RESAMPLES - 1) as f64).round() as usize];
    let whole = mean(&mut (0..n));
    format!("{whole:+.1} [{:+.1}, {:+.1}]", at(0.025), at(0.975))
}
