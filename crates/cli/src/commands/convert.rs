//! `wsac convert IN -o DIR`: third-party checkpoints to our folder format, which loads faster and needs no pickle.

mod args;
mod decoder;

use crate::exit::ExitCode;
use std::path::Path;

use anyhow::{Result, bail};
use wsac::encoders::clap::checkpoint::ClapFiles;
use wsac::model::import::Origin;
use wsac::tensors::weights::WeightFile;

use crate::overwrite;
use crate::process::{print_line, say};
use crate::progress;
pub use args::Args;

/// The kinds of checkpoint.
enum Found {
    Clap(ClapFiles),
    Decoder(Origin, WeightFile),
}

impl Found {
    /// Detects the kind of the file or folder of `args`.
    fn open(args: &Args) -> Result<Self> {
        if args.input.is_file() && args.family.is_none() {
            let weights = WeightFile::open(&args.input)?;
            if let Some(origin) = Origin::of(&weights) {
                return Ok(Self::Decoder(origin, weights));
            }
        }
        if args.clap.is_some() || args.captions.is_some() {
            let from = args.input.display();
            bail!("{from} is no decoder that wsac knows; --clap and --captions are for decoders");
        }
        Ok(Self::Clap(ClapFiles::open(&args.input, args.family)?))
    }
}

/// Converts, and prints what was found and written.
pub fn run(args: &Args) -> Result<ExitCode> {
    args.precision
        .check_weights("a model's weights")
        .map_err(wsac::Error::from)?;
    let out = args.output.display();
    if args.output.exists() && !args.force {
        bail!("{out} exists; give another folder, or --force to write into it");
    }
    let read = [&*args.input].into_iter().chain(args.captions.as_deref());
    overwrite::refuse_folder(
        &args.output,
        read.chain(args.clap.as_deref().map(Path::new)),
    )?;
    match Found::open(args)? {
        Found::Clap(files) => clap(args, &files)?,
        Found::Decoder(origin, weights) => decoder::convert(args, origin, &weights)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn clap(args: &Args, files: &ClapFiles) -> Result<()> {
    let (from, to) = (args.input.display(), args.output.display());
    let (_, unknown) = files.check()?;
    if !args.quiet {
        if !unknown.0.is_empty() {
            let family = files.family;
            say!(
                "wsac: {from}: warning: {family} has no use for these tensors; kept: {}",
                unknown.0.join(", ")
            );
        }
        if !files.weights.skipped().is_empty() {
            let skipped = files.weights.skipped().join(", ");
            say!("wsac: {from}: beside the weights, left out: {skipped}");
        }
    }
    let bar = progress::bar(files.bytes() as usize, "bytes", args.quiet);
    let written = files.write(&args.output, args.precision, &mut |bytes| {
        bar.set_position(bytes)
    })?;
    bar.finish_and_clear();
    print_line!(
        "{from}: {}, {} tensors, {:.1} MB as f32",
        files.family,
        written.tensors,
        files.bytes() as f64 / 1e6
    )?;
    print_line!(
        "{to}: {:.1} MB as {}",
        written.bytes as f64 / 1e6,
        args.precision.name()
    )?;
    Ok(())
}
