//! Beam search, the algorithm of Hugging Face `generate`: at each step the best 2k continuations of k live captions.

use wsac_nn::loss::log_softmax;

use super::{Hypothesis, Rules, Stop};
use crate::decoder::{Decoder, State};

/// The settings of one search.
pub(super) struct Beam<'a> {
    pub width: usize,
    pub length_penalty: f64,
    pub stop: Stop,
    pub end: u32,
    pub max: usize,
    pub rules: &'a Rules,
}

/// A caption that can still grow: its tokens, its running score (with rules) and log-probability (without).
#[derive(Clone)]
struct Live {
    tokens: Vec<u32>,
    score: f64,
    logprob: f64,
    state: State,
}

/// One continuation of a live caption.
struct Candidate {
    from: usize,
    word: u32,
    score: f64,
    logprob: f64,
}

impl Beam<'_> {
    pub fn run(&self, decoder: &Decoder, state: State, logits: Vec<f32>) -> Vec<Hypothesis> {
        let mut live = vec![Live {
            tokens: Vec::new(),
            score: 0.0,
            logprob: 0.0,
            state,
        }];
        let mut logits = logits;
        let mut finished: Vec<Hypothesis> = Vec::new();
        for step in 1..=self.max {
            let candidates = self.candidates(&live, &logits);
            let ends = |c: &Candidate| c.word == self.end || step == self.max;
            for c in candidates.iter().take(self.width).filter(|c| ends(c)) {
                let tokens = [&live[c.from].tokens[..], &[c.word]].concat();
                let score = c.score / (step as f64).powf(self.length_penalty);
                finished.push(Hypothesis {
                    tokens,
                    logprob: c.logprob,
                    score,
                });
            }
            finished.sort_by(|a, b| b.score.total_cmp(&a.score));
            finished.truncate(self.width);
            let next: Vec<&Candidate> = candidates
                .iter()
                .filter(|c| !ends(c))
                .take(self.width)
                .collect();
            let Some(best) = next.first() else { break };
            if self.done(&finished, best.score, step) {
                break;
            }
            live = next
                .iter()
                .map(|c| Live {
                    tokens: [&live[c.from].tokens[..], &[c.word]].concat(),
                    score: c.score,
                    logprob: c.logprob,
                    state: live[c.from].state.clone(),
                })
                .collect();
            let words: Vec<u32> = next.iter().map(|c| c.word).collect();
            let mut states: Vec<&mut State> = live.iter_mut().map(|l| &mut l.state).collect();
            logits = decoder.advance(&mut states, &words);
        }
        finished
    }

    /// The best `2 width` continuations of all live captions, best first (ties: earlier caption, lower word).
    fn candidates(&self, live: &[Live], logits: &[f32]) -> Vec<Candidate> {
        let vocab = logits.len() / live.len();
        let mut all = Vec::new();
        for (from, (caption, logits)) in live.iter().zip(logits.chunks_exact(vocab)).enumerate() {
            let mut raw = logits.to_vec();
            log_softmax(&mut raw);
            let mut ruled = raw.clone();
            self.rules.apply(&mut ruled, &caption.tokens, self.end);
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
    fn done(&self, finished: &[Hypothesis], best_live: f64, length: usize) -> bool {
        let Some(worst) = finished.get(self.width - 1) else {
            return false;
        };
        let length = match self.stop {
            Stop::Early => return true,
            Stop::Never if self.length_penalty > 0.0 => self.max,
            Stop::Never | Stop::Heuristic => length,
        };
        best_live / (length as f64).powf(self.length_penalty) <= worst.score
    }
}
