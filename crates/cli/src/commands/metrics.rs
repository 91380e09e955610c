//! `wsac metrics prepare|path`: the data files that the metrics need.

mod path;
mod prepare;

use crate::exit::ExitCode;

use anyhow::Result;

/// Create and find the data files that the metrics need
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

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Prepare(args) => prepare::run(args),
        Command::Path(args) => path::run(args),
    }
}
