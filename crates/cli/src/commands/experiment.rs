//! `wsac experiment --config FILE`: a grid of strategies from captions to a table, resumable.

mod judge;
mod watch;

use crate::exit::ExitCode;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wsac::bridge::Compat;
use wsac_experiment::report::{self, Options};
use wsac_experiment::{Config, Setup, run as run_grid};

use super::eval::{ToolArgs, Wanted};
use super::train::Stop;
use crate::overwrite;
use crate::precision::Precision;
use crate::process::{batch_code, print_line, print_text, say, use_threads};
use crate::{encoder, folders};
use judge::Metrics;
use watch::Watch;

/// Run the paper's experiments: data x training strategy x inference strategy x seeds, to a table and pictures
///
/// Every stage is kept in the folder of --out: the same command resumes, and a changed setting redoes only what depends
/// on it. See configs/ for the paper's Table 1 and for experiments without recordings.
///
/// Exit codes: 0 all is well, 1 some recordings could not be read (all cells do without them), 2 nothing could be done,
/// 130 stopped by Ctrl-C.
#[derive(clap::Args)]
pub struct Args {
    /// The experiment: a TOML file
    #[arg(short, long, value_name = "TOML")]
    config: PathBuf,

    /// The experiment's folder [default: runs/ and the name of the TOML file]
    #[arg(short, long, value_name = "DIR", alias = "output_dir")]
    out: Option<PathBuf>,

    /// Seeds to use instead of the file's, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    seeds: Vec<u64>,

    /// Train as the published code does where it differs from the paper
    #[arg(long, value_enum)]
    compat: Option<super::train::Order>,

    /// Show what would be run, and exit
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    running: Running,
}

/// How a grid is run, whether for the first time or for its report.
#[derive(clap::Args)]
pub struct Running {
    /// Metrics, as for `wsac eval`; of a report those that the experiment was run with
    #[arg(short, long, value_name = "LIST", default_value = "coco", value_parser = Wanted::parse)]
    metrics: Wanted,

    /// Data type of the encoder's matrix products, and of training [default: f32, and as the file says]
    #[arg(long, value_enum)]
    precision: Option<Precision>,

    /// Number of threads, at most one a core [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,

    /// No progress and no notes
    #[arg(short, long)]
    pub quiet: bool,

    #[command(flatten)]
    tools: ToolArgs,
}

/// Runs the grid, writes its table and prints it.
pub fn run(args: &Args) -> Result<ExitCode> {
    use_threads(args.running.threads)?;
    let config = args.config()?;
    let out = args.folder();
    if args.dry_run {
        for (name, list) in [
            (
                "data",
                config
                    .data
                    .iter()
                    .map(|d| d.name.as_str())
                    .collect::<Vec<_>>(),
            ),
            (
                "training",
                config.training.iter().map(|t| t.name.as_str()).collect(),
            ),
            (
                "inference",
                config.inference.iter().map(|i| i.name.as_str()).collect(),
            ),
        ] {
            print_line!("{name:<10} {}", list.join(", "))?;
        }
        print_line!(
            "{:<10} {:?}\n{:<10} {}",
            "seeds",
            config.seeds,
            "cells",
            config.cells()
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let settings = toml::to_string(&config)?;
    let record = out.join(SETTINGS);
    if overwrite::is_same_file(&args.config, &record) {
        // The file written by hand is left unchanged.
        if toml::to_string(&Config::read(&record)?)? != settings {
            bail!(
                "{} is this experiment's own record, which other settings would overwrite; change the file instead of giving \
                 flags, or give another --out",
                record.display()
            );
        }
    } else {
        wsac::tensors::atomic_file::write_whole(&record, settings.as_bytes())?;
    }
    let command = format!(
        "wsac experiment --config {} --out {}",
        args.config.display(),
        out.display()
    );
    let report = out.join("report");
    (args.running).grid(&config, &out, Options::default(), &command, &report)
}

/// The settings in an experiment's folder, from which `wsac report` generates its report.
pub const SETTINGS: &str = "experiment.toml";

impl Running {
    /// Runs the grid of `config` in the folder `out`, or reads its results, prints its table, and writes its report to
    /// `report`; `command` reproduces that.
    pub fn grid(
        &self,
        config: &Config,
        out: &Path,
        options: Options,
        command: &str,
        report: &Path,
    ) -> Result<ExitCode> {
        let encoder = encoder::find(&config.encoder, None)?;
        let encoder = match self.precision {
            Some(precision) => encoder.with_arithmetic(precision.into()),
            None => encoder,
        };
        let tools = self.tools.open(&self.metrics.metrics, &[], self.quiet)?;
        let judge = Metrics::new(&self.metrics.metrics, &tools);
        let cache = folders::cache().unwrap_or_else(|| out.join("cache"));
        let tables = (config.paraphrases())
            .then(|| self.tools.tables.find())
            .transpose()?;
        let setup = Setup {
            encoder: &encoder,
            text: encoder.text_tower()?.into(),
            scorer: &judge,
            out,
            cache: &cache,
            tables: tables.as_deref(),
        };
        let stop = Stop::on_ctrl_c()?;
        let mut watch = Watch::new(config, self.quiet);
        let outcome = run_grid(config, &setup, &mut |event| {
            watch.see(event);
            stop.asked()
        });
        watch.close();
        let outcome = match outcome {
            Err(wsac::Error::Interrupted(_)) => {
                let out = out.display();
                say!("wsac: stopped; what is done is kept in {out}, the same command goes on");
                return Ok(ExitCode::from(130));
            }
            outcome => outcome?,
        };
        let table = report::write(config, &outcome, &setup, options, command, report)?;
        report::write_tables(&table, out)?;
        print_text!("{}", table.markdown(true))?;
        if !self.quiet {
            say!("wsac: open {}", report.join("index.html").display());
        }
        let failed = outcome.data.iter().map(|used| used.failed.len()).sum();
        // Those that could be read are captioned, so the run has partly succeeded.
        Ok(batch_code(failed, usize::MAX))
    }
}

impl Args {
    fn folder(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            let stem = self.config.file_stem().unwrap_or_default();
            PathBuf::from("runs").join(stem)
        })
    }

    fn config(&self) -> Result<Config> {
        let mut config = Config::read(&self.config)?;
        // The encoder of clap_sim too: both are --clap.
        if let Some(name) = &self.running.tools.learned.clap.clap {
            // A path is stored in full, so that the report finds it from every folder.
            config.encoder = match name != "mini" && Path::new(name).exists() {
                true => std::path::absolute(name)?.to_string_lossy().into_owned(),
                false => name.clone(),
            };
        }
        if !self.seeds.is_empty() {
            config.seeds.clone_from(&self.seeds);
        }
        if let Some(order) = self.compat {
            if config.train.contains_key("compat") {
                bail!(
                    "{}: [train] has compat; take it out, or do without --compat",
                    self.config.display()
                );
            }
            // The presets have the same names.
            let name = toml::Value::try_from(Compat::from(order))?;
            for key in ["preset", "compat"] {
                config.train.insert(key.into(), name.clone());
            }
        }
        if let Some(precision) = self.running.precision {
            let value = toml::Value::try_from(wsac::encoders::compute_dtype::ComputeDtype::from(
                precision,
            ))?;
            config.train.insert("precision".into(), value);
        }
        Ok(config)
    }
}
