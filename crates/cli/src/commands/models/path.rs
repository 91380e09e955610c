//! `wsac models path NAME`: the folder or file of a model that is in the cache, for scripts.

use crate::exit::ExitCode;

use anyhow::Result;

use crate::hub;
use crate::process::print_line;

/// Print the folder (or file) of a model that is here; fails where it is not
#[derive(clap::Args)]
pub struct Args {
    /// owner/name or owner/name/FILE, and @REVISION
    #[arg(value_name = "NAME")]
    name: String,
}

/// Prints its path.
pub fn run(args: &Args) -> Result<ExitCode> {
    print_line!("{}", hub::resolve(&args.name)?.display())?;
    Ok(ExitCode::SUCCESS)
}
