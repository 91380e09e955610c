//! Training from text alone: captions and their embeddings -> a decoder that rebuilds each caption from its embedding.
//!
//! One step: draw a batch, perturb its embeddings (section 3.1), cross-entropy of the captions, one Adam update.
//! Everything random comes from streams named after seed, epoch and place, so a run can stop after any step and go on
//! bit for bit as if it had not.

mod config;
mod prepare;
mod run;
mod schedule;
mod settings;

pub use config::{Noise, Optimizer, TrainConfig};
pub use prepare::{Prepared, embed_cached};
pub use run::{Event, Job, Outcome, run};
pub use schedule::Schedule;

use wsac_nn::dropout::Dropout;
use wsac_nn::optim::Adam;

use crate::bridge::Perturb;
use crate::decoder::{Batch, Decoder, Mapper, Nll, Tape};
use crate::embedding::Embeddings;
use crate::error::{Error, Result};
use crate::rng::Stream;

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
    /// Short captions of one clause: what [`TrainConfig::joined`] joins.
    short: Vec<usize>,
    step: usize,
    epoch: Epoch,
    batch: Batch,
    tape: Tape,
    grads: Vec<f32>,
}

/// What is drawn for an epoch.
struct Epoch {
    /// Counted from 0.
    number: usize,
    /// Its captions in the order of its batches.
    order: Vec<usize>,
    /// Whether captions are learned whole, by their clauses or joined.
    clauses: Stream,
    /// The noise of each part of a caption.
    noise: Vec<Stream>,
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
        if let Mapper::Transformer { .. } = decoder.config().mapper {
            return Err(Error::Config(
                "a decoder with a transformer as its mapper (ClapCap's) can caption, but not be trained; \
                 train with the mapper \"mlp\" or \"linear\""
                    .into(),
            ));
        }
        let precision = config.precision.precision();
        let adam = config.optimizer.state(decoder.weights().len());
        perturb.check(examples.embeddings.dim())?;
        let mut trainer = Self {
            salt: format!("seed{}", config.seed),
            config,
            decoder,
            adam,
            perturb,
            short: (0..examples.tokens.len())
                .filter(|&i| examples.clauses[i].is_empty() && examples.tokens[i].len() <= SHORT)
                .collect(),
            examples,
            step: 0,
            epoch: Epoch {
                number: usize::MAX,
                order: Vec::new(),
                clauses: Stream::new(""),
                noise: Vec::new(),
            },
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
        let needed = most_parts * shape.prefix + longest;
        if needed > shape.positions + 1 {
            return Err(Error::Config(format!(
                "captions of {longest} tokens need {needed} positions, but the decoder has {}",
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
        let (n, batch) = (self.examples.tokens.len(), self.config.batch.max(1));
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
            .map_or(1.0, |most| clip_scale(&self.grads, most));
        self.adam
            .step(self.decoder.weights_mut(), &self.grads, lr, scale);
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

    /// The batch of the next step, in the memory of the last: its captions, and their perturbed embeddings.
    fn next_batch(&mut self) -> Batch {
        let (epoch, n) = (self.epoch(), self.examples.tokens.len());
        if self.epoch.number != epoch {
            self.epoch = self.draw(epoch);
        }
        let first = self.step % self.steps_per_epoch() * self.config.batch;
        let places = first..(first + self.config.batch).min(n);
        let mut batch = std::mem::take(&mut self.batch);
        batch.embeddings.clear();
        batch.parts.clear();
        batch.tokens.resize_with(places.len(), Vec::new);
        for (place, tokens) in places.zip(&mut batch.tokens) {
            let before = batch.embeddings.len();
            let mut noise = self.epoch.noise.iter();
            self.example(self.epoch.order[place], place as u64, tokens, |row| {
                let row = self.examples.embeddings.row(row);
                let from = batch.embeddings.len();
                batch.embeddings.extend_from_slice(row);
                let noise = noise.next().expect("noise for each part");
                let at = (place * row.len()) as u64;
                self.perturb
                    .apply(&mut batch.embeddings[from..], *noise, at);
            });
            let width = self.examples.embeddings.dim();
            batch.parts.push((batch.embeddings.len() - before) / width);
        }
        batch
    }

    /// What is random in `epoch`.
    fn draw(&self, number: usize) -> Epoch {
        let most_parts = self.examples.clauses.iter().map(Vec::len).max();
        let noise = |part: usize| {
            let of = match part {
                0 => String::new(),
                _ => format!("part{part}/"),
            };
            self.stream(&format!("noise/{of}epoch{number}"))
        };
        Epoch {
            number,
            order: (self.stream(&format!("epoch{number}"))).shuffle(self.examples.tokens.len()),
            clauses: self.stream(&format!("clauses/epoch{number}")),
            // Two captions may be joined, whatever their clauses.
            noise: (0..most_parts.unwrap_or(0).max(2)).map(noise).collect(),
        }
    }

    /// What is learned in one place of a batch: `each` embedding's row that conditions it, and the `tokens` to rebuild. That
    /// is the caption from its own embedding (the paper), from those of its clauses, or two short captions joined from both.
    fn example(
        &self,
        caption: usize,
        place: u64,
        tokens: &mut Vec<u32>,
        mut each: impl FnMut(usize),
    ) {
        let draw = self.epoch.clauses;
        let u = draw.uniform(4 * place);
        let pick = |n: usize, i: u64| (draw.bits(4 * place + i) >> 11) as usize % n;
        let Examples {
            tokens: all,
            clauses,
            joins,
            ..
        } = &self.examples;
        tokens.clear();
        if u < self.config.joined && !joins.is_empty() && !self.short.is_empty() {
            let [a, b] = [1, 2].map(|i| self.short[pick(self.short.len(), i)]);
            let (left, right) = (&all[a], &all[b]);
            tokens.extend_from_slice(&left[..left.len() - 1]);
            tokens.push(joins[pick(joins.len(), 3)]);
            tokens.extend_from_slice(&right[1..]);
            return [a, b].into_iter().for_each(each);
        }
        tokens.extend_from_slice(&all[caption]);
        if clauses[caption].len() > 1 && u < self.config.joined + self.config.clauses {
            clauses[caption].iter().copied().for_each(each);
        } else {
            each(caption);
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
            let rows = (b * BATCH..).take(tokens.len());
            let batch = Batch {
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
