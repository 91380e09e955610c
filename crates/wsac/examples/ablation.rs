//! What each technique adds on real sounds: ESC-10's 400 clips and 200 mixtures of two, from the paper's plain projection on.
//!
//! `cargo run --release -p wsac --example ablation -- FOLDER [even|odd]`. A caption is true where it has a keyword of its
//! clip's class; of a mixture, where it has one of both. Each row adds to the one before it, unless it says so. The last columns are the
//! difference to plain projection in points, with its 95 % interval (paired bootstrap over recordings). Options were chosen
//! on the even recordings.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use wsac::audio::AudioStream;
use wsac::audio::mel::YamnetFrontEnd;
use wsac::bridge::Bridge;
use wsac::captioner::{CaptionOptions, Captioner, Measure, Rerank};
use wsac::encoders::analysis::Heard;
use wsac::encoders::mini::audio_tower::Mini;
use wsac::encoders::mini::class_scores::Evidence;
use wsac::encoders::mini::scene::SceneOptions;
use wsac::generate::Search;
use wsac::memory::{Centre, Memory};
use wsac::rng::Stream;

#[path = "esc10/clips.rs"]
mod clips;
use clips::{Anything, Item, RATE, Words, keywords, mixtures, singles};

/// Resamples of a bootstrap.
const RESAMPLES: usize = 10_000;

/// How a recording is heard.
#[derive(Clone, Copy, PartialEq)]
enum Ears {
    /// Once, as one.
    Plain,
    /// Six times, as one.
    Six,
    /// Six times, as several sounds.
    Parts,
}

/// A row of the table.
struct Row {
    name: &'static str,
    ears: Ears,
    options: CaptionOptions,
}

fn main() -> Anything<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(args.first().ok_or("give the folder of the clips")?);
    let half: Option<usize> = match args.get(1).map(String::as_str) {
        Some("even") => Some(0),
        Some("odd") => Some(1),
        _ => None,
    };
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
    let gather = |items: &[Item]| -> Anything<Vec<Evidence>> {
        let each =
            |item: &Item| Ok(mini.evidence(&mut AudioStream::from_waveform(&item.wave, RATE)?)?);
        items.par_iter().map(each).collect()
    };
    let evidence = (gather(&one)?, gather(&two)?);
    // YAMNet alone, as if every listening were the plain one.
    let once = |items: &[Item]| -> Vec<Evidence> {
        let each = |item: &Item| {
            let patches = YamnetFrontEnd::new().hear(&item.wave.samples);
            let scores = mini.yamnet().scores(&patches);
            Evidence::new(std::array::from_fn(|_| scores.clone()))
        };
        items.par_iter().map(each).collect()
    };
    let once = (once(&one), once(&two));
    let hear = |ears: Ears| -> Anything<(Vec<Heard>, Vec<Heard>)> {
        let mut options = SceneOptions::default();
        if ears != Ears::Parts {
            options.most_parts = 1;
        }
        let mini = Mini::bundled()?.with_options(options);
        let evidence = if ears == Ears::Plain {
            &once
        } else {
            &evidence
        };
        let each = |evidence: &Evidence| mini.understand(evidence);
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
        let (first, second) = hear(row.ears)?;
        let tell = |heard: &[Heard]| -> Anything<Vec<String>> {
            let mut texts = Vec::new();
            for some in heard.chunks(32) {
                let asked: Vec<_> = some.iter().map(|h| (h, &row.options)).collect();
                for caption in captioner.describe_together(&asked) {
                    texts.push(caption?.text);
                }
            }
            Ok(texts)
        };
        let (first, second) = (tell(&first)?, tell(&second)?);
        let true_of = |words: &Words, items: &[Item], texts: &[String]| -> Vec<bool> {
            let told = items.iter().zip(texts);
            told.map(|(item, text)| item.labels.iter().all(|l| words[l].is_match(text)))
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
fn rows(captioner: &Captioner) -> Anything<Vec<Row>> {
    let memory = |centre: Centre| -> Anything<Arc<Memory>> {
        let own = captioner.model().memory.as_ref().ok_or("no memory")?;
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
    let mut add = |name, ears, options: &CaptionOptions| {
        rows.push(Row {
            name,
            ears,
            options: options.clone(),
        });
    };
    add("plain projection (tau 0.01)", Ears::Plain, &options);
    options.bridge = project(0.02);
    add("plain, tau 0.02", Ears::Plain, &options);
    options.memory = Some(memory(Centre::MemoryMean)?);
    add("+ centring, tau 0.02", Ears::Plain, &options);
    options.search = Search::of_width(4);
    add("+ beam 4", Ears::Plain, &options);
    add("+ six listenings", Ears::Six, &options);
    options.memory = None;
    add("+ parts, memory of clauses", Ears::Parts, &options);
    let parts = options.clone();
    options.rerank = Some(Rerank {
        by: Measure::Similarity { alpha: 0.0 },
        ..Rerank::default()
    });
    add("+ re-ranking by similarity", Ears::Parts, &options);
    options = parts;
    (options.bridge, options.name_sounds) = (None, true);
    add("instead + naming (the default)", Ears::Parts, &options);
    options.rerank = Some(Rerank::default());
    add("+ re-ranking by similarity", Ears::Parts, &options);
    options.rerank = Some(Rerank {
        by: Measure::consensus(),
        ..Rerank::default()
    });
    add("instead by consensus", Ears::Parts, &options);
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
