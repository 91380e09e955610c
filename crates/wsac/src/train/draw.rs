//! What one step learns from: the captions of its batch, what conditions each, perturbed, and what is read before it.
//!
//! Everything random follows from the epoch's streams and the place in the epoch.

use super::{Examples, Trainer};
use crate::decoder::Batch;
use wsac_nn::rng::Stream;

/// Random numbers that a prompt may use: one to choose and one to mask for each piece.
const DRAWS: u64 = 64;

/// What is drawn for an epoch.
pub(super) struct Epoch {
    /// Counted from 0.
    number: usize,
    /// Its captions in the order of its batches.
    order: Vec<usize>,
    /// Whether captions are learned whole, by their clauses or joined.
    clauses: Stream,
    /// Whether they are learned from another's embedding, and whose.
    related: Stream,
    /// Which pieces stand before them.
    prompt: Stream,
    /// The noise of each part of a caption.
    noise: Vec<Stream>,
}

impl Epoch {
    /// None yet.
    pub fn none() -> Self {
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
}

impl Examples {
    /// How many captions an epoch has: all, or the shares that corpora have in it.
    pub(super) fn drawn(&self) -> usize {
        match self.shares.is_empty() {
            true => self.tokens.len(),
            false => self.corpora().iter().map(|(_, n)| n).sum(),
        }
    }

    /// Captions of equal share, in the order of their first, and how many of them an epoch has.
    fn corpora(&self) -> Vec<(Vec<usize>, usize)> {
        let mut corpora: Vec<(f64, Vec<usize>)> = Vec::new();
        for (i, &share) in self.shares.iter().enumerate() {
            match corpora.iter_mut().find(|(other, _)| *other == share) {
                Some((_, captions)) => captions.push(i),
                None => corpora.push((share, vec![i])),
            }
        }
        let counted = corpora.into_iter().map(|(share, captions)| {
            let n = (share * captions.len() as f64).round() as usize;
            (captions, n)
        });
        counted.collect()
    }

    /// The captions of an epoch in random order. Of a corpus with a share below 1 others are drawn each time; one with a
    /// share above 1 comes round again.
    pub(super) fn order(&self, stream: impl Fn(&str) -> Stream) -> Vec<usize> {
        if self.shares.is_empty() {
            return stream("").shuffle(self.tokens.len());
        }
        let mut drawn = Vec::new();
        for (c, (captions, n)) in self.corpora().iter().enumerate() {
            let order = stream(&format!("/corpus{c}")).shuffle(captions.len());
            drawn.extend(order.iter().cycle().take(*n).map(|&i| captions[i]));
        }
        let order = stream("").shuffle(drawn.len());
        order.into_iter().map(|i| drawn[i]).collect()
    }
}

impl Trainer {
    /// The batch of the next step, in the memory of the last: its captions, their prompts and their perturbed embeddings.
    pub(super) fn next_batch(&mut self) -> Batch {
        let epoch = self.epoch();
        if self.epoch.number != epoch {
            self.epoch = self.draw(epoch);
        }
        let first = self.step % self.steps_per_epoch() * self.config.batch;
        let places = first..(first + self.config.batch).min(self.epoch.order.len());
        let mut batch = std::mem::take(&mut self.batch);
        batch.embeddings.clear();
        batch.parts.clear();
        batch.tokens.resize_with(places.len(), Vec::new);
        if !self.config.prompt.is_none() {
            batch.prompts.resize_with(places.len(), Vec::new);
        }
        for (i, place) in places.enumerate() {
            let before = batch.embeddings.len();
            let mut noise = self.epoch.noise.iter();
            let caption = self.epoch.order[place];
            let about = self.example(caption, place as u64, &mut batch.tokens[i], |row| {
                let row = self.examples.embeddings.row(row);
                let from = batch.embeddings.len();
                batch.embeddings.extend_from_slice(row);
                let noise = noise.next().expect("noise for each part");
                let at = (place * row.len()) as u64;
                self.perturb
                    .apply(&mut batch.embeddings[from..], *noise, at);
            });
            if let Some(prompt) = batch.prompts.get_mut(i) {
                self.prompt(about, place as u64, prompt);
            }
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
            order: (self.examples).order(|of| self.stream(&format!("epoch{number}{of}"))),
            clauses: self.stream(&format!("clauses/epoch{number}")),
            related: self.stream(&format!("related/epoch{number}")),
            prompt: self.stream(&format!("prompt/epoch{number}")),
            // Two captions may be joined, whatever their clauses.
            noise: (0..most_parts.unwrap_or(0).max(2)).map(noise).collect(),
        }
    }

    /// What is learned in one place of a batch: `each` embedding's row that conditions it, and the `tokens` to rebuild. That
    /// is the caption from its own embedding (the paper) or a related one's, from those of its clauses, or two short captions
    /// joined from both. Gives the captions that its prompt is about.
    fn example(
        &self,
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
        } = &self.examples;
        tokens.clear();
        if u < self.config.joined && !joins.is_empty() && !self.short.is_empty() {
            let [a, b] = [1, 2].map(|i| self.short[pick(self.short.len(), i)]);
            let (left, right) = (&all[a], &all[b]);
            tokens.extend_from_slice(&left[..left.len() - 1]);
            tokens.push(joins[pick(joins.len(), 3)]);
            tokens.extend_from_slice(&right[1..]);
            [a, b].into_iter().for_each(each);
            return [Some(a), Some(b)];
        }
        tokens.extend_from_slice(&all[caption]);
        if clauses[caption].len() > 1 && u < self.config.joined + self.config.clauses {
            clauses[caption].iter().copied().for_each(each);
            return [Some(caption), None];
        }
        let (row, about) = self.related(caption, place);
        each(row);
        [Some(about), None]
    }

    /// The row that `caption` is learned from, its own or a related one's, and the caption that its prompt is about: the
    /// one whose row it is where that is of the same clip, else itself, lest a prompt tell what is to be learned.
    fn related(&self, caption: usize, place: u64) -> (usize, usize) {
        let draw = self.epoch.related;
        let (u, mut below) = (draw.uniform(2 * place), 0.0);
        for (replace, related) in self.config.replace.iter().zip(&self.examples.related) {
            below += replace.share;
            if u < below {
                let found = related.of(caption);
                if found.is_empty() {
                    break;
                }
                let row = found[(draw.bits(2 * place + 1) >> 11) as usize % found.len()] as usize;
                let own_clip = replace.by.is_of_its_clip() && row < self.examples.tokens.len();
                return (row, if own_clip { row } else { caption });
            }
        }
        (caption, caption)
    }

    /// The pieces that stand before what is said of `about`, drawn from those that may.
    fn prompt(&self, about: [Option<usize>; 2], place: u64, prompt: &mut Vec<u32>) {
        let (draw, of) = (self.epoch.prompt, &self.config.prompt);
        prompt.clear();
        let prompts = &self.examples.prompts;
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
