//! Caption metrics without Java or Python, equal to the originals.
//!
//! Every metric is a function of [`Items`] (candidates with their references) to [`Scores`] (one number for the corpus,
//! one for each item). Captions are tokenised first, once for all metrics, as the originals do.

mod error;
mod items;
mod scores;
pub mod tables;
pub mod wordnet;

pub use error::{Error, Result};
pub use items::Items;
pub use scores::Scores;
