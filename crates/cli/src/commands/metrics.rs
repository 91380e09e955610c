//! `wsac metrics prepare|path`: what the metrics need beside the program.

mod path;
mod prepare;

use std::process::ExitCode;

use anyhow::Result;

/// Make and find what the metrics need beside the program
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Prepare(prepare::Args),
    Path(path::Args),
}

/// Does what is asked for.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Prepare(args) => prepare::run(args),
        Command::Path(args) => path::run(args),
    }
}
