//! `wsac listen`: live audio on standard input, captioned as it arrives.

use crate::exit::ExitCode;
use std::io::{BufWriter, Write, stdin};

use anyhow::Result;
use clap::ValueEnum;
use wsac::audio::{AudioStream, Encoding, PcmFormat};
use wsac::captioner::CaptionOptions;
use wsac::timeline::{Live, Segment, TimelineOptions, clock};

use super::caption::ModelArgs;
use crate::output::json_line;
use crate::process::{say, stdout, use_threads};
use crate::ranges::within;

/// Caption live audio: a line for each sound event, within two seconds
///
/// Standard input is a WAV stream, as `arecord` and `ffmpeg -f wav -` write it, or raw samples with --raw:
///
///   arecord -q -f S16_LE -r 16000 -t wav | wsac listen
///   ffmpeg -loglevel error -i URL -f s16le -ar 16000 -ac 1 - | wsac listen --raw s16 --rate 16000
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    /// Samples have no header; their encoding (little-endian)
    #[arg(long, value_enum)]
    raw: Option<Raw>,

    /// With --raw: samples a second
    #[arg(long, value_name = "HZ", default_value_t = 16_000, requires = "raw")]
    rate: u32,

    /// With --raw: channels, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, requires = "raw", value_parser = clap::value_parser!(u16).range(1..=64))]
    channels: u16,

    /// Level below which there is silence (dBFS) [default: -55, or 6 dB above the noise floor]
    #[arg(long, value_name = "DB", allow_negative_numbers = true, value_parser = within(-120.0_f32..=0.0))]
    silence: Option<f32>,

    /// How events are written
    #[arg(long, value_enum, default_value = "text", alias = "output_format")]
    format: Format,

    /// Number of threads, at most one a core [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// How raw samples are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Raw {
    /// 16-bit whole numbers
    S16,
    /// 32-bit whole numbers
    S32,
    /// 32-bit floating point
    F32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The time it began, and the caption
    Text,
    /// A JSON object a line: start, caption, sounds and evidence
    Jsonl,
}

/// Captions standard input until it ends.
pub fn run(args: &Args) -> Result<ExitCode> {
    use_threads(args.threads)?;
    let captioner = args.model.open()?;
    let mut options = TimelineOptions::default();
    options.silence = args.silence;
    let mut live = Live::new(&captioner, options, CaptionOptions::of(captioner.model()))?;
    let format = args.raw.map(|raw| PcmFormat {
        rate: args.rate,
        channels: args.channels.into(),
        encoding: match raw {
            Raw::S16 => Encoding::S16,
            Raw::S32 => Encoding::S32,
            Raw::F32 => Encoding::F32,
        },
    });
    let mut stream = AudioStream::arriving(Box::new(stdin()), format, captioner.rate())?;
    let mut out = BufWriter::new(stdout()?);
    while let Some(block) = stream.next_block()? {
        for segment in live.push(&block)? {
            args.write(&mut out, &segment)?;
        }
    }
    if let Some(segment) = live.finish()? {
        args.write(&mut out, &segment)?;
    }
    for warning in stream.warnings() {
        say!("wsac: {warning}");
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn write(&self, out: &mut impl Write, segment: &Segment) -> Result<()> {
        match self.format {
            Format::Text => writeln!(
                out,
                "{}\t{}",
                clock(segment.start, ':', '.'),
                segment.caption
            )?,
            Format::Jsonl => json_line(out, segment)?,
        }
        Ok(out.flush()?)
    }
}
