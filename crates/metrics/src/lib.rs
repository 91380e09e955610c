//! Caption metrics without Java or Python, equal to the originals.
//!
//! Every metric is a function of [`Items`] (candidates with their references) to [`Scores`] (one number for the corpus,
//! one for each item). Captions are tokenised first, once for all metrics, as the originals do.

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
pub use cider::{cider, cider_d};
pub use error::{Error, Result};
pub use items::Items;
pub use rouge::rouge_l;
pub use scores::Scores;
pub use significance::{Comparison, Interval, Sampling, compare, interval};
pub use spider::{penalised, spider, spider_max};
pub use vocab::{Diversity, Vocab, diversity, vocab};
