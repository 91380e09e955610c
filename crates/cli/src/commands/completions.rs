//! `wsac completions SHELL`: a completion script on standard output.

use crate::exit::ExitCode;
use std::io::Write;

use anyhow::Result;
use clap_complete::Shell;

use crate::process::stdout;

/// Print a completion script for your shell
#[derive(clap::Args)]
pub struct Args {
    /// The shell
    pub shell: Shell,
}

/// Prints the script for `command`.
pub fn run(args: &Args, mut command: clap::Command) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "wsac", &mut script);
    stdout()?.write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
