//! `wsac models [DIR...]`: what is built in, or what a run folder holds.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use wsac::bundled;
use wsac::model::Model;

/// Tell what the built-in model consists of, or what folders made by `wsac train` hold
#[derive(clap::Args)]
pub struct Args {
    /// Folders made by `wsac train`
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
}

/// Prints a paragraph for each model.
pub fn run(args: &Args) -> Result<ExitCode> {
    if args.folders.is_empty() {
        println!("mini (built in, the default)");
        for part in bundled::PARTS {
            let bytes: usize = part
                .files
                .iter()
                .map(|name| bundled::file(name).map(<[u8]>::len))
                .sum::<wsac::Result<usize>>()?;
            let size = bytes as f64 / 1e6;
            println!("  {:<40} {size:>5.1} MB  {}", part.what, part.licence);
        }
        describe(&bundled::model()?);
    }
    for folder in &args.folders {
        println!("{}", folder.display());
        describe(&Model::load(folder)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(model: &Model) {
    let (card, shape) = (&model.card, &model.card.decoder);
    println!("  encoder        {}", card.clap);
    println!(
        "  decoder        {:.1} M weights: {} layers, {} wide, {} words",
        model.decoder.weights().len() as f64 / 1e6,
        shape.layers,
        shape.width,
        shape.vocab
    );
    println!("  memory         {} captions", model.memory.len());
    println!("  strategy       {:?}", card.bridge);
    println!("  trained with   noise variance {:.5}", card.noise_variance);
}
