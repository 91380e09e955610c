//! `wsac metrics prepare --from FILE`: the word tables of METEOR, packed into one file.

use crate::exit::ExitCode;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use wsac_metrics::prepare::Sources;

use crate::process::{print_line, say};
use crate::{folders, meteor, overwrite};

/// Make METEOR's word tables from those that pycocoevalcap carries
///
/// The file is the one that comes with wsac, to the last byte, so this is for those who have not got it, or want to make
/// it themselves. Needs 1 GB of memory for some seconds. No Java is run.
#[derive(clap::Args)]
pub struct Args {
    /// The wheel of pycocoevalcap 1.2, its meteor-1.5.jar and paraphrase-en.gz, or a folder with these
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., required = true)]
    from: Vec<PathBuf>,

    /// The file to write [default: where wsac looks for it, in the user's data folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Take tables that are not those of METEOR 1.5; the scores will not be METEOR's either
    #[arg(long)]
    unpinned: bool,

    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// Reads, checks, packs and writes; prints each step.
pub fn run(args: &Args) -> Result<ExitCode> {
    let output = match &args.output {
        Some(output) => output.clone(),
        None => folders::data()
            .context("no home folder; say with --output where the tables go")?
            .join(meteor::FILE),
    };
    overwrite::refuse([&*output], args.from.iter().map(PathBuf::as_path))?;
    let tell = |what: &str| {
        if !args.quiet {
            say!("wsac: {what}");
        }
    };
    let sources = Sources::read(&args.from, &mut |found| tell(&format!("read {found}")))?;
    if !args.unpinned {
        let other = "give those of pycocoevalcap 1.2, or --unpinned to use these nevertheless";
        sources.check().context(other)?;
    }
    tell("packing");
    let packed = sources.pack()?;
    let failed = || format!("cannot write {}", output.display());
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    // Written to a temporary file first, so that nobody ever finds half a file.
    let mut beside = output.clone().into_os_string();
    beside.push(".tmp");
    fs::write(&beside, &packed).with_context(failed)?;
    fs::rename(&beside, &output).with_context(failed)?;
    print_line!("{}: {:.1} MB", output.display(), packed.len() as f64 / 1e6)?;
    Ok(ExitCode::SUCCESS)
}
