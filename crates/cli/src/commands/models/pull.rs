//! `wsac models pull NAME...`: downloads models of the hub into the cache, with a bar that counts bytes.

use crate::exit::ExitCode;

use anyhow::Result;
use indicatif::ProgressBar;
use wsac::encoders::hub::{Name, Progress};

use crate::process::{print_line, say};
use crate::{hub, progress};

/// Fetch models from the hub, or what is missing of them, and print their folders
///
/// A pull that was stopped goes on where it was. Everything is checked against the hub's checksums. Of a model, its
/// configuration, vocabulary and one file of weights are fetched; owner/name/FILE fetches that file alone.
#[derive(clap::Args)]
pub struct Args {
    /// owner/name or owner/name/FILE; @REVISION is a branch, tag or commit [default: main]
    #[arg(value_name = "NAME", required = true)]
    names: Vec<Name>,

    /// Use no network: check what is in the cache
    #[arg(long)]
    offline: bool,

    /// No progress bar; errors are still shown
    #[arg(short, long)]
    quiet: bool,
}

/// Downloads one after the other. Exit code 1 if some failed, 2 if all did.
pub fn run(args: &Args) -> Result<ExitCode> {
    let hub = hub::open(args.offline);
    let quiet = args.quiet || hub::hides_progress();
    let mut failed = 0;
    for name in &args.names {
        let mut bar = ProgressBar::hidden();
        let pulled = hub.pull(name, &mut |state| match state {
            Progress::Fetching { file, done, total } => {
                if bar.length() != Some(total) {
                    bar = progress::bytes(total, quiet);
                }
                bar.set_prefix(file.to_owned());
                bar.set_position(done);
            }
            Progress::Waiting { file } if !quiet => {
                bar.suspend(|| say!("wsac: another process fetches {file}; waiting for it"));
            }
            Progress::Waiting { .. } => {}
        });
        bar.finish_and_clear();
        match pulled {
            Ok(folder) => print_line!("{}", folder.display())?,
            Err(e) => {
                failed += 1;
                say!("wsac: {e}");
            }
        }
    }
    Ok(match failed {
        0 => ExitCode::SUCCESS,
        n if n < args.names.len() => ExitCode::from(1),
        _ => ExitCode::from(2),
    })
}
