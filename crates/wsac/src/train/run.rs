//! A whole run: prepare, step until done, validate and save each epoch, write the run folder at the end.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::checkpoint;
use super::prepare::{Prepared, prepare};
use super::{Step, TrainConfig, Trainer};
use crate::decoder::{Config, Decoder};
use crate::error::{Error, Result};
use crate::memory::{Centre, Memory};
use crate::model::{Card, Model, Precision};
use crate::model::{Defaults, Gpt2};
use wsac_encoders::embedding::Embeddings;
use wsac_encoders::encoder::Space;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_encoders::towers::TextTower;
use wsac_tensors::atomic_file::write_whole;
use wsac_tensors::matrix::Kind;

/// What a run needs besides its settings.
pub struct Job<'a> {
    /// The captions to learn from, clip by clip.
    pub clips: &'a [Vec<String>],
    /// For each clip how often an epoch has it: 1 is once, 0.3 for three of ten, others each epoch; empty where all have 1.
    pub shares: &'a [f64],
    /// The captions to measure the validation loss on; where `None`, a share of `clips` is held out.
    pub validation: Option<&'a [Vec<String>]>,
    /// The text tower of the encoder.
    pub text: &'a dyn TextTower,
    /// The space that it embeds into.
    pub space: &'a Space,
    /// How that space is used.
    pub defaults: Defaults,
    /// The whole vocabulary that the captions are split with.
    pub vocabulary: &'a Tokenizer,
    /// The modality gap, for embedding shift.
    pub shift: Option<Vec<f32>>,
    /// The folder of the run.
    pub out: PathBuf,
    /// A folder that keeps embeddings between runs.
    pub cache: Option<PathBuf>,
    /// Whether to go on with the run in `out` where it stopped.
    pub resume: bool,
}

/// What happens in a run, for a progress bar.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Texts embedded so far.
    Embedded {
        /// How many.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// Preparation is done.
    Ready {
        /// Captions to learn from.
        captions: usize,
        /// Words of the vocabulary.
        vocabulary: usize,
        /// Weights of the decoder.
        weights: usize,
        /// The variance of the noise.
        noise_variance: f64,
        /// Steps of the whole run.
        steps: usize,
        /// Steps already done, where the run is resumed.
        done: usize,
    },
    /// One update.
    Step(Step),
    /// An epoch is over, and saved.
    Epoch {
        /// Epochs done.
        epoch: usize,
        /// The mean negative log-likelihood a token (nats) on the captions held out; NaN where there are none.
        validation: f64,
        /// Time since the run (or its resumption) began.
        elapsed: Duration,
    },
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The captioner, also saved in the run folder.
    pub model: Model,
    /// The last validation loss (nats a token).
    pub validation: f64,
}

