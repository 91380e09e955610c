//! A complete run: prepare, step until done, validate and save each epoch, write the run folder at the end.

use std::ops::ControlFlow;
use std::time::Instant;

use super::card::{card, readme};
use super::checkpoint;
use super::config::TrainConfig;
use super::examples::Examples;
use super::folder::{Files, Standing};
use super::identity::Identity;
use super::job::{Event, Job, Outcome};
use super::log::Log;
use super::plan::Plan;
use super::prepare::{Prepared, prepare};
use super::trainer::Trainer;
use crate::decoder::{Config, Decoder};
use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::model::Gpt2;
use crate::model::{Model, StorageDtype};
use wsac_encoders::embedding::Embeddings;
use wsac_tensors::atomic_file::write_whole;

/// Receives a run's events and decides whether it continues.
type Observer<'a> = &'a mut dyn FnMut(&Event) -> ControlFlow<()>;

/// Runs `job` to its end, or until `observer` returns [`ControlFlow::Break`]; then the state is saved. A finished run that
/// is resumed is left unchanged.
///
/// # Errors
/// [`Error::Interrupted`] after a break. If settings are out of range, the folder holds another run, the training
/// diverges, or files cannot be written.
pub fn run(config: TrainConfig, job: &Job, observer: Observer) -> Result<Outcome> {
    let config = TrainConfig {
        precision: config.precision.decided(),
        ..config
    };
    config.check()?;
    job.check(config.shift)?;
    let files = Files::of(job)?;
    let gpt2 = config.gpt2.as_deref().map(Gpt2::open).transpose()?;
    let vocabulary = gpt2.as_ref().map_or(job.vocabulary, |gpt2| &gpt2.tokenizer);
    let plan = Plan::new(&config, job, vocabulary)?;
    let decoder = first_decoder(&config, job, &plan, gpt2.as_ref())?;
    let identity = Identity::new(&config, job, &plan, gpt2.as_ref().map(|_| &decoder))?;
    let checkpoint = match files.standing(&config, job, &plan, &identity)? {
        Standing::Finished => return files.finished(),
        Standing::Begun(checkpoint) => Some(checkpoint),
        Standing::New => None,
    };

    let prepared = prepare_watched(&config, job, &plan, &files, observer)?;
    let memories = Memories::of(&config, job, &plan, &prepared)?;
    let Prepared {
        train,
        validation,
        keywords,
        perturb,
        ..
    } = prepared;
    let noise_variance = perturb.noise_variance;
    let mut trainer = Trainer::new(config, decoder, train, perturb)?;
    if let Some(checkpoint) = checkpoint {
        checkpoint.restore(&mut trainer)?;
    }
    write_whole(&files.settings, identity.written().as_bytes())?;
    let ready = Event::Ready {
        captions: plan.captions.len(),
        vocabulary: plan.tokenizer.len(),
        weights: trainer.decoder.weights().len(),
        noise_variance,
        steps: trainer.steps(),
        done: trainer.steps_done(),
        altered: plan.altered(),
    };
    let go_on = observer(&ready).is_continue();
    let mut training = Training {
        trainer,
        validation,
        identity: identity.written(),
        files: &files,
    };
    let validation = training.finish(go_on, observer)?;

    let model = Model {
        card: card(&training.trainer, job, noise_variance),
        decoder: training.trainer.decoder,
        tokenizer: plan.tokenizer,
        memory: Some(memories.captions),
        clauses: memories.clauses,
        keywords,
        gap: job.shift.clone(),
    };
    model.save(&job.out, StorageDtype::F32)?;
    let readme = readme(&model, plan.captions.len(), validation);
    write_whole(&job.out.join("README.md"), readme.as_bytes())?;
    Ok(Outcome {
        model,
        validation,
        already_finished: false,
    })
}

/// The initial decoder, with enough positions for `plan`.
fn first_decoder(
    config: &TrainConfig,
    job: &Job,
    plan: &Plan,
    gpt2: Option<&Gpt2>,
) -> Result<Decoder> {
    let shape = &config.decoder;
    let needed = plan.positions(config, shape.prefix);
    let shape = Config {
        vocab: plan.tokenizer.len(),
        embedding: job.text.dim(),
        positions: shape.positions.max(needed) + config.prompt.positions(),
        ..shape.clone()
    };
    match gpt2 {
        Some(gpt2) => gpt2.decoder(&shape, config.seed),
        None => Decoder::new(shape, config.seed),
    }
}

