//! The training step: sample a batch, augment its embeddings (section 3.1), cross-entropy of the captions, one Adam update.

use wsac_nn::dropout::Dropout;
use wsac_nn::optim::Adam;

use super::batches::{BatchSampler, Source};
use super::config::TrainConfig;
use super::examples::{Examples, Prompts};
use crate::bridge::Augmentation;
use crate::decoder::{Batch, Decoder, Nll, Tape};
use crate::error::{Error, Result};

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Total number of steps done, including this one.
    pub step: usize,
    /// The mean cross-entropy of the batch (nats per token), with dropout and noise.
    pub loss: f64,
    /// The learning rate.
    pub lr: f64,
    /// The number of targets in the batch.
    pub tokens: usize,
}

/// A run: the decoder, the optimiser and the position in the data.
pub struct Trainer {
    /// The settings.
    pub config: TrainConfig,
    /// The current decoder.
    pub decoder: Decoder,
    /// The optimiser's state.
    pub adam: Adam,
    /// The prefix of the names of all random streams: `seed0`.
    pub salt: String,
    perturb: Augmentation,
    examples: Examples,
    /// The index of the first weight that is trained; those before it are frozen.
    learned: usize,
    step: usize,
    sampler: BatchSampler,
    batch: Batch,
    tape: Tape,
    grads: Vec<f32>,
}

impl Trainer {
    /// A run at its beginning.
    ///
    /// # Errors
    /// If there are fewer captions than fill one batch that may not be smaller, or a caption does not fit the
    /// decoder's positions.
    pub fn new(
        config: TrainConfig,
        decoder: Decoder,
        examples: Examples,
        perturb: Augmentation,
    ) -> Result<Self> {
        config.check()?;
        perturb.check(examples.embeddings.dim())?;
        let precision = config.precision.precision();
        let learned = if config.freeze {
            decoder.mapper_start()
        } else {
            0
        };
        let adam = (config.optimizer).state(decoder.weights().len() - learned);
        let mut trainer = Self {
            salt: format!("seed{}", config.seed),
            config,
            decoder,
            adam,
            perturb,
            learned,
            sampler: BatchSampler::new(&examples),
            examples,
            step: 0,
            batch: Batch::default(),
            tape: Tape::new(precision),
            grads: Vec::new(),
        };
        if trainer.steps_per_epoch() == 0 {
            return Err(Error::Config(format!(
                "{} captions do not fill one batch of {}; give more captions or a smaller batch",
                trainer.examples.tokens.len(),
                trainer.config.batch
            )));
        }
        trainer.check_positions()?;
        trainer.config.epochs = trainer.config.all_epochs(trainer.steps_per_epoch());
        Ok(trainer)
    }

    /// Whether every sequence that a step may build fits the decoder's positions.
    fn check_positions(&self) -> Result<()> {
        let most = |of: &[Vec<usize>]| of.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let longest = self.examples.tokens.iter().map(Vec::len).max().unwrap_or(0);
        let shape = self.decoder.config();
        let whole = most(&self.examples.clauses) * shape.prefix + longest;
        let joined = 2 * shape.prefix + self.sampler.longest_joined(&self.source());
        let needed = self.config.prompt.positions() + whole.max(joined);
        // The last token of a caption is only a target.
        if needed > shape.positions + 1 {
            return Err(Error::Config(format!(
                "captions of {longest} tokens and what stands before them need {needed} positions, but the decoder has {}",
                shape.positions
            )));
        }
        Ok(())
    }

