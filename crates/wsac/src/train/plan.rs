//! The training and held-out data of a run: captions, their clips, shares and clauses, every text that needs an
//! embedding, and the vocabulary. Nothing is embedded yet.

use std::collections::HashMap;

use super::config::TrainConfig;
use super::examples::{drawn, longest_joined, short};
use super::hash::{Hash, hash};
use super::job::{Altered, Job};
use crate::clauses;
use crate::error::{Error, Result};
use crate::texts::words;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_nn::rng::Stream;

/// The most clauses a caption is split into.
const MOST_CLAUSES: usize = 3;

/// The data of a run, by the rows of [`Plan::texts`].
pub(super) struct Plan<'a> {
    /// The training captions.
    pub captions: Vec<&'a String>,
    /// The clip of each, counted from 0 over the training clips.
    pub clips: Vec<u32>,
    /// How often an epoch uses each; empty if all have 1.
    pub shares: Vec<f64>,
    /// The captions held out, clip by clip.
    pub held_out: Vec<&'a Vec<String>>,
    /// Every text that needs an embedding, once: captions, those held out, clauses.
    pub texts: Vec<String>,
    /// The row of each caption,
    pub own: Vec<usize>,
    /// of each caption held out,
    pub unseen: Vec<usize>,
    /// and of the clauses of each caption that has several; empty for the others.
    pub clauses: Vec<Vec<usize>>,
    /// The tokens of each caption, and of each held out.
    pub tokens: Vec<Vec<u32>>,
    pub unseen_tokens: Vec<Vec<u32>>,
    /// The vocabulary: the encoder's, pruned to the tokens of the captions.
    pub tokenizer: Tokenizer,
    /// The hash of texts, shares and space, which names files of the cache.
    pub fingerprint: String,
}

impl<'a> Plan<'a> {
    /// Selects the training and held-out data of `job`.
    ///
    /// # Errors
    /// If there are no captions.
    pub fn new(config: &TrainConfig, job: &Job<'a>, vocabulary: &Tokenizer) -> Result<Self> {
        let (kept, held_out) = match job.validation {
            Some(validation) => ((0..job.clips.len()).collect(), validation.iter().collect()),
            None => hold_out(job.clips, config.validation, config.seed),
        };
        let of_clip = |(clip, &i): (u32, &usize)| job.clips[i].iter().map(move |c| (c, clip, i));
        let learned: Vec<(&String, u32, usize)> = (0..).zip(&kept).flat_map(of_clip).collect();
        let captions: Vec<&String> = learned.iter().map(|(caption, ..)| *caption).collect();
        if captions.is_empty() {
            return Err(Error::Config("there is no caption to learn from".into()));
        }
        let even = job.shares.iter().all(|&share| share == 1.0);
        let uneven = learned.iter().filter(|_| !even);
        let shares: Vec<f64> = uneven.map(|(.., i)| job.shares[*i]).collect();

        let mut texts = Distinct::default();
        let own = captions.iter().map(|c| texts.add(c)).collect();
        let unseen = held_out.iter().copied().flatten();
        let unseen = unseen.map(|c| texts.add(c)).collect();
        let clauses = captions.iter().map(|caption| {
            let parts = match config.clauses > 0.0 {
                true => clauses::split(caption, MOST_CLAUSES),
                false => Vec::new(),
            };
            match parts.len() {
                0 | 1 => Vec::new(),
                _ => parts.iter().map(|c| texts.add(&c.text)).collect(),
            }
        });
        let clauses = clauses.collect();
        let texts = texts.list;
        let drawn: Vec<String> = shares.iter().map(f64::to_string).collect();
        let named = texts.iter().chain(&drawn).map(String::as_str);
        let tokenizer = vocabulary.prune(captions.iter().map(|c| c.as_str()), config.max_tokens);
        let tokens = |caption: &String| {
            tokenizer.encode_truncated(caption, config.max_tokens, config.keep_sep)
        };
        Ok(Self {
            tokens: captions.iter().map(|caption| tokens(caption)).collect(),
            unseen_tokens: held_out.iter().copied().flatten().map(tokens).collect(),
            fingerprint: hash(named.chain([job.space.identity.as_str()])),
            clips: learned.iter().map(|(_, clip, _)| *clip).collect(),
            tokenizer,
            captions,
            shares,
            held_out,
            texts,
            own,
            unseen,
            clauses,
        })
    }

