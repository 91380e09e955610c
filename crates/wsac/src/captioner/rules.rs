//! Decoding rules: what a caption written by a person never does.

use super::Captioner;
use crate::generate::{RepetitionRule, Rules};

/// Words that express an order; forbidden unless sounds were detected one after the other.
const ORDER: [&str; 8] = [
    "followed",
    "then",
    "before",
    "after",
    "afterwards",
    "later",
    "finally",
    "eventually",
];

/// Words after which the preceding word may not be repeated ("crinkling and crinkling").
const JOINS: [&str; 6] = ["and", "then", "as", "while", "by", ","];

impl Captioner {
    /// The rules of a caption that a person would write: no unknown token, no echo, no repeated phrase, and no word of
    /// order unless sounds occur one after the other (`ordered`; a model trained without clauses cannot know).
    /// ClapCap, as in its own code, has no rules.
    pub fn rules(&self, ordered: bool) -> Rules {
        let tokenizer = &self.model.tokenizer;
        if self.model.is_clapcap() {
            return Rules {
                banned: tokenizer.silent(),
                ..Rules::default()
            };
        }
        let ids = |words: &[&str]| -> Vec<u32> {
            let known = tokenizer.words().iter().zip(0..);
            known
                .filter(|(w, _)| words.contains(&w.as_str()))
                .map(|(_, id)| id)
                .collect()
        };
        let order = if self.model.card.clauses && !ordered {
            ids(&ORDER)
        } else {
            Vec::new()
        };
        Rules {
            no_repeat_ngram: 2,
            banned: [tokenizer.silent(), order].concat(),
            echo: Some(RepetitionRule {
                joins: ids(&JOINS),
                pieces: tokenizer.continuing(),
            }),
            ..Rules::default()
        }
    }
}
