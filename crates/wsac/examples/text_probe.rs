//! A benchmark without sound: another caption of a clip, moved, stands in for the clip's audio.
//!
//! `cargo run --release --example text_probe -- TRAIN.csv EVAL.csv --out DIR [--set TOML] [--captions N] [--more FILE@SHARE]
//! [--against OTHER_DIR] [--beam N]`
//!
//! A decoder learns from the first N captions (whole clips; 10,000) of TRAIN, which are the memory too. For clip `k` of
//! EVAL, caption `k mod 5` stands in: with `t` its unit embedding, what is "heard" is `unit(t + gap + noise)`. The gap is one
//! vector for all, of length 0.4 in a random direction (seeded) at right angles to the mean of the memory's rows, so that
//! it says nothing about any caption; the noise is normal, alike in all coordinates and of expected length 0.3, another for
//! each clip. Both together leave a cosine of 0.89 to the caption itself, and take its similarities to the memory down as
//! real audio does, though far less. The clip's other captions are the references. All learn for equally many steps, decode
//! with the same search, and are scored by CIDEr-D over Penn-Treebank tokens.
//!
//! What it cannot show: a stand-in is a caption, so it knows of a sound only what one writer heard, and all that. Figures
//! compare ways to train and to bridge; they are none of a captioner of sounds.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use wsac::bridge::Bridge;
use wsac::bundled;
use wsac::captioner::{CaptionOptions, Captioner};
use wsac::clap::{Deaf, Heard, Space};
use wsac::dataset::read_captions;
use wsac::embedding::{Embedding, dot, normalize};
use wsac::generate::Search;
use wsac::memory::Memory;
use wsac::model::Model;
use wsac::rng::Stream;
use wsac::train::{Event, Job, TrainConfig, embed_cached, run};
use wsac_metrics::{Items, Sampling, Scores, cider_d, compare};

const GAP: f32 = 0.4;
const NOISE: f32 = 0.3;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

struct Args {
    train: PathBuf,
    eval: PathBuf,
    out: PathBuf,
    set: String,
    captions: usize,
    more: Option<(PathBuf, f64)>,
    against: Vec<PathBuf>,
    beam: usize,
    cache: PathBuf,
}

fn main() -> Anything<()> {
    let args = args()?;
    let (mut clips, mut shares) = (Vec::new(), Vec::new());
    let mut count = 0;
    for clip in read_captions(&args.train)?.captions_by_clip() {
        if count < args.captions {
            count += clip.len();
            shares.push(1.0);
            clips.push(clip);
        }
    }
    if let Some((file, share)) = &args.more {
        for clip in read_captions(file)?.captions_by_clip() {
            shares.push(*share);
            clips.push(clip);
        }
    }
    let eval = read_captions(&args.eval)?.captions_by_clip();
    let eval: Vec<Vec<String>> = eval.into_iter().filter(|clip| clip.len() > 1).collect();
    let (text, vocabulary, space) = (
        bundled::text_tower()?,
        bundled::vocabulary()?,
        Space::mini(),
    );
    let base = TrainConfig {
        epochs: 3,
        min_steps: 0,
        clauses: 0.0,
        joined: 0.0,
        ..TrainConfig::default()
    };
    let config = base.with_toml(&args.set)?;
    let job = Job {
        clips: &clips,
        shares: &shares,
        validation: None,
        text: &text,
        space: &space,
        vocabulary: &vocabulary,
        shift: None,
        out: args.out.clone(),
        cache: Some(args.cache.clone()),
        resume: true,
    };
    let start = Instant::now();
    let model = if args.out.join("config.json").exists() {
        Model::load(&args.out)?
    } else {
        let outcome = run(config, &job, &mut |event| {
            if let Event::Ready { steps, .. } = event {
                println!("{steps} steps");
            }
            if let Event::Epoch {
                epoch,
                validation,
                elapsed,
            } = event
            {
                println!(
                    "epoch {epoch}: {validation:.4?} nats, {:.0} s",
                    elapsed.as_secs_f64()
                );
            }
            ControlFlow::Continue(())
        })?;
        outcome.model
    };
    println!("trained in {:.0} s", start.elapsed().as_secs_f64());

    let stood: Vec<String> = (eval.iter().enumerate())
        .map(|(k, clip)| clip[k % clip.len()].clone())
        .collect();
    let references: Vec<Vec<String>> = (eval.iter().enumerate())
        .map(|(k, clip)| {
            let others = clip
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != k % clip.len());
            others.map(|(_, caption)| caption.clone()).collect()
        })
        .collect();
    let rows = embed_cached(&stood, &text, "mini", Some(&args.cache), &mut |_, _| {})?;
    let memory = model.memory.as_ref().ok_or("a memory")?;
    let heard: Vec<Heard> = moved(rows.rows(), memory);
    let captioner = Captioner::new(Box::new(Deaf(rows.dim())), model)?;
    let strategies = [
        ("direct", Bridge::Direct),
        ("nearest", Bridge::Nearest),
        ("projection", Space::mini().bridge),
    ];
    for (name, bridge) in strategies {
        let start = Instant::now();
        let mut options = CaptionOptions::default();
        options.bridge = Some(bridge);
        options.search = Search::of_width(args.beam);
        options.neighbours = 0;
        let mut told = Vec::new();
        for heard in heard.chunks(64) {
            let asked: Vec<_> = heard.iter().map(|heard| (heard, &options)).collect();
            for caption in captioner.describe_together(&asked) {
                told.push(caption?.text);
            }
        }
        let file = format!("{name}-beam{}.json", args.beam);
        std::fs::write(args.out.join(&file), serde_json::to_vec(&told)?)?;
        let seconds = start.elapsed().as_secs_f64();
        let ours = score(&told, &references)?;
        println!("{name}: CIDEr-D {:.4} in {seconds:.0} s", ours.corpus);
        for other in &args.against {
            // All are compared with the other's projection: the plain one, where that is it.
            let file = other.join(format!("projection-beam{}.json", args.beam));
            let theirs: Vec<String> = serde_json::from_slice(&std::fs::read(file)?)?;
            let theirs = score(&theirs, &references)?;
            let found = compare(&ours, &theirs, Sampling::default())?;
            println!(
                "  {:+.1} % ({:+.4}, {:+.4} to {:+.4}) against {}",
                100.0 * found.difference / theirs.corpus,
                found.difference,
                found.interval.low,
                found.interval.high,
                other.display()
            );
        }
        for (told, stood) in told
            .iter()
            .zip(&stood)
            .take(if name == "projection" { 4 } else { 0 })
        {
            println!("    {told}   <- {stood}");
        }
    }
    Ok(())
}

