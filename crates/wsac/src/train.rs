//! Training from text alone: captions and their embeddings -> a decoder that rebuilds each caption from its embedding.
//!
//! One step: draw a batch, perturb its embeddings (section 3.1), cross-entropy of the captions, one Adam update.
//! Everything random comes from streams named after seed, epoch and place, so a run can stop after any step and go on
//! bit for bit as if it had not.

mod checkpoint;
mod companions;
mod config;
mod draw;
mod prepare;
mod related;
mod run;
mod schedule;
mod settings;

pub use config::{Noise, Optimizer, Related, Replace, TrainConfig};
pub use prepare::{Prepared, embed_cached};
pub use related::Lists;
pub use run::{Event, Job, Outcome, run};
pub use schedule::Schedule;

use wsac_nn::dropout::Dropout;
use wsac_nn::optim::Adam;

use crate::bridge::Perturb;
use crate::decoder::{Batch, Decoder, Nll, Tape};
use crate::error::{Error, Result};
use draw::Epoch;
use wsac_encoders::embedding::Embeddings;
use wsac_nn::rng::Stream;

/// What a decoder learns from: captions as tokens, and the embeddings that stand for them.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// Row `i` is caption `i`'s own embedding; rows of clauses come behind them.
    pub embeddings: Embeddings,
    /// The target tokens of each caption.
    pub tokens: Vec<Vec<u32>>,
    /// For captions of several clauses, the rows of these in order; empty for the others.
    pub clauses: Vec<Vec<usize>>,
    /// The tokens that may join two captions into one ("while", "as", "and"); none where none may.
    pub joins: Vec<u32>,
    /// For each of [`TrainConfig::replace`], the rows that may take the place of each caption's own.
    pub related: Vec<Lists>,
    /// What may stand before each caption.
    pub prompts: Prompts,
    /// The share of its corpus that an epoch has, for each caption; empty where it has all captions once.
    pub shares: Vec<f64>,
}

/// What may stand before captions.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    /// Pieces as tokens.
    pub pieces: Vec<Vec<u32>>,
    /// The pieces that each caption's are drawn from, the likeliest first.
    pub lists: Lists,
}

/// The longest caption, in tokens, that is joined to another.
const SHORT: usize = 12;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Steps done in all, this one included.
    pub step: usize,
    /// The mean cross-entropy of the batch (nats a token), dropout and noise included.
    pub loss: f64,
    /// The learning rate.
    pub lr: f64,
    /// The targets in the batch.
    pub tokens: usize,
}

/// A run: the decoder, the optimiser and the place in the data.
pub struct Trainer {
    /// The settings.
    pub config: TrainConfig,
    /// The decoder as it is now.
    pub decoder: Decoder,
    /// The optimiser's state.
    pub adam: Adam,
    /// What the names of all random streams begin with: `seed0`.
    pub salt: String,
    perturb: Perturb,
    examples: Examples,
    /// Where the weights begin that are learned; those before stay as they are.
    learned: usize,
    /// Short captions of one clause: what [`TrainConfig::joined`] joins.
    short: Vec<usize>,
    step: usize,
    epoch: Epoch,
    batch: Batch,
    tape: Tape,
    grads: Vec<f32>,
}

impl Trainer {
    /// A run at its start.
    ///
    /// # Errors
    /// Where there are fewer captions than fill one batch that may not be smaller, or a caption does not fit the
    /// decoder's positions.
    pub fn new(
        config: TrainConfig,
        decoder: Decoder,
        examples: Examples,
        perturb: Perturb,
    ) -> Result<Self> {
        let precision = config.precision.precision();
        let learned = if config.freeze {
            decoder.mapper_start()
        } else {
            0
        };
        let adam = (config.optimizer).state(decoder.weights().len() - learned);
        perturb.check(examples.embeddings.dim())?;
        config.check()?;
        let mut trainer = Self {
            salt: format!("seed{}", config.seed),
            config,
            decoder,
            adam,
            perturb,
            learned,
            short: (0..examples.tokens.len())
                .filter(|&i| examples.clauses[i].is_empty() && examples.tokens[i].len() <= SHORT)
                .collect(),
            examples,
            step: 0,
            epoch: Epoch::none(),
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
        let most_parts = trainer
            .examples
            .clauses
            .iter()
            .map(Vec::len)
            .max()
            .unwrap_or(1)
            .max(1);
        let longest = trainer
            .examples
            .tokens
            .iter()
            .map(Vec::len)
            .max()
            .unwrap_or(0);
        let shape = trainer.decoder.config();
        let prompt = trainer.config.prompt.positions();
        let needed = prompt + most_parts * shape.prefix + longest;
        if needed > shape.positions + 1 {
            return Err(Error::Config(format!(
                "captions of {longest} tokens and what stands before them need {needed} positions, but the decoder has {}",
                shape.positions
            )));
        }
        let enough = trainer.config.min_steps.div_ceil(trainer.steps_per_epoch());
        trainer.config.epochs = trainer.config.epochs.max(enough);
        Ok(trainer)
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
        let (n, batch) = (self.examples.drawn(), self.config.batch.max(1));
        if self.config.drop_last {
            n / batch
        } else {
            n.div_ceil(batch)
        }
    }

    /// The epoch that the next step belongs to, from 0.
    pub fn epoch(&self) -> usize {
        self.step / self.steps_per_epoch()
    }

    /// Goes on from `step` steps done, with the weights and moments of then.
    pub fn restore(&mut self, step: usize, weights: &[f32], adam: Adam) {
        self.step = step;
        self.decoder.weights_mut().copy_from_slice(weights);
        self.adam = adam;
    }

    /// One update.
    pub fn step(&mut self) -> Step {
        let lr = self.config.schedule.rate(
            self.config.lr,
            self.step,
            self.steps_per_epoch(),
            self.config.epochs,
        );
        let batch = self.next_batch();
        let dropout = Dropout {
            p: self.config.dropout,
            seed: self.stream("dropout").bits(self.step as u64),
        };
        let loss = self
            .decoder
            .loss_and_gradient(&mut self.tape, &mut self.grads, &batch, dropout);
        let scale = self
            .config
            .clip
            .map_or(1.0, |most| clip_scale(&self.grads[self.learned..], most));
        let weights = &mut self.decoder.weights_mut()[self.learned..];
        (self.adam).step(weights, &self.grads[self.learned..], lr, scale);
        self.step += 1;
        let tokens = batch
            .tokens
            .iter()
            .flatten()
            .filter(|t| **t != Batch::PAD)
            .count();
        self.batch = batch;
        Step {
            step: self.step,
            loss,
            lr,
            tokens,
        }
    }

    fn stream(&self, what: &str) -> Stream {
        Stream::new(&format!("{}/{what}", self.salt))
    }

    /// The negative log-likelihood of `examples` from their own embeddings, unperturbed.
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

    /// The prompt of caption `i` of `examples` as it would be at test.
    fn likeliest_prompt(&self, examples: &Examples, i: usize) -> Vec<u32> {
        let Prompts { pieces, lists } = &examples.prompts;
        let likeliest = lists.of(i).iter().take(self.config.prompt.most());
        likeliest
            .flat_map(|&piece| pieces[piece as usize].iter().copied())
            .collect()
    }
}

/// The factor that brings the gradient's L2 norm down to `most`.
fn clip_scale(grads: &[f32], most: f32) -> f32 {
    // Halved down to pieces of a certain size, so that the number of threads does not change the sum.
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
    (f64::from(most) / squares(grads).sqrt().max(1e-12)).min(1.0) as f32
}

#[cfg(test)]
mod tests;
