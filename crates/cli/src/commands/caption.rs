//! `wsac caption FILES...`: a sentence for each recording, or a timeline.

mod refine;
mod timeline;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use wsac::bridge::{self, Bridge};
use wsac::captioner::{Caption, CaptionOptions, Captioner};
use wsac::decoder::Form;
use wsac::encoders::compute_dtype::Arithmetic;
use wsac::encoders::encoder::Encoder;
use wsac::generate::{Sampling, Search};
use wsac::model::{Card, Model};

use super::{bare, batch_code, use_threads};
use crate::encoder::{ClapArgs, WindowArgs};
use crate::inputs::Inputs;
use crate::output::Output;
use crate::progress::Listening;
use crate::resume::Done;
use crate::rows::{Format, Rows};
use refine::{CentreArgs, RefineArgs};

/// Write a sentence for each recording
///
/// Recordings that fail have a line on standard error each and never stop the others. A caption with weak evidence is
/// marked there too: it is a guess.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    inputs: Inputs,

    #[command(flatten)]
    model: ModelArgs,

    /// How the gap between sounds and texts is bridged [default: the model's own]
    #[arg(long, value_enum)]
    strategy: Option<Strategy>,

    /// The temperature of the projection: smaller is nearer to the nearest caption [default: the model's own]
    #[arg(long, value_name = "F")]
    tau: Option<f32>,

    /// Project on the N nearest captions only
    #[arg(long, value_name = "N", alias = "top_k", value_parser = clap::value_parser!(u32).range(1..))]
    top_k: Option<u32>,

    /// Search with a beam of N captions [default: 4]; 1 takes the likeliest word at each step, as the paper does
    #[arg(long, value_name = "N", alias = "beam_size", value_parser = clap::value_parser!(u32).range(1..=64))]
    beam: Option<u32>,

    /// Draw words at random: another caption for each --seed
    #[arg(long, conflicts_with = "beam")]
    sample: bool,

    /// With --sample: below 1 is safer, above 1 bolder
    #[arg(long, value_name = "F", default_value_t = 1.0, requires = "sample")]
    temperature: f32,

    /// With --sample: draw from the likeliest words that make up this share
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.9,
        requires = "sample",
        alias = "top_p"
    )]
    top_p: f32,

    /// With --sample: equal seeds give equal captions
    #[arg(long, value_name = "N", default_value_t = 0, requires = "sample")]
    seed: u64,

    /// How captions are written
    #[arg(long, value_enum, default_value = "text", alias = "output_format")]
    format: Format,

    #[command(flatten)]
    refine: RefineArgs,

    #[command(flatten)]
    output: Output,

    /// Go on where a run ended: skip what is told in -o FILE (jsonl, csv) or has its file in --out-dir; what failed is
    /// tried again
    #[arg(long)]
    resume: bool,

    #[command(flatten)]
    timeline: timeline::TimelineArgs,

    /// Use so many threads [default: one a core]
    #[arg(long, value_name = "N", alias = "workers")]
    threads: Option<usize>,

    /// No progress bar, no warnings; errors are still told
    #[arg(short, long)]
    quiet: bool,
}

/// Which captioner is used.
#[derive(clap::Args)]
pub struct ModelArgs {
    /// A folder that `wsac train` has made [default: the built-in model `mini`]
    #[arg(long, value_name = "DIR", env = "WSAC_MODEL")]
    model: Option<PathBuf>,

    /// Lean on the captions of another memory, made by `wsac memory build`
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,

    #[command(flatten)]
    centre: CentreArgs,

    #[command(flatten)]
    clap: ClapArgs,

    #[command(flatten)]
    window: WindowArgs,

    /// What a CLAP and the decoder multiply in: bf16 is faster where the processor has arithmetic for it
    #[arg(long, value_enum, default_value = "f32")]
    precision: Words,
}

/// What is multiplied.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Words {
    /// bf16 where the processor has arithmetic for it, else f32
    Auto,
    /// The same on every machine
    F32,
    /// Eight bits of each number; half the time where memory is what takes it
    Bf16,
    /// The decoder's weights in a quarter of the memory, the encoder as with `auto`
    Int8,
}

impl Words {
    /// What the encoder multiplies in. It has no int8: its time goes into products, not into reading weights.
    fn of_encoder(self) -> Arithmetic {
        match self {
            Self::F32 => Arithmetic::F32,
            Self::Bf16 => Arithmetic::Bf16,
            Self::Auto | Self::Int8 => Arithmetic::Auto,
        }
    }

    /// How the decoder's weights are laid out.
    fn form(self) -> Form {
        match self {
            Self::Auto if Arithmetic::Auto.decided() == Arithmetic::Bf16 => Form::Bf16,
            Self::Auto | Self::F32 => Form::F32,
            Self::Bf16 => Form::Bf16,
            Self::Int8 => Form::Int8,
        }
    }
}

/// The strategies of the paper, section 3.2.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Strategy {
    /// None: the decoder takes the sound as if it were a text
    Direct,
    /// The nearest caption takes the sound's place
    Nearest,
    /// A mean of captions takes its place, weighted by softmax(similarity / tau)
    #[value(alias = "project")]
    Projection,
}

impl From<Strategy> for bridge::Strategy {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Direct => Self::Direct,
            Strategy::Nearest => Self::Nearest,
            Strategy::Projection => Self::Projection,
        }
    }
}

