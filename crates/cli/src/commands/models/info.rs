//! `wsac models info [NAME|DIR|FILE]...`: the contents of a model.

use crate::exit::ExitCode;
use std::path::Path;

use anyhow::Result;
use wsac::encoders::assets::{self, Part};
use wsac::encoders::clap::checkpoint::ClapFiles;
use wsac::encoders::towers::AudioTower;
use wsac::model::Model;
use wsac::tensors::weights::Weights;

use crate::hub;
use crate::process::print_line;

/// Show what models contain: the built-in one, folders of `wsac train`, checkpoints of CLAPs
#[derive(clap::Args)]
// `wsac models` has a group of that name, too.
#[group(skip)]
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
        // A run folder has a decoder, and ClapCap's run a CLAP beside it.
        if path.join("decoder.safetensors").is_file() {
            let model = Model::load(&path)?;
            print_line!("{name}")?;
            captioner(&model)?;
        } else {
            clap(name, &ClapFiles::open(&path, None)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn built_in() -> Result<()> {
    print_line!("mini (built in, the default)")?;
    for part in assets::PARTS {
        let size = bundled_bytes(std::slice::from_ref(part))? as f64 / 1e6;
        print_line!("  {:<40} {size:>5.1} MB  {}", part.what, part.licence)?;
    }
    captioner(&Model::bundled()?)
}

/// The total size of the files of `parts` in bytes.
pub fn bundled_bytes(parts: &[Part]) -> Result<u64> {
    let files = parts.iter().flat_map(|part| part.files);
    let sizes = files.map(|name| assets::file(name).map(|file| file.len() as u64));
    Ok(sizes.sum::<wsac::encoders::Result<u64>>()?)
}

fn captioner(model: &Model) -> Result<()> {
    let (card, shape) = (&model.card, &model.card.decoder);
    print_line!("  encoder        {}", card.clap)?;
    print_line!(
        "  decoder        {:.1} M weights: {} layers, {} wide, {} words",
        model.decoder.weights().len() as f64 / 1e6,
        shape.layers,
        shape.width,
        shape.vocab
    )?;
    print_line!(
        "  memory         {} captions",
        model.memory.as_ref().map_or(0, |memory| memory.len())
    )?;
    print_line!("  strategy       {:?}", card.bridge)?;
    Ok(print_line!(
        "  trained with   noise variance {:.5}",
        card.noise_variance
    )?)
}

/// The family and size of a CLAP, after reading all of it once.
fn clap(name: &str, files: &ClapFiles) -> Result<()> {
    let (audio, unknown) = files.check()?;
    print_line!("{name}")?;
    print_line!("  file           {}", files.weights.path().display())?;
    print_line!("  family         {}", files.family)?;
    print_line!(
        "  space          {} wide, {}",
        audio.dim(),
        files.fingerprint()
    )?;
    print_line!("  hears          {} Hz", audio.rate())?;
    print_line!(
        "  weights        {:.1} MB as f32 in {} tensors",
        files.bytes() as f64 / 1e6,
        files.weights.names().len()
    )?;
    if !unknown.0.is_empty() {
        print_line!("  no use for     {unknown}")?;
    }
    if !files.weights.skipped().is_empty() {
        print_line!("  not read       {}", files.weights.skipped().join(", "))?;
    }
    Ok(())
}
