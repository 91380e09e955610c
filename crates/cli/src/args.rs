//! The command line: `wsac COMMAND ...`. Each command's own flags stand in its file.

use clap::{Parser, Subcommand};

use crate::commands::{
    caption, completions, convert, embed, eval, experiment, gap, listen, memory, metrics, models,
    paraphrase, report, serve, train,
};

/// Write a sentence for a sound, offline; learn your own words from a text file of captions.
///
/// Results go to standard output, everything else to standard error. Exit codes: 0 all is well, 1 some recordings
/// failed (the others are captioned), 2 wrong usage, or the work could not begin.
#[derive(Parser)]
#[command(name = "wsac", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `wsac` can do.
#[derive(Subcommand)]
pub enum Command {
    Caption(caption::Args),
    Train(Box<train::Args>),
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