impl ModelArgs {
    /// Reads the captioner, which reads candidates with its own encoder's text tower where it has to.
    pub fn open(&self) -> Result<Captioner> {
        let (captioner, encoder) = self.open_with_encoder()?;
        Ok(captioner.with_reader(encoder))
    }

    /// Reads the captioner; its encoder reads texts too.
    pub fn open_with_encoder(&self) -> Result<(Captioner, Encoder)> {
        let mut model = match &self.model {
            Some(model) if model != Path::new("mini") => Model::load(model)?,
            _ => Model::bundled()?,
        };
        let Card { name, clap, .. } = &model.card;
        let encoder = (self.clap.open_or(clap)).with_context(|| {
            format!("the encoder of the captioner {name} (--clap gives another place)")
        })?;
        model.check_space(encoder.space())?;
        model.decoder.pack(self.precision.form());
        let encoder = self
            .window
            .of(encoder)
            .with_arithmetic(self.precision.of_encoder());
        let captioner = Captioner::new(encoder.audio_tower()?, model)?;
        let captioner = match &self.memory {
            Some(memory) => captioner.with_memory(memory)?,
            None => captioner,
        };
        Ok((self.centre.of(captioner)?, encoder))
    }
}

/// Captions all recordings, in order.
pub fn run(args: &Args) -> Result<ExitCode> {
    use_threads(args.threads)?;
    args.check()?;
    let paths = args.inputs.paths()?;
    if args.timeline.timeline {
        return timeline::run(args, paths);
    }
    let (paths, begun) = args.left(paths)?;
    if args.resume && paths.is_empty() {
        return Ok(batch_code(0));
    }
    let (out, _) = args.output.open_growing(args.resume)?;
    let many = args.inputs.are_many();
    let mut rows = if begun {
        Rows::going_on(args.format, many, out)?
    } else {
        Rows::new(args.format, many, out)?
    };
    let captioner = args.model.open()?;
    let options = args.options(captioner.model())?;
    let progress = Listening::new(paths.len(), args.quiet);
    let mut failed = 0;
    captioner.caption_all(
        &paths,
        |path| args.for_file(&options, path),
        |seconds| progress.heard(seconds),
        |path, caption| {
            let mut caption = caption.map_err(|error| bare(&error.to_string(), path));
            for warning in caption.iter_mut().flat_map(|caption| &mut caption.warnings) {
                *warning = bare(warning, path);
            }
            rows.write(path, &caption)?;
            rows.flush()?;
            failed += usize::from(caption.is_err());
            progress.suspend(|| tell(path, &caption, args.quiet));
            anyhow::Ok(())
        },
    )?;
    progress.finish();
    Ok(batch_code(failed))
}

/// What standard error hears about a recording.
fn tell(path: &Path, result: &Result<Caption, String>, quiet: bool) {
    let name = path.display();
    match result {
        Err(reason) => eprintln!("wsac: {name}: {reason}"),
        Ok(_) if quiet => {}
        Ok(caption) => {
            for warning in &caption.warnings {
                eprintln!("wsac: {name}: warning: {warning}");
            }
            if caption.weak {
                let confidence = caption.confidence;
                eprintln!("wsac: {name}: low confidence ({confidence:.2}): the caption is a guess");
            }
        }
    }
}

impl Args {
    /// Says which flags contradict each other or are out of range.
    fn check(&self) -> Result<()> {
        self.bridge(Bridge::Direct)?;
        self.refine.check()?;
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            bail!("--temperature must be above 0, not {}", self.temperature);
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            bail!("--top-p must be above 0 and at most 1, not {}", self.top_p);
        }
        Ok(())
    }

    /// With --resume: those of `paths` that are not told in the output file, and whether that has its beginning.
    fn left(&self, paths: Vec<PathBuf>) -> Result<(Vec<PathBuf>, bool)> {
        if !self.resume {
            return Ok((paths, false));
        }
        if paths.iter().any(|path| path == Path::new("-")) {
            bail!("--resume needs recordings that have a name, not standard input");
        }
        let mut done = Done::read(&self.output.output, self.format, self.timeline.timeline)?;
        let all = paths.len();
        let left = done.left(paths);
        if !self.quiet && left.len() < all {
            let (done, output) = (all - left.len(), self.output.output.display());
            eprintln!("wsac: {done} of {all} recordings are told in {output}");
        }
        Ok((left, done.begun))
    }

    /// The bridge that the flags ask for; what they do not say is as in `own`.
    fn bridge(&self, own: Bridge) -> Result<Option<Bridge>> {
        let (strategy, top_k) = (
            self.strategy.map(Into::into),
            self.top_k.map(|k| k as usize),
        );
        bridge::Strategy::bridge(strategy, self.tau, top_k, own)
            .context("--strategy, --tau, --top-k")
    }

    /// The options of all recordings; what is not said is as `model` does best.
    fn options(&self, model: &Model) -> Result<CaptionOptions> {
        let mut options = CaptionOptions::of(model);
        options.bridge = self.bridge(model.card.bridge)?;
        if let Some(width) = self.beam {
            options.search = Search::of_width(width as usize);
        }
        self.refine.apply(&mut options)?;
        Ok(options)
    }

    /// The options of one recording: each has its own random stream, so its caption does not hang on its company.
    fn for_file(&self, options: &CaptionOptions, path: &Path) -> CaptionOptions {
        let mut options = options.clone();
        if self.sample {
            options.search = Search::Sample(Sampling {
                temperature: self.temperature,
                top_p: self.top_p,
                stream: format!("seed{}/{}", self.seed, path.display()),
                ..Sampling::default()
            });
        }
        options
    }
}
