//! ClapCap's own beam search: captions compete at every step by their mean log-probability, finished ones among them.
//!
//! Reference: `msclap` 1.3.4, `CLAPWrapper._generate_beam`.

use wsac_nn::loss::log_softmax;

use super::strategy::{DecodingStrategy, Hypothesis, Limits};
use crate::decoder::KvCache;

/// A search: the beam width, and the captions kept, best first.
pub(super) struct Average<'a> {
    limits: Limits<'a>,
    width: usize,
    captions: Vec<Caption>,
}

/// A caption: its tokens, its score (with rules) and log-probability (without).
struct Caption {
    tokens: Vec<u32>,
    score: f64,
    logprob: f64,
    /// `None` once it has ended.
    state: Option<KvCache>,
}

/// A continuation of a caption: one more token, or none if it is finished.
struct Candidate {
    from: usize,
    word: Option<u32>,
    score: f64,
    logprob: f64,
    /// The mean score per token.
    mean: f64,
}

impl<'a> Average<'a> {
    /// A search at its beginning.
    pub fn new(limits: Limits<'a>, state: KvCache, width: usize) -> Self {
        let first = Caption {
            tokens: Vec::new(),
            score: 0.0,
            logprob: 0.0,
            state: Some(state),
        };
        Self {
            limits,
            width,
            captions: vec![first],
        }
    }
}

impl DecodingStrategy for Average<'_> {
    fn grow(&mut self, logits: &mut [f32]) -> bool {
        let longest = self.captions.iter().map(|c| c.tokens.len()).max();
        let step = longest.unwrap_or(0) + 1;
        if step > self.limits.max {
            return false;
        }
        self.captions = self.step(&self.captions, logits);
        step < self.limits.max && self.captions.iter().any(|c| c.state.is_some())
    }

    fn live(&mut self) -> Vec<(&mut KvCache, u32)> {
        let last = |c: &Caption| c.tokens.last().copied().unwrap_or_default();
        let growing = (self.captions.iter_mut()).map(|c| (last(c), c.state.as_mut()));
        growing
            .filter_map(|(word, state)| Some((state?, word)))
            .collect()
    }

    fn found(self: Box<Self>) -> Vec<Hypothesis> {
        let told = self.captions.into_iter().map(|c| Hypothesis {
            score: c.score / c.tokens.len() as f64,
            tokens: c.tokens,
            logprob: c.logprob,
        });
        told.collect()
    }
}

impl Average<'_> {
    /// The best `width` continuations of `captions`, best first; `logits` has a row for each that can grow.
    fn step(&self, captions: &[Caption], logits: &[f32]) -> Vec<Caption> {
        let growing = captions.iter().filter(|c| c.state.is_some()).count();
        let mut rows = logits.chunks_exact(logits.len() / growing);
        let mut all: Vec<Candidate> = Vec::new();
        for (from, caption) in captions.iter().enumerate() {
            match caption.state.as_ref().and_then(|_| rows.next()) {
                Some(row) => all.extend(self.words(from, caption, row)),
                None => all.push(Candidate {
                    from,
                    word: None,
                    score: caption.score,
                    logprob: caption.logprob,
                    mean: caption.score / caption.tokens.len() as f64,
                }),
            }
        }
        // Stable: of equals, the earlier caption and the lower token id.
        all.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        all.truncate(self.width);
        let grown = |c: Candidate| Caption {
            tokens: (captions[c.from].tokens.iter().copied())
                .chain(c.word)
                .collect(),
            score: c.score,
            logprob: c.logprob,
            state: (captions[c.from].state.as_ref())
                .filter(|_| c.word != Some(self.limits.end))
                .cloned(),
        };
        all.into_iter().map(grown).collect()
    }

    /// The best `width` next tokens of `caption`.
    fn words(&self, from: usize, caption: &Caption, logits: &[f32]) -> Vec<Candidate> {
        let mut raw = logits.to_vec();
        log_softmax(&mut raw);
        let mut ruled = raw.clone();
        let Limits { rules, end, .. } = self.limits;
        rules.apply(&mut ruled, &caption.tokens, end);
        let mut words: Vec<usize> = (0..ruled.len())
            .filter(|&w| ruled[w] > f32::NEG_INFINITY)
            .collect();
        let order = |a: &usize, b: &usize| ruled[*b].total_cmp(&ruled[*a]).then(a.cmp(b));
        if self.width < words.len() {
            words.select_nth_unstable_by(self.width, order);
            words.truncate(self.width);
        }
        words.sort_by(order);
        let candidate = |word: usize| {
            let score = caption.score + f64::from(ruled[word]);
            Candidate {
                from,
                word: Some(word as u32),
                score,
                logprob: caption.logprob + f64::from(raw[word]),
                mean: score / (caption.tokens.len() + 1) as f64,
            }
        };
        words.into_iter().map(candidate).collect()
    }
}