    fn source(&self) -> Source<'_> {
        Source {
            config: &self.config,
            examples: &self.examples,
            perturb: &self.perturb,
            salt: &self.salt,
            steps_per_epoch: self.steps_per_epoch(),
        }
    }

    /// Steps done so far.
    pub fn steps_done(&self) -> usize {
        self.step
    }

    /// The steps of the whole run.
    pub fn steps(&self) -> usize {
        self.steps_per_epoch() * self.config.epochs
    }

    /// The steps of one epoch.
    pub fn steps_per_epoch(&self) -> usize {
        self.config.steps_per_epoch(self.examples.drawn())
    }

    /// The epoch that the next step belongs to, from 0.
    pub fn epoch(&self) -> usize {
        self.step / self.steps_per_epoch()
    }

    /// Resumes after `step` steps, with the weights and moments of that step.
    pub fn restore(&mut self, step: usize, weights: &[f32], adam: Adam) {
        self.step = step;
        self.decoder.weights_mut().copy_from_slice(weights);
        self.adam = adam;
    }

    /// One update.
    ///
    /// # Errors
    /// If the loss or the gradient is not finite; then nothing has changed, and the same step would fail again.
    pub fn step(&mut self) -> Result<Step> {
        let lr = self.config.schedule.rate(
            self.config.lr,
            self.step,
            self.steps_per_epoch(),
            self.config.epochs,
        );
        let last = std::mem::take(&mut self.batch);
        // Borrowed field by field, so that the sampler can be borrowed mutably at the same time.
        let source = Source {
            config: &self.config,
            examples: &self.examples,
            perturb: &self.perturb,
            salt: &self.salt,
            steps_per_epoch: self.steps_per_epoch(),
        };
        let batch = self.sampler.next(&source, self.step, last);
        let dropout = Dropout {
            p: self.config.dropout,
            seed: source.stream("dropout").bits(self.step as u64),
        };
        let loss = self
            .decoder
            .loss_and_gradient(&mut self.tape, &mut self.grads, &batch, dropout);
        let tokens = batch.tokens.iter().flatten();
        let tokens = tokens.filter(|t| **t != Batch::PAD).count();
        self.batch = batch;
        let norm = norm(&self.grads[self.learned..]);
        for (what, value) in [("loss", loss), ("gradient's norm", norm)] {
            if !value.is_finite() {
                return Err(self.diverged(&format!("the {what} of step {}", self.step + 1), value));
            }
        }
        let scale = (self.config.clip).map_or(1.0, |most| clip_scale(norm, most));
        let weights = &mut self.decoder.weights_mut()[self.learned..];
        (self.adam).step(weights, &self.grads[self.learned..], lr, scale);
        self.step += 1;
        Ok(Step {
            step: self.step,
            loss,
            lr,
            tokens,
        })
    }

    /// Reports that `what` has become `value`, which is not finite, and what to try.
    pub(super) fn diverged(&self, what: &str, value: f64) -> Error {
        let clip = match self.config.clip {
            Some(clip) => format!("a clip below {clip}"),
            None => "clip = 1.0".to_owned(),
        };
        Error::Config(format!(
            "{what} is {value}: the training has diverged. Try a lower lr than {}, {clip}, less noise, or precision f32",
            self.config.lr
        ))
    }

    /// The negative log-likelihood of `examples` from their own embeddings, without augmentation.
    pub fn validate(&mut self, examples: &Examples) -> Nll {
        const BATCH: usize = 256;
        let mut sum = Nll::default();
        for (b, tokens) in examples.tokens.chunks(BATCH).enumerate() {
            let rows = b * BATCH..b * BATCH + tokens.len();
            let prompts = rows.clone().map(|i| self.likeliest_prompt(examples, i));
            let batch = Batch {
                prompts: prompts.collect(),
                embeddings: rows
                    .flat_map(|i| examples.embeddings.row(i))
                    .copied()
                    .collect(),
                parts: vec![1; tokens.len()],
                tokens: tokens.to_vec(),
            };
            let one = self.decoder.nll(&mut self.tape, &batch);
            sum.total += one.total;
            sum.right += one.right;
            sum.targets += one.targets;
        }
        sum
    }

    /// The prompt of caption `i` of `examples` as it would be at test time.
    fn likeliest_prompt(&self, examples: &Examples, i: usize) -> Vec<u32> {
        let Prompts { pieces, lists } = &examples.prompts;
        let likeliest = lists.of(i).iter().take(self.config.prompt.most());
        likeliest
            .flat_map(|&piece| pieces[piece as usize].iter().copied())
            .collect()
    }
}

/// The L2 norm of a gradient.
fn norm(grads: &[f32]) -> f64 {
    // Halved down to chunks of a bounded size, so that the number of threads does not change the sum.
    fn squares(x: &[f32]) -> f64 {
        match x.len() {
            n if n > 1 << 16 => {
                let (left, right) = x.split_at(n.div_ceil(2));
                let (left, right) = rayon::join(|| squares(left), || squares(right));
                left + right
            }
            _ => x.iter().map(|&g| f64::from(g) * f64::from(g)).sum(),
        }
    }
    squares(grads).sqrt()
}

/// The factor that scales a gradient of this L2 norm down to `most`.
fn clip_scale(norm: f64, most: f32) -> f32 {
    (f64::from(most) / norm.max(1e-12)).min(1.0) as f32
}
