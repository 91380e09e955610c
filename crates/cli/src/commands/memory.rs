//! `wsac memory build CAPTIONS -o FILE`: captions and their embeddings, for `caption --memory`.

use crate::exit::ExitCode;
use std::path::PathBuf;

use anyhow::Result;
use wsac::memory::Repeats;
use wsac::model::Remembering;
use wsac::tensors::dtype::StorageDtype;

use crate::captions;
use crate::encoder::EncoderArgs;
use crate::overwrite;
use crate::process::say;

/// Build the memory of captions that the strategies nearest and projection use
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Embed the captions of a file
    Build(Build),
}

#[derive(clap::Args)]
struct Build {
    /// Captions: CSV with a header, JSON, JSONL, or text with one a line; `-` is standard input
    #[arg(value_name = "CAPTIONS")]
    captions: PathBuf,

    /// The memory (safetensors)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// How embeddings are stored: f16 is half the size and int8 a quarter, for nearly the same captions
    #[arg(long, value_name = "f32|f16|int8", default_value = "f32")]
    rows: StorageDtype,

    /// The same as --rows int8
    #[arg(long, conflicts_with = "rows")]
    int8: bool,

    /// Keep each caption once, ignoring case and punctuation; with =F also leave out those whose cosine to a kept one
    /// is at least F, such as 0.95
    #[arg(long, value_name = "F", num_args = 0..=1, require_equals = true, alias = "deduplicate")]
    dedup: Option<Option<f32>>,

    #[command(flatten)]
    encoder: EncoderArgs,
}

/// Builds the memory.
pub fn run(args: &Args) -> Result<ExitCode> {
    let Command::Build(args) = &args.command;
    if let Some(Some(near)) = args.dedup
        && !(near > 0.0 && near <= 1.0)
    {
        anyhow::bail!("--dedup={near}: a cosine is above 0 and at most 1, such as 0.95");
    }
    let read = [&*args.captions].into_iter().chain(args.encoder.files());
    overwrite::refuse([&*args.output], read)?;
    let encoder = args.encoder.open()?;
    let quiet = args.encoder.quiet;
    let keep = Remembering {
        dedup: args.dedup,
        rows: match args.int8 {
            true => StorageDtype::Int8,
            false => args.rows,
        },
    };
    let (memory, gone) = captions::remember(&encoder, &args.captions, keep, quiet)?;
    if args.dedup.is_some() && !quiet {
        let Repeats { exact, near } = gone;
        say!("wsac: {exact} captions were there twice, {near} nearly; left out");
    }
    memory.save(&args.output)?;
    if !quiet {
        let (n, path) = (memory.len(), args.output.display());
        say!("wsac: {n} captions in {path}; use them with `wsac caption --memory {path} FILE`");
    }
    Ok(ExitCode::SUCCESS)
}