/// Runs `job` to its end, or until `observer` answers [`ControlFlow::Break`]; then the state is saved.
///
/// # Errors
/// [`Error::Interrupted`] after a break. Where the folder holds another run, or files cannot be written.
pub fn run(
    config: TrainConfig,
    job: &Job,
    observer: &mut dyn FnMut(&Event) -> ControlFlow<()>,
) -> Result<Outcome> {
    let start = Instant::now();
    let precision = config.precision.decided();
    let config = TrainConfig {
        precision,
        ..config
    };
    fs::create_dir_all(&job.out).map_err(|e| Error::io(&job.out, e))?;
    let state = job.out.join(checkpoint::FILE);
    if !job.resume && (state.exists() || job.out.join("config.json").exists()) {
        return Err(Error::model(
            &job.out,
            "already holds a run; add --resume to go on with it, or give another --out",
        ));
    }
    let stopped = || {
        Error::Interrupted(format!(
            "stopped; add --resume to go on with the run in {}",
            job.out.display()
        ))
    };

    let mut interrupted = false;
    let mut on_progress =
        |done, total| interrupted |= observer(&Event::Embedded { done, total }).is_break();
    let gpt2 = config.gpt2.as_deref().map(Gpt2::open).transpose()?;
    let vocabulary = gpt2.as_ref().map_or(job.vocabulary, |gpt2| &gpt2.tokenizer);
    let prepared = prepare(&config, job, vocabulary, &mut on_progress)?;
    if interrupted {
        return Err(stopped());
    }
    let Prepared {
        train,
        validation,
        captions,
        clauses,
        tokenizer,
        keywords,
        perturb,
        fingerprint,
    } = prepared;
    let longest = train
        .tokens
        .iter()
        .chain(&validation.tokens)
        .map(Vec::len)
        .max()
        .unwrap_or(0);
    let shape = Config {
        vocab: tokenizer.len(),
        embedding: job.text.dim(),
        ..config.decoder.clone()
    };
    let shape = Config {
        positions: shape.positions.max(longest + 3 * shape.prefix) + config.prompt.positions(),
        ..shape
    };
    let decoder = match &gpt2 {
        Some(gpt2) => gpt2.decoder(&shape, config.seed)?,
        None => Decoder::new(shape, config.seed)?,
    };
    let remember = |texts: &[&str], rows: &mut dyn Iterator<Item = usize>| -> Result<Memory> {
        let rows = rows
            .flat_map(|i| train.embeddings.row(i))
            .copied()
            .collect();
        let mut memory = Memory::new(texts, Embeddings::from_unit_rows(job.text.dim(), rows)?)?
            .kept_as(Kind::Int8)?;
        memory.describe(format!("embedded with {}", job.space.name));
        memory.set_centre(job.defaults.centre);
        Ok(memory)
    };
    let texts: Vec<&str> = captions.iter().map(String::as_str).collect();
    let memory = remember(&texts, &mut (0..captions.len()))?;
    let texts: Vec<&str> = clauses.iter().map(|c| c.0.as_str()).collect();
    let learns_clauses = config.clauses > 0.0;
    let clause_memory = if learns_clauses {
        Some(remember(&texts, &mut clauses.iter().map(|c| c.1))?)
    } else {
        None
    };
    let settings = toml::to_string(&config).map_err(|e| Error::Config(e.to_string()))?;
    let identity = format!("{settings}\n# texts {fingerprint}\n");
    let noise_variance = perturb.noise_variance;
    let mut trainer = Trainer::new(config, decoder, train, perturb)?;
    if job.resume && state.exists() {
        checkpoint::load(&mut trainer, &identity, &state)?;
    }
    write_whole(&job.out.join("train.toml"), settings.as_bytes())?;
    let mut log = Log::open(&job.out.join("log.jsonl"), trainer.steps_done())?;
    let ready = Event::Ready {
        captions: captions.len(),
        vocabulary: tokenizer.len(),
        weights: trainer.decoder.weights().len(),
        noise_variance,
        steps: trainer.steps(),
        done: trainer.steps_done(),
    };
    let mut go_on = observer(&ready).is_continue();

    let mut last = f64::NAN;
    while trainer.steps_done() < trainer.steps() {
        if !go_on {
            checkpoint::save(&trainer, &identity, &state)?;
            return Err(stopped());
        }
        let step = trainer.step();
        log.step(&step)?;
        go_on = observer(&Event::Step(step)).is_continue();
        if trainer
            .steps_done()
            .is_multiple_of(trainer.steps_per_epoch())
        {
            last = trainer.validate(&validation).mean();
            let epoch = trainer.epoch();
            log.epoch(trainer.steps_done(), epoch, last)?;
            checkpoint::save(&trainer, &identity, &state)?;
            go_on &= observer(&Event::Epoch {
                epoch,
                validation: last,
                elapsed: start.elapsed(),
            })
            .is_continue();
        }
    }

    if last.is_nan() {
        // The run was resumed after its last step.
        last = trainer.validate(&validation).mean();
    }
    let card = Card {
        name: job
            .out
            .file_name()
            .map_or("captioner".into(), |n| n.to_string_lossy().into_owned()),
        clap: job.space.name.clone(),
        space: job.space.identity.clone(),
        decoder: trainer.decoder.config().clone(),
        bridge: job.defaults.bridge,
        centred: job.defaults.centre == Centre::MemoryMean,
        clauses: learns_clauses,
        renormalise: trainer.config.renormalise,
        noise_variance,
        compat: trainer.config.compat,
        prompt: trainer.config.prompt,
        from_text: true,
    };
    let model = Model {
        card,
        decoder: trainer.decoder,
        tokenizer,
        memory: Some(memory),
        clauses: clause_memory,
        keywords,
        gap: job.shift.clone(),
    };
    model.save(&job.out, Precision::F32)?;
    let readme = readme(&model, captions.len(), last);
    write_whole(&job.out.join("README.md"), readme.as_bytes())?;
    Ok(Outcome {
        model,
        validation: last,
    })
}

/// The log of a run, a JSON object a line; lines of steps that a resumed run makes again are dropped.
struct Log {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Log {
    fn open(path: &Path, steps_done: usize) -> Result<Self> {
        let old = fs::read_to_string(path).unwrap_or_default();
        let step = |line: &&str| {
            let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
            value
                .and_then(|v| v["step"].as_u64())
                .is_some_and(|s| s as usize <= steps_done)
        };
        let kept: String = old
            .lines()
            .filter(step)
            .flat_map(|line| [line, "\n"])
            .collect();
        write_whole(path, kept.as_bytes())?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(|e| Error::io(path, e))?;
        Ok(Self {
            path: path.into(),
            file: BufWriter::new(file),
        })
    }

    fn write(&mut self, value: serde_json::Value) -> Result<()> {
        writeln!(self.file, "{value}")
            .and_then(|()| self.file.flush())
            .map_err(|e| Error::io(&self.path, e))
    }

    fn step(&mut self, s: &Step) -> Result<()> {
        self.write(
            serde_json::json!({"step": s.step, "loss": s.loss, "lr": s.lr, "tokens": s.tokens}),
        )
    }

    fn epoch(&mut self, step: usize, epoch: usize, validation: f64) -> Result<()> {
        self.write(serde_json::json!({"step": step, "epoch": epoch, "validation": validation}))
    }
}

/// The card of a captioner, in words.
fn readme(model: &Model, captions: usize, validation: f64) -> String {
    let Card {
        name,
        clap,
        decoder,
        noise_variance,
        ..
    } = &model.card;
    format!(
        "---\nlibrary_name: wsac\npipeline_tag: audio-text-to-text\ntags: [audio-captioning, wsac]\n---\n\n# {name}\n\n\
         An audio captioner learned from {captions} captions and no audio (WSAC, arXiv 2309.12242), with the encoder \
         `{clap}`.\n\n    wsac caption recording.wav --model {name}\n\n\
         | | |\n|---|---|\n| decoder | {} layers x {} wide, {} words |\n| noise variance | {noise_variance:.4} |\n\
         | validation loss | {validation:.4} nats a token |\n\nThe exact settings are in `train.toml`, every step in \
         `log.jsonl`. The captions are in `memory.safetensors`: share this folder only where you may share them.\n",
        decoder.layers, decoder.width, decoder.vocab,
    )
}
