//! `wsac man`: the manual pages, one on standard output or all in a folder.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::exit::ExitCode;
use crate::process::stdout;

/// Print the manual page, or write that of every command
#[derive(clap::Args)]
pub struct Args {
    /// Write wsac.1, wsac-caption.1 and so on into this folder instead
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
}

/// Writes the pages of `command`.
pub fn run(args: &Args, command: clap::Command) -> Result<ExitCode> {
    match &args.out_dir {
        Some(folder) => {
            let wrong = || format!("cannot write manual pages into {}", folder.display());
            fs::create_dir_all(folder).with_context(wrong)?;
            clap_mangen::generate_to(command, folder).with_context(wrong)?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            stdout()?.write_all(&page)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
