//! The binary `wsac`: the only place that parses flags and prints.

mod args;
mod captions;
mod commands;
mod encoder;
mod folders;
mod hub;
mod inputs;
mod meteor;
mod output;
mod precision;
mod progress;
mod resume;
mod rows;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    match commands::run(cli.command) {
        Ok(code) => code,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wsac: {error:#}");
            ExitCode::from(2)
        }
    }
}
