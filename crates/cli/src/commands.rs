//! One file a subcommand: its flags (`Args`) and what it does (`run`).

pub mod caption;
pub mod completions;
pub mod convert;
pub mod embed;
pub mod eval;
pub mod experiment;
pub mod gap;
pub mod listen;
pub mod memory;
pub mod metrics;
pub mod models;
pub mod paraphrase;
pub mod report;
pub mod serve;
pub mod train;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::args::Command;

/// Runs `command`. An error means that the work could not begin or go on (exit code 2).
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Caption(args) => caption::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Memory(args) => memory::run(&args),
        Command::Paraphrase(args) => paraphrase::run(&args),
        Command::Embed(args) => embed::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Experiment(args) => experiment::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Gap(args) => gap::run(&args),
        Command::Listen(args) => listen::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Serve(args) => serve::run(*args),
        Command::Convert(args) => convert::run(&args),
        Command::Metrics(args) => metrics::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// The exit code of a batch: 1 where some of it failed.
pub fn batch_code(failed: usize) -> ExitCode {
    ExitCode::from(u8::from(failed > 0))
}

/// Limits the threads of the whole process; all cores where `None`.
pub fn use_threads(threads: Option<usize>) -> Result<()> {
    if let Some(n) = threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build_global()?;
    }
    Ok(())
}

/// A message of the library without the path that it begins with.
pub fn bare(message: &str, path: &Path) -> String {
    let named = format!("{}: ", path.display());
    message.strip_prefix(&named).unwrap_or(message).to_owned()
}
