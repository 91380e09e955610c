//! `wsac metrics path`: the location of METEOR's word tables, for people and scripts.

use crate::exit::ExitCode;

use anyhow::Result;
use wsac_metrics::tables::Tables;

use crate::meteor;
use crate::process::print_line;

/// Print the file of METEOR's word tables that wsac uses; fails where there is none, or where it is damaged
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    tables: meteor::TablesFile,
}

/// Finds it, checks it and prints its path.
pub fn run(args: &Args) -> Result<ExitCode> {
    let path = args.tables.find()?;
    Tables::open(&path)?;
    print_line!("{}", path.display())?;
    Ok(ExitCode::SUCCESS)
}