/// Prepares the data of `plan` and reports progress to `observer`.
fn prepare_watched(
    config: &TrainConfig,
    job: &Job,
    plan: &Plan,
    files: &Files,
    observer: Observer,
) -> Result<Prepared> {
    let mut interrupted = false;
    let mut on_progress =
        |done, total| interrupted |= observer(&Event::Embedded { done, total }).is_break();
    let prepared = prepare(config, job, plan, &mut on_progress)?;
    if interrupted {
        return Err(files.stopped());
    }
    Ok(prepared)
}

/// The memory of the captioner.
struct Memories {
    captions: Memory,
    clauses: Option<Memory>,
}

impl Memories {
    fn of(config: &TrainConfig, job: &Job, plan: &Plan, prepared: &Prepared) -> Result<Self> {
        let remember = |texts: &[&str], rows: &mut dyn Iterator<Item = usize>| -> Result<Memory> {
            let rows = rows.flat_map(|i| prepared.train.embeddings.row(i));
            let rows = rows.copied().collect();
            let rows = Embeddings::from_unit_rows(job.text.dim(), rows)?;
            let mut memory = Memory::new(texts, rows)?.kept_as(StorageDtype::Int8)?;
            memory.describe(format!("embedded with {}", job.space.name));
            memory.set_centre(job.defaults.centre);
            Ok(memory)
        };
        let texts: Vec<&str> = plan.captions.iter().map(|c| c.as_str()).collect();
        let captions = remember(&texts, &mut (0..texts.len()))?;
        let clauses = match config.clauses > 0.0 {
            true => {
                let clauses = &prepared.clauses;
                let texts: Vec<&str> = clauses.iter().map(|c| c.0.as_str()).collect();
                Some(remember(&texts, &mut clauses.iter().map(|c| c.1))?)
            }
            false => None,
        };
        Ok(Self { captions, clauses })
    }
}

/// A run in progress.
struct Training<'a> {
    trainer: Trainer,
    validation: Examples,
    identity: String,
    files: &'a Files,
}

impl Training<'_> {
    /// Trains to the end, or until `observer` breaks; returns the last validation loss.
    fn finish(&mut self, mut go_on: bool, observer: Observer) -> Result<Option<f64>> {
        let start = Instant::now();
        let mut log = Log::open(&self.files.log, self.trainer.steps_done())?;
        let mut validation = None;
        while self.trainer.steps_done() < self.trainer.steps() {
            if !go_on {
                self.save()?;
                return Err(self.files.stopped());
            }
            let step = match self.trainer.step() {
                Ok(step) => step,
                Err(diverged) => return Err(self.diverged(diverged)),
            };
            log.step(&step)?;
            go_on = observer(&Event::Step(step)).is_continue();
            let steps = self.trainer.steps_per_epoch();
            if self.trainer.steps_done().is_multiple_of(steps) {
                validation = self.validate()?;
                let epoch = self.trainer.epoch();
                log.epoch(self.trainer.steps_done(), epoch, validation)?;
                self.save()?;
                go_on &= observer(&Event::Epoch {
                    epoch,
                    validation,
                    elapsed: start.elapsed(),
                })
                .is_continue();
            }
        }
        match validation {
            // The run was resumed after its last step.
            None => self.validate(),
            validation => Ok(validation),
        }
    }

    /// The validation loss, if captions are held out.
    fn validate(&mut self) -> Result<Option<f64>> {
        if self.validation.tokens.is_empty() {
            return Ok(None);
        }
        let loss = self.trainer.validate(&self.validation).mean();
        match loss.is_finite() {
            true => Ok(Some(loss)),
            false => Err(self.trainer.diverged("the validation loss", loss)),
        }
    }

    fn save(&self) -> Result<()> {
        checkpoint::save(&self.trainer, &self.identity, &self.files.checkpoint)
    }

    /// Saves the state of the last good step, and reports it.
    fn diverged(&self, error: Error) -> Error {
        let step = self.trainer.steps_done();
        if step == 0 {
            return error;
        }
        let kept = self.files.checkpoint.display();
        match self.save() {
            Ok(()) => Error::Config(format!(
                "{error}. The state after step {step} is kept in {kept}"
            )),
            Err(unsaved) => {
                Error::Config(format!("{error}. The state could not be saved: {unsaved}"))
            }
        }
    }
}
