//! `wsac completions SHELL`: a completion script on standard output.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

/// Print a completion script for your shell
#[derive(clap::Args)]
pub struct Args {
    /// The shell
    pub shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut script = Vec::new();
    let mut command = crate::args::Cli::command();
    clap_complete::generate(args.shell, &mut command, "wsac", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
