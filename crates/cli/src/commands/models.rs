//! `wsac models [list|pull|path|info]`: the built-in model, models of the hub, and the contents of a file or folder.

mod info;
mod list;
mod path;
mod pull;

use crate::exit::ExitCode;

use anyhow::Result;

/// List models, fetch them by name, and show what they contain
///
/// Without a command: the same as `info`. Models are kept where Python's huggingface_hub keeps them; HF_HOME,
/// HF_HUB_CACHE, HF_TOKEN, HF_TOKEN_PATH, HF_ENDPOINT, HF_HUB_OFFLINE, HF_HUB_DISABLE_PROGRESS_BARS and the variables of
/// proxies are obeyed. Only `pull` uses the network.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    info: info::Args,
}

#[derive(clap::Subcommand)]
enum Command {
    List(list::Args),
    Pull(pull::Args),
    Path(path::Args),
    Info(info::Args),
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.command {
        None => info::run(&args.info),
        Some(Command::List(args)) => list::run(args),
        Some(Command::Pull(args)) => pull::run(args),
        Some(Command::Path(args)) => path::run(args),
        Some(Command::Info(args)) => info::run(args),
    }
}