/// What is heard of captions with these embeddings.
fn moved<'a>(rows: impl Iterator<Item = &'a [f32]>, memory: &Memory) -> Vec<Heard> {
    let d = memory.dim();
    let mut mean = vec![0.0; d];
    for i in 0..memory.len() {
        mean.iter_mut()
            .zip(memory.embedding(i))
            .for_each(|(m, x)| *m += x);
    }
    normalize(&mut mean);
    let direction = Stream::new("text probe/gap");
    let mut gap: Vec<f32> = (0..d as u64).map(|i| direction.gauss(i)).collect();
    let along = dot(&gap, &mean);
    gap.iter_mut().zip(&mean).for_each(|(g, m)| *g -= along * m);
    normalize(&mut gap);
    let noise = Stream::new("text probe/noise");
    let sigma = NOISE / (d as f32).sqrt();
    let point = |(k, row): (usize, &[f32])| {
        let moved = row.iter().zip(&gap).enumerate();
        let moved = moved.map(|(j, (x, g))| x + GAP * g + sigma * noise.gauss((k * d + j) as u64));
        Embedding::new(moved.collect())
    };
    let heard = |embedding| Heard {
        embedding,
        parts: Vec::new(),
        sounds: Vec::new(),
        duration: 0.0,
        confidence: 1.0,
        ordered: true,
    };
    rows.enumerate().filter_map(point).map(heard).collect()
}

fn score(told: &[String], references: &[Vec<String>]) -> Anything<Scores> {
    Ok(cider_d(
        &Items::new(told.to_vec(), references.to_vec())?.tokenised(),
    ))
}

fn args() -> Anything<Args> {
    let mut args = Args {
        train: PathBuf::new(),
        eval: PathBuf::new(),
        out: PathBuf::new(),
        set: String::new(),
        captions: 10_000,
        more: None,
        against: Vec::new(),
        beam: 1,
        cache: std::env::temp_dir().join("cache-train"),
    };
    let mut free = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--out" => args.out = value()?.into(),
            "--set" => args.set = value()?,
            "--captions" => args.captions = value()?.parse()?,
            "--against" => args.against.push(value()?.into()),
            "--beam" => args.beam = value()?.parse()?,
            "--cache" => args.cache = value()?.into(),
            "--more" => {
                let value = value()?;
                let (file, share) = value.rsplit_once('@').ok_or("give FILE@SHARE")?;
                args.more = Some((Path::new(file).into(), share.parse()?));
            }
            _ => free.push(word),
        }
    }
    [args.train, args.eval] = <[String; 2]>::try_from(free)
        .map_err(|_| "give TRAIN.csv and EVAL.csv")?
        .map(PathBuf::from);
    if args.out.as_os_str().is_empty() {
        return Err("give --out DIR".into());
    }
    Ok(args)
}
