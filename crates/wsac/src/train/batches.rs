//! The batch sampler: the captions of a step's batch, their conditioning embeddings with noise and shift,
//! and their prompts.
//!
//! Everything random is determined by the epoch's random streams and the position in the epoch.

use super::config::TrainConfig;
use super::examples::{Examples, longest_joined, short};
use crate::bridge::Augmentation;
use crate::decoder::Batch;
use wsac_nn::rng::Stream;

/// Random numbers for a prompt: one to choose and one to mask for each piece.
const DRAWS: u64 = 64;

/// The source of batches.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub config: &'a TrainConfig,
    pub examples: &'a Examples,
    pub perturb: &'a Augmentation,
    /// The prefix of the names of all random streams.
    pub salt: &'a str,
    pub steps_per_epoch: usize,
}

impl Source<'_> {
    /// The random stream called `what`.
    pub fn stream(&self, what: &str) -> Stream {
        Stream::new(&format!("{}/{what}", self.salt))
    }
}

/// Draws the batches of a run.
pub(super) struct BatchSampler {
    epoch: Epoch,
    /// Short captions of one clause: those that [`TrainConfig::joined`] joins.
    short: Vec<usize>,
}

/// The random draws of an epoch.
struct Epoch {
    /// Counted from 0.
    number: usize,
    /// Its captions in the order of its batches.
    order: Vec<usize>,
    /// Whether a caption is learned whole, by its clauses or joined.
    clauses: Stream,
    /// Whether it is learned from another's embedding, and whose.
    related: Stream,
    /// The pieces of its prompt.
    prompt: Stream,
    /// The noise of each part of a caption.
    noise: Vec<Stream>,
}

impl Epoch {
    /// Empty.
    fn none() -> Self {
        let none = Stream::new("");
        Self {
            number: usize::MAX,
            order: Vec::new(),
            clauses: none,
            related: none,
            prompt: none,
            noise: Vec::new(),
        }
    }

    /// The random streams of `epoch`.
    fn draw(source: &Source, number: usize) -> Self {
        let most_parts = source.examples.clauses.iter().map(Vec::len).max();
        let noise = |part: usize| {
            let of = match part {
                0 => String::new(),
                _ => format!("part{part}/"),
            };
            source.stream(&format!("noise/{of}epoch{number}"))
        };
        Self {
            number,
            order: (source.examples).order(|of| source.stream(&format!("epoch{number}{of}"))),
            clauses: source.stream(&format!("clauses/epoch{number}")),
            related: source.stream(&format!("related/epoch{number}")),
            prompt: source.stream(&format!("prompt/epoch{number}")),
            // Two captions may be joined, whatever their clauses.
            noise: (0..most_parts.unwrap_or(0).max(2)).map(noise).collect(),
        }
    }
}

impl BatchSampler {
    /// The batches of a run from its start.
    pub fn new(examples: &Examples) -> Self {
        Self {
            epoch: Epoch::none(),
            short: short(&examples.tokens, &examples.clauses),
        }
    }

    /// The most tokens of two joined captions; 0 where none are joined.
    pub fn longest_joined(&self, source: &Source) -> usize {
        match source.config.joined > 0.0 && !source.examples.joins.is_empty() {
            true => longest_joined(&self.short, &source.examples.tokens),
            false => 0,
        }
    }

    /// The batch of step `step`, reusing the memory of the previous `batch`: its captions, their prompts and their embeddings
    /// with noise and shift.
    pub fn next(&mut self, source: &Source, step: usize, mut batch: Batch) -> Batch {
        let (config, examples) = (source.config, source.examples);
        let epoch = step / source.steps_per_epoch;
        if self.epoch.number != epoch {
            self.epoch = Epoch::draw(source, epoch);
        }
        let first = step % source.steps_per_epoch * config.batch;
        let places = first..(first + config.batch).min(self.epoch.order.len());
        batch.embeddings.clear();
        batch.parts.clear();
        batch.tokens.resize_with(places.len(), Vec::new);
        if !config.prompt.is_none() {
            batch.prompts.resize_with(places.len(), Vec::new);
        }
        for (i, place) in places.enumerate() {
            let before = batch.embeddings.len();
            let mut noise = self.epoch.noise.iter();
            let caption = self.epoch.order[place];
            let about = self.example(source, caption, place as u64, &mut batch.tokens[i], |row| {
                let row = examples.embeddings.row(row);
                let from = batch.embeddings.len();
                batch.embeddings.extend_from_slice(row);
                let noise = noise.next().expect("noise for each part");
                let at = (place * row.len()) as u64;
                source
                    .perturb
                    .apply(&mut batch.embeddings[from..], *noise, at);
            });
            if let Some(prompt) = batch.prompts.get_mut(i) {
                self.prompt(source, about, place as u64, prompt);
            }
            let width = examples.embeddings.dim();
            batch.parts.push((batch.embeddings.len() - before) / width);
        }
        batch
    }

