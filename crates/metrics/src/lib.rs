//! Caption metrics without Java or Python, equal to the originals.
//!
//! Every metric is a function of [`Items`] (candidates with their references) to [`Scores`] (one number for the corpus,
//! one for each item). Captions are tokenised first, once for all metrics, as the originals do.
//!
//! ```
//! use wsac_metrics::{Items, Sampling, cider_d, interval, rouge_l};
//!
//! let items = Items::new(
//!     vec!["A dog barks.".into(), "Rain falls on a roof.".into()],
//!     vec![vec!["A dog is barking.".into(), "Dogs bark!".into()], vec!["Rain on a tin roof".into()]],
//! )?
//! .tokenised();
//! let scores = rouge_l(&items);
//! let sure = interval(&scores, Sampling::default());
//! assert!(sure.low <= scores.corpus && scores.corpus <= sure.high);
//! println!("ROUGE-L {:.3}, CIDEr-D {:.3}", scores.corpus, cider_d(&items).corpus);
//! # Ok::<(), wsac_metrics::Error>(())
//! ```
//!
//! | metric | what it is | here |
//! |---|---|---|
//! | BLEU-1..4 | geometric mean of clipped n-gram precisions, brevity penalty | [`bleu()`] |
//! | ROUGE-L | F of the longest common subsequence | [`rouge_l`], [`rouge_l_of_words`] |
//! | CIDEr-D, CIDEr | cosine of tf-idf n-gram vectors | [`cider_d`], [`cider()`] |
//! | METEOR 1.5 | alignment by words, stems, synonyms and paraphrases | [`meteor::Meteor`] |
//! | SPICE | F1 of scene-graph tuples | [`spice::SpiceJars`], [`spice::spice`] |
//! | SPIDEr, SPIDEr-max, SPIDEr-FL | their means, maxima and penalties | [`spider()`], [`spider_max`], [`penalised`] |
//! | vocabulary, diversity | counts of distinct words | [`vocab()`], [`diversity`] |
//!
//! How near each is to its original stands in `docs/metrics-parity.md` of the repository.

mod bleu;
mod cider;
mod error;
mod items;
pub mod meteor;
mod ngrams;
pub mod prepare;
pub mod ptb;
mod rouge;
mod scores;
mod significance;
pub mod spice;
mod spider;
pub mod tables;
mod twister;
mod vocab;
pub mod wordnet;

pub use bleu::bleu;
pub use cider::{Corpus, Vector, cider, cider_d};
pub use error::{Error, Result};
pub use items::Items;
pub use rouge::{rouge_l, rouge_l_of_words};
pub use scores::Scores;
pub use significance::{Comparison, Interval, Sampling, compare, interval};
pub use spider::{FENSE_PENALTY, MACE_PENALTY, penalised, spider, spider_max};
pub use vocab::{Diversity, Vocab, diversity, vocab};
