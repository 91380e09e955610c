//! Beam search, the algorithm of Hugging Face `generate`: at each step the best 2k continuations of k live captions.

use wsac_nn::loss::log_softmax;

use super::strategy::{DecodingStrategy, Hypothesis, Limits, Stop};
use crate::decoder::KvCache;

/// A search: its settings, the captions that can still grow, and those that are finished, best first.
pub(super) struct Beam<'a> {
    limits: Limits<'a>,
    width: usize,
    length_penalty: f64,
    stop: Stop,
    live: Vec<Live>,
    finished: Vec<Hypothesis>,
}

/// A caption that can still grow: its tokens, its running score (with rules) and log-probability (without).
#[derive(Clone)]
struct Live {
    tokens: Vec<u32>,
    score: f64,
    logprob: f64,
    state: KvCache,
}

/// One continuation of a live caption.
struct Candidate {
    from: usize,
    word: u32,
    score: f64,
    logprob: f64,
}

impl<'a> Beam<'a> {
    /// A search at its beginning.
    pub fn new(
        limits: Limits<'a>,
        state: KvCache,
        width: usize,
        length_penalty: f64,
        stop: Stop,
    ) -> Self {
        let first = Live {
            tokens: Vec::new(),
            score: 0.0,
            logprob: 0.0,
            state,
        };
        Self {
            limits,
            width,
            length_penalty,
            stop,
            live: vec![first],
            finished: Vec::new(),
        }
    }
}

impl DecodingStrategy for Beam<'_> {
    fn grow(&mut self, logits: &mut [f32]) -> bool {
        let Limits { end, max, .. } = self.limits;
        let step = self.live[0].tokens.len() + 1;
        if step > max {
            return false;
        }
        let candidates = self.candidates(logits);
        let ends = |c: &Candidate| c.word == end || step == max;
        for c in candidates.iter().take(self.width).filter(|c| ends(c)) {
            let tokens = [&self.live[c.from].tokens[..], &[c.word]].concat();
            let score = c.score / (step as f64).powf(self.length_penalty);
            self.finished.push(Hypothesis {
                tokens,
                logprob: c.logprob,
                score,
            });
        }
        self.finished.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.finished.truncate(self.width);
        let next: Vec<&Candidate> = (candidates.iter().filter(|c| !ends(c)))
            .take(self.width)
            .collect();
        let Some(best) = next.first() else {
            return false;
        };
        if self.done(best.score, step) {
            return false;
        }
        let grown = |c: &&Candidate| Live {
            tokens: [&self.live[c.from].tokens[..], &[c.word]].concat(),
            score: c.score,
            logprob: c.logprob,
            state: self.live[c.from].state.clone(),
        };
        self.live = next.iter().map(grown).collect();
        true
    }

    fn live(&mut self) -> Vec<(&mut KvCache, u32)> {
        let last = |l: &Live| l.tokens.last().copied().unwrap_or_default();
        (self.live.iter_mut())
            .map(|l| (last(l), l))
            .map(|(word, l)| (&mut l.state, word))
            .collect()
    }

    fn found(self: Box<Self>) -> Vec<Hypothesis> {
        self.finished
    }
}

impl Beam<'_> {
    /// The best `2 width` continuations of all live captions, best first (ties: earlier caption, lower token id).
    fn candidates(&self, logits: &[f32]) -> Vec<Candidate> {
        let vocab = logits.len() / self.live.len();
        let mut all = Vec::new();
        for (from, (caption, logits)) in
            self.live.iter().zip(logits.chunks_exact(vocab)).enumerate()
        {
            let mut raw = logits.to_vec();
            log_softmax(&mut raw);
            let mut ruled = raw.clone();
            let Limits { rules, end, .. } = self.limits;
            rules.apply(&mut ruled, &caption.tokens, end);
            let mut words: Vec<usize> = (0..vocab)
                .filter(|&w| ruled[w] > f32::NEG_INFINITY)
                .collect();
            let keep = (2 * self.width).min(words.len());
            let order = |a: &usize, b: &usize| ruled[*b].total_cmp(&ruled[*a]).then(a.cmp(b));
            if keep < words.len() {
                words.select_nth_unstable_by(keep, order);
                words.truncate(keep);
            }
            words.sort_by(order);
            all.extend(words.into_iter().map(|w| Candidate {
                from,
                word: w as u32,
                score: caption.score + f64::from(ruled[w]),
                logprob: caption.logprob + f64::from(raw[w]),
            }));
        }
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        all.truncate(2 * self.width);
        all
    }

    /// Whether the search can stop: `width` captions are finished and no live one can beat the worst of them.
    fn done(&self, best_live: f64, length: usize) -> bool {
        let Some(worst) = self.finished.get(self.width - 1) else {
            return false;
        };
        let length = match self.stop {
            Stop::Early => return true,
            Stop::Never if self.length_penalty > 0.0 => self.limits.max,
            Stop::Never | Stop::Heuristic => length,
        };
        best_live / (length as f64).powf(self.length_penalty) <= worst.score
    }
}
