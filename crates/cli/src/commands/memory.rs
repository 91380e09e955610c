//! `wsac memory build CAPTIONS -o FILE`: captions and their embeddings, for `caption --memory`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use wsac::clap::Encoder;
use wsac::memory::Memory;

use super::use_threads;
use crate::captions;

/// Build the memory of captions that nearest and projection lean on
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

    /// Keep the embeddings as int8: a quarter of the size, the same captions
    #[arg(long)]
    int8: bool,

    /// The encoder
    #[arg(long, value_name = "NAME", default_value = "mini")]
    clap: Encoder,

    /// Use so many threads [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// No progress bar, no warnings
    #[arg(short, long)]
    quiet: bool,
}

/// Builds the memory.
pub fn run(args: &Args) -> Result<ExitCode> {
    let Command::Build(args) = &args.command;
    use_threads(args.threads)?;
    let set = captions::read(&args.captions, args.quiet)?;
    let texts: Vec<&str> = set.captions().collect();
    let tower = args.clap.text_tower()?;
    let rows = captions::embed(tower.as_ref(), &texts, args.quiet)?;
    let mut memory = Memory::new(&texts, rows)?;
    if args.int8 {
        memory = memory.quantise()?;
    }
    memory.set_centre(args.clap.centre());
    memory.describe(format!("embedded with {}", args.clap.name()));
    memory.save(&args.output)?;
    if !args.quiet {
        let (n, path) = (memory.len(), args.output.display());
        eprintln!(
            "wsac: {n} captions in {path}; use them with `wsac caption --memory {path} FILE`"
        );
    }
    Ok(ExitCode::SUCCESS)
}