    /// The positions that captions and their prefixes of `prefix` rows take, without a prompt.
    pub fn positions(&self, config: &TrainConfig, prefix: usize) -> usize {
        let tokens = self.tokens.iter().chain(&self.unseen_tokens);
        let longest = tokens.map(Vec::len).max().unwrap_or(0);
        let joined = match config.joined > 0.0 {
            true => longest_joined(&short(&self.tokens, &self.clauses), &self.tokens),
            false => 0,
        };
        // The last token of a sequence is only a target.
        (longest + 3 * prefix).max((joined + 2 * prefix).saturating_sub(1))
    }

    /// The steps of the whole run.
    pub fn steps(&self, config: &TrainConfig) -> usize {
        let per_epoch = config.steps_per_epoch(drawn(&self.shares, self.captions.len()));
        per_epoch * config.all_epochs(per_epoch)
    }

    /// The hash of all data that determine the run besides its settings: the captions with their order and clips, the held-out
    /// ones, the space, the shift, the vocabulary.
    pub fn data_hash(&self, job: &Job) -> String {
        let mut hash = Hash::default();
        let mut last = None;
        for (caption, clip) in self.captions.iter().zip(&self.clips) {
            if last.replace(clip) != Some(clip) {
                hash.add("\0");
            }
            hash.add(caption);
        }
        for clip in &self.held_out {
            hash.add("\0held out");
            clip.iter().for_each(|caption| hash.add(caption));
        }
        hash.add(&self.fingerprint);
        hash.add_numbers(job.shift.as_deref().unwrap_or_default());
        (self.tokenizer.words().iter()).for_each(|word| hash.add(word));
        hash.finish()
    }

    /// Captions with letters that the vocabulary cannot represent.
    pub fn altered(&self) -> Option<Altered> {
        let foreign =
            |caption: &&&String| caption.chars().any(|c| !c.is_ascii() && c.is_alphabetic());
        let mut found = self.captions.iter().filter(foreign).filter_map(|caption| {
            let kept = self.tokenizer.decode(&self.tokenizer.encode(caption));
            let (before, after) = (words(caption), words(&kept));
            let pair = before
                .split(' ')
                .zip(after.split(' '))
                .find(|(a, b)| a != b);
            pair.map(|(a, b)| (a.to_owned(), b.to_owned()))
        });
        let (word, becomes) = found.next()?;
        Some(Altered {
            captions: 1 + found.count(),
            word,
            becomes,
        })
    }
}

/// Texts without duplicates, and the row of each.
#[derive(Default)]
struct Distinct {
    list: Vec<String>,
    row: HashMap<String, usize>,
}

impl Distinct {
    fn add(&mut self, text: &str) -> usize {
        if let Some(&row) = self.row.get(text) {
            return row;
        }
        self.row.insert(text.to_string(), self.list.len());
        self.list.push(text.to_string());
        self.list.len() - 1
    }
}

/// Splits off a share of the clips, drawn by the seed; at least one stays on each side where there are two. Gives the
/// places of those kept, and those held out.
fn hold_out(clips: &[Vec<String>], share: f64, seed: u64) -> (Vec<usize>, Vec<&Vec<String>>) {
    let wanted = (clips.len() as f64 * share).ceil() as usize;
    let n = if share > 0.0 {
        wanted.min(clips.len().saturating_sub(1))
    } else {
        0
    };
    let order = Stream::new(&format!("seed{seed}/validation")).shuffle(clips.len());
    let mut held = vec![false; clips.len()];
    order.iter().take(n).for_each(|&i| held[i] = true);
    let kept = (0..clips.len()).filter(|&i| !held[i]).collect();
    let (clips, held) = (clips.iter(), held.iter());
    let out = clips.zip(held).filter(|(_, held)| **held);
    (kept, out.map(|(clip, _)| clip).collect())
}
