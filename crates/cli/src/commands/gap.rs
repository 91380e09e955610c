//! `wsac gap CAPTIONS [--audio DIR]`: the distance between captions of one sound, and between text and audio embeddings.

mod learn;

use crate::exit::ExitCode;
use std::path::PathBuf;

use anyhow::{Result, bail};
use rayon::prelude::*;
use wsac::bridge::{gap, sigma_pairs};
use wsac::dataset::CaptionSet;
use wsac::encoders::embedding::{Embedding, Embeddings};
use wsac::model::save_gap;

use crate::encoder::{EncoderArgs, WindowArgs, encode};
use crate::overwrite;
use crate::process::{bare, batch_code, print_line, say};
use crate::progress;

/// Measure the modality gap: the noise variance and the shift to train with
///
/// The noise variance (section 3.1.1 of the paper) needs clips with several captions; the shift (3.1.2) needs some
/// recordings as well, which need not belong to the captions.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// Captions, several a clip: CSV with file_name,caption_1,caption_2,... or several rows a file_name
    #[arg(value_name = "CAPTIONS", required = true)]
    captions: Option<PathBuf>,

    /// The folder of the recordings that the captions name
    #[arg(long, value_name = "DIR")]
    audio: Option<PathBuf>,

    /// With --audio: write the shift to FILE, for `wsac train --shift FILE`
    #[arg(short, long, value_name = "FILE", requires = "audio")]
    output: Option<PathBuf>,

    #[command(flatten)]
    encoder: EncoderArgs,

    #[command(flatten)]
    window: WindowArgs,
}

#[derive(clap::Subcommand)]
enum Command {
    Learn(learn::Args),
}

/// Measures the gap and prints it, or learns to cross it.
pub fn run(args: &Args) -> Result<ExitCode> {
    if let Some(Command::Learn(args)) = &args.command {
        return learn::run(args);
    }
    let Some(captions) = &args.captions else {
        bail!("give a file of captions");
    };
    if let Some(output) = &args.output {
        let read = [&**captions].into_iter().chain(args.encoder.files());
        overwrite::refuse([&**output], read)?;
        overwrite::refuse_recording(output)?;
    }
    let encoder = args.window.of(args.encoder.open()?);
    let quiet = args.encoder.quiet;
    let set = crate::captions::read(captions, quiet)?;
    let texts: Vec<&str> = set.captions().collect();
    let text = crate::captions::embed(encoder.text_tower()?.as_ref(), &texts, quiet)?;
    let clips = by_clip(&set, &text);
    match sigma_pairs(&clips) {
        Some(sigma) => print_line!("noise variance {:.5} (sigma {sigma:.4})", sigma * sigma)?,
        None if args.audio.is_some() => {
            print_line!("noise variance unknown: no clip has two captions")?
        }
        None => bail!(
            "{}: no clip has two captions, so there is no noise variance to measure; give --audio DIR for the shift",
            captions.display()
        ),
    }
    let Some(folder) = &args.audio else {
        return Ok(ExitCode::SUCCESS);
    };
    let named = (0..clips.len()).filter_map(|clip| set.clip_name(clip));
    let paths: Vec<PathBuf> = named.map(|name| folder.join(name)).collect();
    if paths.is_empty() {
        let name = captions.display();
        bail!("{name}: has no column file_name, which --audio needs to find the recordings");
    }
    if paths.len() < clips.len() && !quiet {
        let (name, nameless) = (captions.display(), clips.len() - paths.len());
        eprintln!(
            "wsac: {name}: warning: {nameless} clips have no name; no recording is read for them"
        );
    }
    let tower = encoder.audio_tower()?;
    let bar = progress::bar(paths.len(), "recordings", quiet);
    let analysis: Vec<Option<Embedding>> = paths
        .par_iter()
        .map(|path| {
            let analysis = encode(tower.as_ref(), &path.into(), &Default::default());
            bar.inc(1);
            let name = path.display();
            let tell = |e: &wsac::Error| {
                bar.suspend(|| say!("wsac: {name}: {}", bare(&e.to_string(), path)))
            };
            analysis.inspect_err(tell).ok().map(|h| h.embedding)
        })
        .collect();
    bar.finish_and_clear();
    let mut audio = Embeddings::empty(tower.dim());
    analysis.iter().flatten().for_each(|e| audio.push(e));
    let shift = gap(&audio, &text)?;
    let length = shift.iter().map(|x| x * x).sum::<f32>().sqrt();
    print_line!(
        "shift of length {length:.4} between {} captions and {} recordings",
        text.len(),
        audio.len()
    )?;
    if let Some(path) = &args.output {
        save_gap(&shift, path)?;
    }
    Ok(batch_code(paths.len() - audio.len(), paths.len()))
}

/// The embeddings of each clip's captions.
fn by_clip(set: &CaptionSet, rows: &Embeddings) -> Vec<Embeddings> {
    let gather = |captions: &Vec<usize>| {
        let mut clip = Embeddings::empty(rows.dim());
        captions.iter().for_each(|&row| clip.push(&rows.get(row)));
        clip
    };
    set.clips().iter().map(gather).collect()
}
