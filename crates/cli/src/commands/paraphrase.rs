//! `wsac paraphrase CAPTIONS -o FILE`: the same captions in other words, to train on beside the captions.

use crate::exit::ExitCode;
use std::path::PathBuf;

use anyhow::Result;
use wsac::paraphrase::{Paraphrasing, paraphrase};
use wsac_metrics::tables::Tables;

use crate::captions;
use crate::encoder::EncoderArgs;
use crate::meteor::TablesFile;
use crate::output::Output;
use crate::process::say;

/// Paraphrase captions, for more training data
///
/// Train on both: `wsac train --captions FILE --captions PARAPHRASES@0.5 ..`. Phrases are replaced by METEOR's table of
/// paraphrases and clauses turned round; what remains reads like the captions and means the same to the text tower.
#[derive(clap::Args)]
pub struct Args {
    /// Captions: CSV with a header, JSON, JSONL, or text with one a line; `-` is standard input
    #[arg(value_name = "CAPTIONS")]
    captions: PathBuf,

    #[command(flatten)]
    output: Output,

    /// At most so many paraphrases of a caption; many captions have none
    #[arg(long, value_name = "N", default_value_t = Paraphrasing::default().each)]
    each: usize,

    /// At most so many phrases replaced in one
    #[arg(long, value_name = "N", default_value_t = Paraphrasing::default().changes)]
    changes: usize,

    /// The least cosine of a paraphrase to its caption, in the text tower's space
    #[arg(long, value_name = "F", default_value_t = Paraphrasing::default().similarity)]
    similarity: f32,

    /// Equal seeds give equal paraphrases
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    #[command(flatten, next_help_heading = "Tables and tools")]
    tables: TablesFile,

    #[command(flatten)]
    encoder: EncoderArgs,
}

/// Paraphrases all captions and writes what came out.
pub fn run(args: &Args) -> Result<ExitCode> {
    let how = Paraphrasing {
        each: args.each,
        changes: args.changes,
        similarity: args.similarity,
        seed: args.seed,
    };
    how.check()?;
    let tables = args.tables.find()?;
    let read = [&*args.captions, &*tables].into_iter();
    args.output.check(read.chain(args.encoder.files()))?;
    let quiet = args.encoder.quiet;
    let encoder = args.encoder.open()?;
    let tables = Tables::open(tables)?;
    let set = captions::read(&args.captions, quiet)?;
    let out = args.output.open()?;
    let texts: Vec<String> = set.captions().map(str::to_owned).collect();
    let tower = encoder.text_tower()?;
    let said = paraphrase(&texts, &tables, &how, &mut |texts| {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        captions::embed(tower.as_ref(), &texts, quiet)
    })?;
    let mut out = csv::Writer::from_writer(out);
    out.write_record(["file_name", "caption"])?;
    for (i, paraphrases) in said.iter().enumerate() {
        let clip = set.clip_of(i);
        let number = || format!("clip {}", clip + 1);
        let name = set.clip_name(clip).map_or_else(number, str::to_owned);
        for caption in paraphrases {
            out.write_record([&name, caption])?;
        }
    }
    out.flush()?;
    if !quiet {
        let (n, of) = (said.iter().map(Vec::len).sum::<usize>(), texts.len());
        say!("wsac: {n} paraphrases of {of} captions");
    }
    Ok(ExitCode::SUCCESS)
}
