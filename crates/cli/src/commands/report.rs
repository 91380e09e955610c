//! `wsac report RUN -o DIR`: tables and figures of an experiment or of a captioner, as a page that opens from disk.

use crate::exit::ExitCode;
use std::path::PathBuf;

use anyhow::{Result, bail};
use wsac_experiment::Config;
use wsac_experiment::report::{Options, write_run};

use super::experiment::{Running, SETTINGS};

use crate::process::{say, use_threads};

/// Make the report of an experiment, or of a single captioner: tables, figures, clips with all their captions
///
/// RUN is the folder of `wsac experiment`, whose data must still be in place (missing cells are run),
/// or that of `wsac train`. DIR/index.html opens from disk; every figure is beside it as SVG and PNG.
#[derive(clap::Args)]
pub struct Args {
    /// The folder of an experiment or of a captioner
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Where the report is written [default: RUN/report]
    #[arg(short, long, value_name = "DIR", alias = "output_dir")]
    out: Option<PathBuf>,

    /// How many clips of each data set are shown: a third the worst, a third the best
    #[arg(long, value_name = "N", default_value_t = 24)]
    clips: usize,

    /// The seed of the figures
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    running: Running,
}

/// Writes the report.
pub fn run(args: &Args) -> Result<ExitCode> {
    use_threads(args.running.threads)?;
    let out = args.out.clone().unwrap_or_else(|| args.run.join("report"));
    let command = format!("wsac report {} --out {}", args.run.display(), out.display());
    if args.run.join(SETTINGS).is_file() {
        let config = Config::read(&args.run.join(SETTINGS))?;
        let options = Options {
            clips: args.clips,
            seed: args.seed,
        };
        return (args.running).grid(&config, &args.run, options, &command, &out);
    }
    if !args.run.join("config.json").is_file() {
        bail!(
            "{} is neither the folder of `wsac experiment` (it has no {SETTINGS}) nor a finished one of `wsac train` (it has \
             no config.json)",
            args.run.display()
        );
    }
    write_run(&args.run, args.seed, &command, &out)?;
    if !args.running.quiet {
        say!("wsac: open {}", out.join("index.html").display());
    }
    Ok(ExitCode::SUCCESS)
}
