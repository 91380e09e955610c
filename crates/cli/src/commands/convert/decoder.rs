//! `wsac convert DECODER -o RUN`: a decoder trained by other code becomes a captioner.

use anyhow::{Context, Result, bail};
use wsac::memory::Memory;
use wsac::model::Remembering;
use wsac::model::import::{ClapCapAudio, Origin};
use wsac::tensors::weights::WeightFile;

use super::args::Args;
use crate::process::{print_line, say};
use crate::{captions, encoder};

/// The path of ClapCap's own encoder in the run folder, and its name in the config.
const INSIDE: &str = "clap";

/// Writes the run folder of a decoder, and prints a summary of it.
pub fn convert(args: &Args, origin: Origin, weights: &WeightFile) -> Result<()> {
    let (from, to) = (args.input.display(), args.output.display());
    if origin == Origin::ClapCap && args.captions.is_some() {
        bail!("{from} is ClapCap, which learned from sounds and needs no captions to lean on");
    }
    let (encoder, clap) = match (&args.clap, origin) {
        (Some(name), _) => {
            let encoder = encoder::find(name, None)?;
            let clap = encoder.space().name.clone();
            (encoder, clap)
        }
        (None, Origin::Paper) => bail!(
            "{from} is a decoder of the paper's code; give the encoder that it was trained with: --clap CLAP (the paper's \
             is WavCaps' CNN14 with BERT)"
        ),
        (None, Origin::ClapCap) => {
            let inside = args.output.join(INSIDE);
            (ClapCapAudio::of(weights).save(&inside)).context("ClapCap's own audio encoder")?;
            let encoder = encoder::find(&inside.to_string_lossy(), None)?;
            (encoder, format!("./{INSIDE}"))
        }
    };
    let remember = |path| -> Result<Memory> {
        let keep = Remembering::default();
        Ok(captions::remember(&encoder, path, keep, args.quiet)?.0)
    };
    let memory = args.captions.as_deref().map(remember).transpose()?;
    let name = args.input.file_stem().unwrap_or_default().to_string_lossy();
    let space = &encoder.space().identity;
    let model = origin.model(weights, &name, (&clap, space), memory)?;
    let (has, wants) = (encoder.audio_tower()?.dim(), model.card.decoder.embedding);
    if has != wants {
        let clap = &encoder.space().name;
        bail!("{from} takes embeddings of width {wants}, but those of {clap} have width {has}");
    }
    model.save(&args.output, args.precision)?;
    let shape = &model.card.decoder;
    let whose = match origin {
        Origin::Paper => "a decoder of the paper's code",
        Origin::ClapCap => "ClapCap",
    };
    let (layers, heads, width) = (shape.layers, shape.heads, shape.width);
    print_line!("{from}: {whose}, {layers} layers of width {width} with {heads} heads")?;
    match &model.memory {
        Some(memory) => print_line!("{to}: a captioner with {} captions", memory.len())?,
        None => print_line!("{to}: a captioner without captions")?,
    }
    if !args.quiet {
        say!("wsac: use it with `wsac caption --model {to} FILE`");
    }
    Ok(())
}
