//! `wsac train --captions FILE --out DIR`: a captioner from captions without audio.

mod watch;

use crate::exit::ExitCode;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use clap::ValueEnum;
use wsac::bridge::Compat;
use wsac::dataset::Corpus;
use wsac::train::{Inputs, Noise, Preset, Request};

use crate::encoder::EncoderArgs;
use crate::process::say;
use crate::{captions, inputs, overwrite};
pub use watch::Watch;

/// Train a captioner from captions alone, without audio
///
/// The result is a folder for `wsac caption --model`. Ctrl-C saves the run and prints the command that resumes it; a
/// resumed run is bit for bit the run that was never interrupted.
#[derive(clap::Args)]
#[command(next_help_heading = "Training")]
pub struct Args {
    /// Captions: CSV with a header, JSON, JSONL, or text with one a line; `-` is standard input. May be given several times;
    /// `FILE@0.3` has three of ten captions in an epoch, others each time, `FILE@2` all of them twice
    #[arg(long, value_name = "FILE[@SHARE]", required = true, value_parser = Corpus::from_str)]
    captions: Vec<Corpus>,

    /// The folder of the captioner
    #[arg(short, long, value_name = "DIR", alias = "output_dir")]
    out: PathBuf,

    /// The settings to start from
    #[arg(long, value_enum, default_value = "fast")]
    preset: StartFrom,

    /// Settings that replace those of the preset: a TOML file like the train.toml of a run
    #[arg(long, value_name = "TOML")]
    config: Option<PathBuf>,

    /// The order of normalising, noise and shift
    #[arg(long, value_enum)]
    compat: Option<Order>,

    /// Number of epochs
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,

    /// Batch size, in captions
    #[arg(long, value_name = "N", alias = "batch_size")]
    batch: Option<usize>,

    /// The peak learning rate
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    lr: Option<f64>,

    /// The variance of the noise: `auto` estimates it from captions of one clip, 0 is none
    #[arg(long, value_name = "auto|VAR", value_parser = noise)]
    noise: Option<Noise>,

    /// Shift embeddings by the gap that `wsac gap -o FILE` measured
    #[arg(long, value_name = "FILE")]
    shift: Option<PathBuf>,

    /// Captions for the validation loss [default: some of the captions are held out]
    #[arg(long, value_name = "FILE")]
    validation: Option<PathBuf>,

    /// Start from the GPT-2 in this Hugging Face folder; best with a lower --lr (1e-4), or with --freeze
    #[arg(long, value_name = "DIR")]
    gpt2: Option<PathBuf>,

    /// Train only the mapper and freeze the language model; for use with --gpt2
    #[arg(long)]
    freeze: bool,

    /// Equal seeds give equal captioners
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Resume the run in --out
    #[arg(long)]
    resume: bool,

    /// Cache the embeddings of captions in DIR [default: ~/.cache/wsac]
    #[arg(long, value_name = "DIR", env = "WSAC_CACHE")]
    cache: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Encoder and process")]
    encoder: EncoderArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum StartFrom {
    /// A useful captioner in minutes on two cores
    Fast,
    /// The settings of the paper, section 4
    Paper,
    /// The settings of the published code
    Reference,
}

/// Whose order of normalising, noise and shift.
#[derive(Clone, Copy, ValueEnum)]
pub enum Order {
    /// As the paper says
    Paper,
    /// As the published code does
    Reference,
}

impl From<StartFrom> for Preset {
    fn from(preset: StartFrom) -> Self {
        match preset {
            StartFrom::Fast => Self::Fast,
            StartFrom::Paper => Self::Paper,
            StartFrom::Reference => Self::Reference,
        }
    }
}

impl From<Order> for Compat {
    fn from(order: Order) -> Self {
        match order {
            Order::Paper => Self::Paper,
            Order::Reference => Self::Reference,
        }
    }
}

fn noise(text: &str) -> Result<Noise, String> {
    if text == "auto" {
        return Ok(Noise::Auto);
    }
    match text.parse() {
        Ok(variance) if variance >= 0.0 && f64::is_finite(variance) => {
            Ok(Noise::Variance(variance))
        }
        _ => Err("give `auto`, or a variance of 0 or more".into()),
    }
}

/// Trains until the end or Ctrl-C.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut read: Vec<&Path> = args.captions.iter().map(|c| &*c.file).collect();
    read.extend(args.validation.as_deref());
    inputs::read_stdin_once(read)?;
    let folders = args.gpt2.as_deref().into_iter().chain(args.encoder.files());
    overwrite::refuse_folder(&args.out, folders.filter(|path| path.is_dir()))?;
    let encoder = args.encoder.open()?;
    let quiet = args.encoder.quiet;
    let request = args.request();
    request.settings(encoder.space())?;
    let (mut clips, mut shares) = (Vec::new(), Vec::new());
    for corpus in &args.captions {
        let of = clips_of(&corpus.file, quiet)?;
        shares.resize(shares.len() + of.len(), corpus.share);
        clips.extend(of);
    }
    let validation = match &args.validation {
        Some(file) => Some(clips_of(file, quiet)?),
        None => None,
    };
    let inputs = Inputs {
        clips,
        shares,
        validation,
        out: args.out.clone(),
        cache: args.cache.clone().or_else(crate::folders::cache),
        resume: args.resume,
    };
    let stop = Stop::on_ctrl_c()?;
    let mut watch = Watch::new(quiet);
    let outcome = request.run(encoder, inputs, &mut |event| {
        watch.see(event);
        stop.asked()
    });
    watch.close();
    match outcome {
        Ok(outcome) => {
            if !quiet {
                let out = args.out.display();
                let done = match outcome.already_finished {
                    true => format!("the run in {out} is finished; nothing to do"),
                    false => "done".to_owned(),
                };
                say!("wsac: {done}; try `wsac caption --model {out} RECORDING`");
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(wsac::Error::Interrupted(_)) => {
            say!("wsac: stopped and saved; go on with `{}`", go_on());
            Ok(ExitCode::from(130))
        }
        Err(error) => Err(error.into()),
    }
}

impl Args {
    /// What the flags ask for.
    fn request(&self) -> Request {
        Request {
            preset: self.preset.into(),
            config: self.config.clone(),
            compat: self.compat.map(Into::into),
            epochs: self.epochs,
            batch: self.batch,
            lr: self.lr,
            noise: self.noise,
            shift: self.shift.clone(),
            gpt2: self.gpt2.clone(),
            freeze: self.freeze,
            seed: self.seed,
            precision: self.encoder.precision.map(Into::into),
            ..Request::default()
        }
    }
}

fn clips_of(file: &Path, quiet: bool) -> Result<Vec<Vec<String>>> {
    Ok(captions::read(file, quiet)?.captions_by_clip())
}

/// A flag that the first Ctrl-C sets; the second ends the process at once.
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Watches for Ctrl-C from now on.
    pub fn on_ctrl_c() -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let raised = stop.clone();
        ctrlc::set_handler(move || {
            if raised.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            say!(
                "\nwsac: stopping after this step; Ctrl-C again stops at once and loses the epoch"
            );
        })?;
        Ok(Self(stop))
    }

    /// Whether to continue.
    pub fn asked(&self) -> ControlFlow<()> {
        if self.0.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// The command that resumes this run.
fn go_on() -> String {
    let mut words: Vec<String> = std::env::args().map(|word| quoted(&word)).collect();
    if !words.iter().any(|w| w == "--resume") {
        words.push("--resume".into());
    }
    words.join(" ")
}

/// A word quoted for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