    /// One training example: calls `each` with the embedding rows that condition it, and puts its target into `tokens`. The
    /// target is the caption, from its own embedding (the paper) or a related one's, or from those of its clauses, or two short
    /// captions joined, from both. Returns the captions that its prompt is about.
    fn example(
        &self,
        source: &Source,
        caption: usize,
        place: u64,
        tokens: &mut Vec<u32>,
        mut each: impl FnMut(usize),
    ) -> [Option<usize>; 2] {
        let draw = self.epoch.clauses;
        let u = draw.uniform(4 * place);
        let pick = |n: usize, i: u64| (draw.bits(4 * place + i) >> 11) as usize % n;
        let Examples {
            tokens: all,
            clauses,
            joins,
            ..
        } = source.examples;
        tokens.clear();
        if u < source.config.joined && !joins.is_empty() && !self.short.is_empty() {
            let [a, b] = [1, 2].map(|i| self.short[pick(self.short.len(), i)]);
            let (left, right) = (&all[a], &all[b]);
            tokens.extend_from_slice(&left[..left.len() - 1]);
            tokens.push(joins[pick(joins.len(), 3)]);
            tokens.extend_from_slice(&right[1..]);
            [a, b].into_iter().for_each(each);
            return [Some(a), Some(b)];
        }
        tokens.extend_from_slice(&all[caption]);
        if clauses[caption].len() > 1 && u < source.config.joined + source.config.clauses {
            clauses[caption].iter().copied().for_each(each);
            return [Some(caption), None];
        }
        let (row, about) = self.related(source, caption, place);
        each(row);
        [Some(about), None]
    }

    /// The row that `caption` is learned from, its own or a related one's, and the caption that its prompt is about: the
    /// owner of the row if it is of the same clip, else itself, so that a prompt never gives away the target.
    fn related(&self, source: &Source, caption: usize, place: u64) -> (usize, usize) {
        let draw = self.epoch.related;
        let (u, mut below) = (draw.uniform(2 * place), 0.0);
        for (replace, related) in source.config.replace.iter().zip(&source.examples.related) {
            below += replace.share;
            if u < below {
                let found = related.of(caption);
                if found.is_empty() {
                    break;
                }
                let row = found[(draw.bits(2 * place + 1) >> 11) as usize % found.len()] as usize;
                let own_clip = replace.by.is_of_its_clip() && row < source.examples.tokens.len();
                return (row, if own_clip { row } else { caption });
            }
        }
        (caption, caption)
    }

    /// The pieces of the prompt about `about`, drawn from those allowed.
    fn prompt(
        &self,
        source: &Source,
        about: [Option<usize>; 2],
        place: u64,
        prompt: &mut Vec<u32>,
    ) {
        let (draw, of) = (self.epoch.prompt, &source.config.prompt);
        prompt.clear();
        let prompts = &source.examples.prompts;
        let lists = about.into_iter().flatten().map(|i| prompts.lists.of(i));
        let mut pieces: Vec<u32> = lists.flatten().copied().collect();
        for i in 0..of.most().min(pieces.len()) {
            let at = (place * DRAWS).wrapping_add(2 * i as u64);
            let other = i + (draw.bits(at) >> 11) as usize % (pieces.len() - i);
            pieces.swap(i, other);
            if draw.uniform(at + 1) >= f64::from(of.mask()) {
                prompt.extend(&prompts.pieces[pieces[i] as usize]);
            }
        }
    }
}
