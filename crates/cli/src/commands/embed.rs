//! `wsac embed audio|text`: embeddings of recordings or captions, as JSON lines or as one matrix.

use crate::exit::ExitCode;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use rayon::prelude::*;
use serde::Serialize;
use wsac::encoders::analysis::Sound;
use wsac::encoders::embedding::Embeddings;
use wsac::memory::Memory;

use crate::encoder::{EncoderArgs, WindowArgs, encode};
use crate::hearing::HearingArgs;
use crate::inputs::Inputs;
use crate::output::{Output, json_line};
use crate::process::{bare, batch_code, say, shown};
use crate::{captions, progress};

/// Embed recordings or captions in their shared space
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// An embedding of each recording, with the sound events detected in it
    Audio {
        #[command(flatten)]
        inputs: Inputs,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        window: WindowArgs,
        #[command(flatten)]
        hearing: HearingArgs,
    },
    /// An embedding of each caption of a file
    Text {
        /// Captions: CSV with a header, JSON, JSONL, or text with one a line; `-` is standard input
        #[arg(value_name = "CAPTIONS")]
        captions: PathBuf,
        #[command(flatten)]
        how: How,
    },
}

#[derive(clap::Args)]
struct How {
    /// A JSON object a line, or one matrix `embeddings` [N, d] with the names as `captions` and `offsets`
    #[arg(long, value_enum, default_value = "jsonl", alias = "output_format")]
    format: Format,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    encoder: EncoderArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Jsonl,
    Safetensors,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Row<'a> {
    Audio {
        file_name: &'a str,
        duration: f64,
        sounds: &'a [Sound],
        embedding: &'a [f32],
    },
    Text {
        #[serde(skip_serializing_if = "Option::is_none")]
        file_name: Option<&'a str>,
        text: &'a str,
        embedding: &'a [f32],
    },
    Failed {
        file_name: &'a str,
        error: &'a str,
    },
}

/// Embeds recordings or texts, in order.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.what {
        What::Audio {
            inputs,
            how,
            window,
            hearing,
        } => audio(inputs, how, window, hearing),
        What::Text { captions, how } => text(captions, how),
    }
}

fn text(file: &Path, how: &How) -> Result<ExitCode> {
    let encoder = how.encoder.open()?;
    let set = captions::read(file, how.encoder.quiet)?;
    let texts: Vec<&str> = set.captions().collect();
    how.output
        .check([file].into_iter().chain(how.encoder.files()))?;
    let mut out = how.output.open()?;
    let tower = encoder.text_tower()?;
    let rows = captions::embed(tower.as_ref(), &texts, how.encoder.quiet)?;
    match how.format {
        Format::Safetensors => out.write_all(&Memory::new(&texts, rows)?.to_bytes()?)?,
        Format::Jsonl => {
            for (i, (text, embedding)) in texts.into_iter().zip(rows.rows()).enumerate() {
                let row = Row::Text {
                    file_name: set.clip_name(set.clip_of(i)),
                    text,
                    embedding,
                };
                json_line(&mut out, &row)?;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn audio(
    inputs: &Inputs,
    how: &How,
    window: &WindowArgs,
    hearing: &HearingArgs,
) -> Result<ExitCode> {
    if hearing.each() {
        bail!("--channels each is for captions; an embedding has one of the other values");
    }
    let hearing = hearing.hearing();
    let encoder = window.of(how.encoder.open()?);
    let found = inputs.find(how.encoder.quiet)?;
    let recordings = found
        .all
        .iter()
        .chain(&inputs.files_from)
        .map(PathBuf::as_path);
    (how.output).check(recordings.chain(how.encoder.files()))?;
    let paths = found.paths;
    let mut out = how.output.open()?;
    let tower = encoder.audio_tower()?;
    let bar = progress::bar(paths.len(), "recordings", how.encoder.quiet);
    let (mut names, mut rows, mut failed) = (Vec::new(), Embeddings::empty(tower.dim()), 0);
    for some in paths.chunks(4 * rayon::current_num_threads()) {
        let analysis: Vec<_> = some
            .par_iter()
            .map(|path| {
                let analysis = encode(tower.as_ref(), &path.into(), &hearing);
                bar.inc(1);
                analysis.map_err(|e| bare(&e.to_string(), path))
            })
            .collect();
        for (path, analysis) in some.iter().zip(&analysis) {
            let (file_name, name) = (&*path.to_string_lossy(), shown(path));
            if let Err(error) = analysis {
                failed += 1;
                bar.suspend(|| say!("wsac: {name}: {error}"));
            }
            match (how.format, analysis) {
                (Format::Safetensors, Err(_)) => {}
                (Format::Safetensors, Ok(analysis)) => {
                    names.push(file_name.to_owned());
                    rows.push(&analysis.embedding);
                }
                (Format::Jsonl, Err(error)) => {
                    json_line(&mut out, &Row::Failed { file_name, error })?;
                }
                (Format::Jsonl, Ok(analysis)) => {
                    let row = Row::Audio {
                        file_name,
                        duration: analysis.duration,
                        sounds: &analysis.sounds,
                        embedding: analysis.embedding.as_slice(),
                    };
                    json_line(&mut out, &row)?;
                }
            }
        }
    }
    bar.finish_and_clear();
    if how.format == Format::Safetensors {
        if names.is_empty() {
            bail!("none of the recordings could be embedded");
        }
        let bytes = Memory::new(&names, rows)?.to_bytes()?;
        out.write_all(&bytes)
            .context("cannot write the embeddings")?;
    }
    out.flush()?;
    Ok(batch_code(failed, paths.len()))
}
