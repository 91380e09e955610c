//! `wsac models info [NAME|DIR|FILE]...`: what a model consists of.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use wsac::bundled::{self, Part};
use wsac::clap::Family;
use wsac::hub::WEIGHTS;
use wsac::model::Model;
use wsac::weights::{WeightFile, Weights};

use crate::hub;

/// Tell what models consist of: the built-in one, folders of `wsac train`, checkpoints of CLAPs
#[derive(clap::Args)]
pub struct Args {
    /// `mini`, a folder made by `wsac train`, a checkpoint, or the name of one in the cache [default: mini]
    #[arg(value_name = "NAME|DIR|FILE")]
    models: Vec<String>,
}

/// Prints a paragraph for each model.
pub fn run(args: &Args) -> Result<ExitCode> {
    if args.models.is_empty() {
        built_in()?;
    }
    for name in &args.models {
        if name == "mini" && !Path::new(name).exists() {
            built_in()?;
            continue;
        }
        let path = hub::resolve(name)?;
        println!("{name}");
        match weights_in(&path) {
            Some(file) => checkpoint(&file)?,
            None => captioner(&Model::load(&path)?),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn built_in() -> Result<()> {
    println!("mini (built in, the default)");
    for part in bundled::PARTS {
        let size = bundled_bytes(std::slice::from_ref(part))? as f64 / 1e6;
        println!("  {:<40} {size:>5.1} MB  {}", part.what, part.licence);
    }
    captioner(&bundled::model()?);
    Ok(())
}

/// How many bytes the files of `parts` have.
pub fn bundled_bytes(parts: &[Part]) -> Result<u64> {
    let files = parts.iter().flat_map(|part| part.files);
    let sizes = files.map(|name| bundled::file(name).map(|file| file.len() as u64));
    Ok(sizes.sum::<wsac::Result<u64>>()?)
}

fn captioner(model: &Model) {
    let (card, shape) = (&model.card, &model.card.decoder);
    println!("  encoder        {}", card.clap);
    println!(
        "  decoder        {:.1} M weights: {} layers, {} wide, {} words",
        model.decoder.weights().len() as f64 / 1e6,
        shape.layers,
        shape.width,
        shape.vocab
    );
    println!(
        "  memory         {} captions",
        model.memory.as_ref().map_or(0, |memory| memory.len())
    );
    println!("  strategy       {:?}", card.bridge);
    println!("  trained with   noise variance {:.5}", card.noise_variance);
}

/// The file of weights that `path` is, or that a folder from the hub has; `None` for other folders.
fn weights_in(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_owned());
    }
    let files = WEIGHTS.map(|name| path.join(name));
    files.into_iter().find(|file| file.is_file())
}

/// The family and size of a checkpoint.
fn checkpoint(path: &Path) -> Result<()> {
    let file = WeightFile::open(path)?;
    let names = file.names();
    let shapes = names.iter().filter_map(|name| file.shape(name));
    let numbers: usize = shapes.map(|shape| shape.iter().product::<usize>()).sum();
    println!("  file           {}", path.display());
    println!("  family         {}", Family::of(&file)?);
    println!(
        "  weights        {:.1} M in {} tensors",
        numbers as f64 / 1e6,
        names.len()
    );
    if !file.skipped().is_empty() {
        println!("  not read       {}", file.skipped().join(", "));
    }
    Ok(())
}
