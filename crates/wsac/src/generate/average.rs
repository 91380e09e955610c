//! ClapCap's own beam search: captions compete at every step by their mean log-probability, finished ones among them.
//!
//! Reference: `msclap` 1.3.4, `CLAPWrapper._generate_beam`.

use wsac_nn::loss::log_softmax;

use super::{Hypothesis, Rules};
use crate::decoder::{Decoder, State};

/// The settings of one search.
pub(super) struct Average<'a> {
    pub width: usize,
    pub end: u32,
    pub max: usize,
    pub rules: &'a Rules,
}

/// A caption: its tokens, its score (with rules) and log-probability (without).
struct Caption {
    tokens: Vec<u32>,
    score: f64,
    logprob: f64,
    /// `None` once it has come to its end.
    state: Option<State>,
}

/// What may become of a caption: one more word, or none where it is finished.
struct Candidate {
    from: usize,
    word: Option<u32>,
    score: f64,
    logprob: f64,
    /// The mean score a token.
    mean: f64,
}

impl Average<'_> {
    pub fn run(&self, decoder: &Decoder, state: State, logits: Vec<f32>) -> Vec<Hypothesis> {
        let mut captions = vec![Caption {
            tokens: Vec::new(),
            score: 0.0,
            logprob: 0.0,
            state: Some(state),
        }];
        let mut logits = logits;
        for step in 1..=self.max {
            captions = self.step(&captions, &logits);
            let growing =
                (captions.iter_mut()).filter_map(|c| Some((c.state.as_mut()?, &c.tokens)));
            let (mut states, words): (Vec<&mut State>, Vec<u32>) = growing
                .map(|(state, tokens)| (state, tokens[step - 1]))
                .unzip();
            if words.is_empty() || step == self.max {
                break;
            }
            logits = decoder.advance(&mut states, &words);
        }
        let told = captions.into_iter().map(|c| Hypothesis {
            score: c.score / c.tokens.len() as f64,
            tokens: c.tokens,
            logprob: c.logprob,
        });
        told.collect()
    }

    /// The best `width` of what may become of `captions`, best first; `logits` has a row for each that can grow.
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
        // Stable: of equals, the earlier caption and the lower word.
        all.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        all.truncate(self.width);
        let grown = |c: Candidate| Caption {
            tokens: (captions[c.from].tokens.iter().copied())
                .chain(c.word)
                .collect(),
            score: c.score,
            logprob: c.logprob,
            state: (captions[c.from].state.as_ref())
                .filter(|_| c.word != Some(self.end))
                .cloned(),
        };
        all.into_iter().map(grown).collect()
    }

    /// The best `width` words that may follow `caption`.
    fn words(&self, from: usize, caption: &Caption, logits: &[f32]) -> Vec<Candidate> {
        let mut raw = logits.to_vec();
        log_softmax(&mut raw);
        let mut ruled = raw.clone();
        self.rules.apply(&mut ruled, &caption.tokens, self.end);
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
