//! `wsac gap learn AUDIO TEXT -o FILE`: a map from audio to text embeddings, learned from paired recordings.

use crate::exit::ExitCode;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Deserialize;
use wsac::bridge::{Figures, GapMap, Kind, LearnOptions};
use wsac::encoders::embedding::{Embedding, Embeddings};

use crate::process::{print_line, say};
use crate::ranges::within;
use crate::{inputs, overwrite};

/// Learn a map from audio to text embeddings from paired recordings
///
/// Both files are what `wsac embed audio` and `wsac embed text` write; pairs share a file_name. Some of the clips
/// are held out to measure the map.
#[derive(clap::Args)]
pub struct Args {
    /// Embeddings of recordings (JSONL)
    #[arg(value_name = "AUDIO")]
    audio: PathBuf,

    /// Embeddings of their captions, one or more a recording (JSONL)
    #[arg(value_name = "TEXT")]
    text: PathBuf,

    /// The map (safetensors), for `wsac caption --gap-map FILE`
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// The kind of map
    #[arg(long, value_enum, default_value = "ridge")]
    method: Method,

    /// The share of clips held out to measure the map
    #[arg(long, value_name = "F", value_parser = within(0.0..=0.9), default_value_t = LearnOptions::default().held_out, alias = "held_out")]
    held_out: f64,

    /// The seed that selects these clips
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Move the mean
    Shift,
    /// Move the mean and map linearly, as far as the pairs show it
    Ridge,
    /// Move the mean and rotate
    Procrustes,
}

#[derive(Deserialize)]
struct Row {
    file_name: Option<String>,
    embedding: Option<Vec<f32>>,
}

/// Learns the map, saves it and prints its measurements.
pub fn run(args: &Args) -> Result<ExitCode> {
    overwrite::refuse([&*args.output], [&*args.audio, &*args.text])?;
    inputs::read_stdin_once([&*args.audio, &*args.text])?;
    let sounds = read(&args.audio)?;
    let mut texts: HashMap<String, Embeddings> = HashMap::new();
    for (name, text) in read(&args.text)? {
        let of = texts
            .entry(name)
            .or_insert_with(|| Embeddings::empty(text.as_slice().len()));
        if of.dim() != text.as_slice().len() {
            bail!(
                "{}: its embeddings have several widths",
                args.text.display()
            );
        }
        of.push(&text);
    }
    let (recordings, named) = (sounds.len(), texts.len());
    let mut paired: Option<Embeddings> = None;
    let mut of_each = Vec::new();
    for (name, sound) in sounds {
        let Some(texts) = texts.remove(&name) else {
            continue;
        };
        let width = sound.as_slice().len();
        let audio = paired.get_or_insert_with(|| Embeddings::empty(width));
        if audio.dim() != width {
            bail!(
                "{}: its embeddings have several widths",
                args.audio.display()
            );
        }
        audio.push(&sound);
        of_each.push(texts);
    }
    let Some(audio) = paired else {
        bail!(
            "no file_name is in both {} and {}",
            args.audio.display(),
            args.text.display()
        );
    };
    say!(
        "wsac: {} pairs of {recordings} recordings and {named} clips with captions",
        audio.len()
    );
    let options = LearnOptions {
        kind: match args.method {
            Method::Shift => Kind::Shift,
            Method::Ridge => Kind::Ridge,
            Method::Procrustes => Kind::Procrustes,
        },
        held_out: args.held_out,
        seed: args.seed,
        ..LearnOptions::default()
    };
    let map = GapMap::learn(&audio, &of_each, &options)?;
    map.save(&args.output)?;
    if let Some(learned) = &map.learned {
        let lambda = learned.lambda;
        let told = lambda.map_or(String::new(), |lambda| format!(", lambda {lambda}"));
        print_line!(
            "{}{told}, on {} clips held out",
            map.kind.name(),
            learned.held_out
        )?;
        print_line!("| | cosine | R@1 | R@10 |\n|---|---|---|---|")?;
        tell("as they are", &learned.before)?;
        tell("shifted", &learned.shifted)?;
        tell("mapped", &learned.after)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(what: &str, figures: &Figures) -> Result<()> {
    let Figures {
        cosine,
        recall_1,
        recall_10,
    } = figures;
    Ok(print_line!(
        "| {what} | {cosine:.4} | {recall_1:.3} | {recall_10:.3} |"
    )?)
}

/// The named embeddings of a file, in order, without recordings that failed. Folders before a name do not count.
fn read(path: &Path) -> Result<Vec<(String, Embedding)>> {
    let bytes = inputs::read(path).with_context(|| path.display().to_string())?;
    let mut rows = Vec::new();
    for (line, number) in bytes.split(|&b| b == b'\n').zip(1..) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let what = || format!("{}, line {number}", path.display());
        let row: Row = serde_json::from_slice(line)
            .with_context(|| format!("{}: no row of `wsac embed`", what()))?;
        let (Some(name), Some(embedding)) = (row.file_name, row.embedding) else {
            continue;
        };
        let name = Path::new(&name)
            .file_name()
            .map(|n| n.to_string_lossy().into_owned());
        let embedding = Embedding::new(embedding)
            .with_context(|| format!("{}: its embedding has no direction", what()))?;
        rows.push((
            name.with_context(|| format!("{}: no file_name", what()))?,
            embedding,
        ));
    }
    if rows.is_empty() {
        bail!(
            "{}: has no row with file_name and embedding; make one with `wsac embed audio`, or `wsac embed text` from \
             captions that have file names",
            path.display()
        );
    }
    Ok(rows)
}
