//! What a caption that a person would write never does, as rules for decoding.

use super::Captioner;
use crate::generate::{RepetitionRule, Rules};

/// Words that tell of an order; forbidden where none was heard.
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

/// Words after which the word before them may not come again ("crinkling and crinkling").
const JOINS: [&str; 6] = ["and", "then", "as", "while", "by", ","];

impl Captioner {
    /// The rules of a caption that a person would write: no unknown word, no echo, no phrase twice, and no word of
    /// order unless sounds were heard one after the other (`ordered`; a model that never learned clauses cannot tell).
    /// ClapCap, as its own code, knows no rules.
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
