//! t-SNE (van der Maaten & Hinton 2008): rows `[N, d]` -> points `[N, 2]` that have the same neighbours.
//!
//! Exact repulsion between all pairs (no tree, so no approximation; fast enough for 3,000 rows), attraction between the
//! `3 x perplexity` nearest neighbours as in Barnes-Hut t-SNE, a start from the two principal components, and the
//! schedule of scikit-learn. Every row's sums are taken in one order, so bits do not depend on the number of threads.

mod descent;
mod neighbours;
mod options;
mod principal;

pub use options::Tsne;

use crate::error::{Error, Result};

/// What t-SNE made.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// A point a row. Only who is near whom has a meaning: not the axes, nor how far clusters are apart.
    pub points: Vec<[f32; 2]>,
    /// The Kullback-Leibler divergence that is left, in nats: what was minimised. 0 would be perfect.
    pub divergence: f64,
    /// The perplexity used.
    pub perplexity: f64,
}

impl Tsne {
    /// Lays out `rows`, `[N, d]` with N at least 4.
    pub fn run(&self, rows: &[f32], d: usize) -> Result<Map> {
        if d == 0 || !rows.len().is_multiple_of(d) || rows.len() / d < 4 {
            return Err(Error::input(format!(
                "t-SNE needs at least four rows of {d} numbers; there are {} numbers",
                rows.len()
            )));
        }
        if let Some(at) = rows.iter().position(|x| !x.is_finite()) {
            return Err(Error::input(format!(
                "t-SNE cannot place row {}: it holds something that is not a number",
                at / d
            )));
        }
        if !(self.perplexity >= 1.0 && self.exaggeration >= 1.0) {
            return Err(Error::input(
                "t-SNE's perplexity and exaggeration must be at least 1",
            ));
        }
        let n = rows.len() / d;
        let perplexity = self.perplexity.min((n - 1) as f64 / 3.0);
        let affinities = neighbours::Affinities::of(rows, d, perplexity);
        let start = principal::start(rows, d, self.seed);
        let points = descent::descend(self, &affinities, start);
        Ok(Map {
            divergence: descent::divergence(&affinities, &points),
            points,
            perplexity,
        })
    }
}

#[cfg(test)]
mod tests;
