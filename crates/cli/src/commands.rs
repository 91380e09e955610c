//! The command line, `wsac COMMAND ...`: one file a subcommand, with its flags (`Args`) and what it does (`run`).

pub mod caption;
pub mod completions;
pub mod convert;
pub mod embed;
pub mod eval;
pub mod experiment;
pub mod gap;
pub mod listen;
pub mod memory;
pub mod merge;
pub mod metrics;
pub mod models;
pub mod paraphrase;
pub mod report;
pub mod serve;
pub mod train;

use crate::exit::ExitCode;
use std::ffi::OsString;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Caption audio offline on a CPU, without Python; train a captioner from captions alone.
///
/// Results go to standard output, everything else to standard error. Exit codes: 0 success, 1 some inputs failed (the
/// others are done), 2 wrong usage, or nothing could be done.
#[derive(Parser)]
#[command(name = "wsac", version, max_term_width = 100)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Subcommand)]
pub enum Command {
    Caption(Box<caption::Args>),
    Train(Box<train::Args>),
    Merge(merge::Args),
    Memory(memory::Args),
    Paraphrase(paraphrase::Args),
    Embed(embed::Args),
    Eval(Box<eval::Args>),
    Experiment(Box<experiment::Args>),
    Gap(gap::Args),
    Listen(Box<listen::Args>),
    Models(models::Args),
    Report(Box<report::Args>),
    Serve(Box<serve::Args>),
    Convert(convert::Args),
    Metrics(metrics::Args),
    Completions(completions::Args),
}

impl Cli {
    /// Parses `args`, the first of which is the program's name.
    ///
    /// # Errors
    /// If they are no command; `--help` and `--version` are such errors too.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = without_empty_variables(Self::command()).try_get_matches_from(args)?;
        Self::from_arg_matches(&matches)
    }
}

/// `command`, for which an empty environment variable counts as unset. Except for a secret: a server whose token has
/// become empty must not start without one.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let empty = |arg: &clap::Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        value.is_some_and(|value| value.is_empty()) && !arg.is_hide_env_values_set()
    };
    let command = command.mut_args(|arg| match empty(&arg) {
        true => arg.env(clap::builder::Resettable::<clap::builder::OsStr>::Reset),
        false => arg,
    });
    command.mut_subcommands(without_empty_variables)
}

/// Runs `command`. An error means that the work could not start or continue (exit code 2).
pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Caption(args) => caption::run(*args),
        Command::Train(args) => train::run(&args),
        Command::Merge(args) => merge::run(&args),
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
        Command::Completions(args) => completions::run(&args, Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The flags that `command` or one below it has twice.
    fn twice(command: &clap::Command) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let flags = command.get_arguments().filter_map(clap::Arg::get_long);
        let name = command.get_name();
        let own = flags.filter(|flag| !seen.insert(*flag));
        let own: Vec<String> = own.map(|flag| format!("{name} --{flag}")).collect();
        let below = command.get_subcommands().flat_map(twice);
        own.into_iter().chain(below).collect()
    }

    #[test]
    fn experiment_had_two_flags_of_one_name() {
        assert_eq!(twice(&Cli::command()), Vec::<String>::new());
    }
}
