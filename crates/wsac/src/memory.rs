//! Memory: captions and their text embeddings [N, d], searched exactly.
//!
//! A query [d] in; the nearest captions, or the softmax-weighted sum of all rows [d], out. Rows are unit f32 or int8 and
//! are multiplied block by block, so that int8 rows are never all f32 at once.

mod file;
#[cfg(test)]
mod tests;

use std::ops::Range;

use rayon::prelude::*;
use wsac_nn::matmul::{Mat, Store, matmul};

use crate::embedding::{Embedding, Embeddings, dot};
use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::texts::Texts;

/// Rows multiplied at once: as f32 they fit a core's cache.
const BLOCK: usize = 512;
/// Similarities held at once in a batch (64 MB).
const BATCH: usize = 1 << 24;

/// Captions with their unit embeddings.
#[derive(Debug, Clone)]
pub struct Memory {
    captions: Texts,
    rows: Rows,
    centring: Option<Centring>,
    description: Option<String>,
}

/// Where the angle between a query and a row is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Centre {
    /// From the origin: the cosine, as in the paper.
    #[default]
    None,
    /// From the mean of the memory's rows, subtracted from both. Right where all texts share a large common part, as in
    /// the sentence space of `mini`.
    MemoryMean,
}

#[derive(Debug, Clone)]
struct Centring {
    mean: Vec<f32>,
    /// 1 / |row - mean| of each row.
    inverse_norms: Vec<f32>,
}

/// A row found by a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The row, `0..len()`.
    pub index: usize,
    /// Its similarity to the query, in [-1, 1].
    pub similarity: f32,
}

impl Memory {
    /// A memory of `captions`, row `i` of `embeddings` being that of caption `i`.
    ///
    /// # Errors
    /// Where their numbers differ, there are none, or the text exceeds 4 GB.
    pub fn new<S: AsRef<str>>(captions: &[S], embeddings: Embeddings) -> Result<Self> {
        let mut texts = Texts::new();
        captions.iter().try_for_each(|c| texts.push(c.as_ref()))?;
        let rows = Rows::new(embeddings.dim(), embeddings.into_vec())?;
        Self::from_parts(texts, rows).map_err(Error::Config)
    }

    fn from_parts(captions: Texts, rows: Rows) -> std::result::Result<Self, String> {
        if captions.len() != rows.len() {
            let (captions, rows) = (captions.len(), rows.len());
            return Err(format!(
                "a memory has {captions} captions but {rows} embeddings"
            ));
        }
        if captions.is_empty() {
            return Err("a memory needs at least one caption".into());
        }
        Ok(Self {
            captions,
            rows,
            centring: None,
            description: None,
        })
    }

    /// How many captions there are; at least one.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never: a memory has at least one caption.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The width `d` of an embedding.
    pub fn dim(&self) -> usize {
        self.rows.width()
    }

    /// Caption `i`.
    pub fn caption(&self, i: usize) -> &str {
        self.captions.get(i)
    }

    /// All captions in order.
    pub fn captions(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.captions.iter()
    }

    /// The embeddings [N, d] as they are kept.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The embedding of caption `i`, [d].
    pub fn embedding(&self, i: usize) -> Vec<f32> {
        let mut row = vec![0.0; self.dim()];
        self.rows.copy_to(i..i + 1, &mut row);
        row
    }

    /// The captions of `indices`, in that order, as a memory of their own; it keeps this one's centre.
    ///
    /// # Errors
    /// Where there are no indices.
    ///
    /// # Panics
    /// Where an index is not below `len()`.
    pub fn subset(&self, indices: &[usize]) -> Result<Self> {
        let captions: Vec<&str> = indices.iter().map(|&i| self.caption(i)).collect();
        let rows = indices.iter().flat_map(|&i| self.embedding(i)).collect();
        let mut part = Self::new(&captions, Embeddings::new(self.dim(), rows)?)?;
        if let Some(centring) = &self.centring {
            part.centre_on(centring.mean.clone());
        }
        part.description = self.description.clone();
        Ok(part)
    }

    /// The same memory with int8 rows (a quarter of the size, still of unit length).
    ///
    /// # Errors
    /// Never for a memory that was made or loaded here: its rows have a direction.
    pub fn quantise(&self) -> Result<Self> {
        let mut memory = self.clone();
        memory.rows = self.rows.quantise();
        memory.rows.normalise()?;
        if let Some(centring) = memory.centring.take() {
            memory.centre_on(centring.mean);
        }
        Ok(memory)
    }

    /// Chooses where similarities are measured from; the choice is saved with the memory.
    pub fn set_centre(&mut self, centre: Centre) {
        self.centring = None;
        if centre == Centre::MemoryMean {
            let ones = vec![1.0 / self.len() as f32; self.len()];
            self.centre_on(self.weighted_sums(&ones, 1));
        }
    }

    /// Where similarities are measured from.
    pub fn centre(&self) -> Centre {
        match self.centring {
            Some(_) => Centre::MemoryMean,
            None => Centre::None,
        }
    }

    fn centre_on(&mut self, mean: Vec<f32>) {
        let d = self.dim();
        let inverse_norms = self
            .blocks()
            .flat_map_iter(|(_, rows)| {
                let inverse = |row: &[f32]| {
                    let square: f32 = row.iter().zip(&mean).map(|(m, c)| (m - c) * (m - c)).sum();
                    if square > 0.0 {
                        1.0 / square.sqrt()
                    } else {
                        0.0
                    }
                };
                rows.chunks_exact(d).map(inverse).collect::<Vec<_>>()
            })
            .collect();
        self.centring = Some(Centring {
            mean,
            inverse_norms,
        });
    }

    /// Free text that is saved with the memory, e.g. the name of its text tower.
    pub fn describe(&mut self, text: impl Into<String>) {
        self.description = Some(text.into());
    }

    /// The text given to [`Memory::describe`].
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The similarity of each of `queries` [B, d] to each row: [B, N].
    ///
    /// # Panics
    /// Where the queries have another width.
    pub fn similarities(&self, queries: &Embeddings) -> Vec<f32> {
        assert_eq!(queries.dim(), self.dim(), "a query has the memory's width");
        let (b, n, d) = (queries.len(), self.len(), self.dim());
        let (queries, offsets) = self.centred(queries);
        let parts: Vec<(Range<usize>, Vec<f32>)> = self
            .blocks()
            .map(|(range, rows)| {
                let mut part = vec![0.0; b * range.len()];
                let rows = Mat::new(&rows, range.len(), d).t();
                matmul(&mut part, Mat::new(&queries, b, d), rows, Store::Set);
                (range, part)
            })
            .collect();
        let mut all = vec![0.0; b * n];
        for (range, part) in parts {
            for (q, part) in part.chunks_exact(range.len()).enumerate() {
                let out = &mut all[q * n..][range.clone()];
                match &self.centring {
                    None => out.copy_from_slice(part),
                    Some(c) => {
                        let norms = &c.inverse_norms[range.clone()];
                        for ((out, product), norm) in out.iter_mut().zip(part).zip(norms) {
                            *out = (product - offsets[q]) * norm;
                        }
                    }
                }
            }
        }
        all
    }

    /// Queries as they meet the rows, and what to take from each product:
    /// cos(a - c, m - c) = (u m - u c) / |m - c| with u = unit(a - c).
    fn centred(&self, queries: &Embeddings) -> (Vec<f32>, Vec<f32>) {
        let mut all = queries.as_slice().to_vec();
        let Some(Centring { mean, .. }) = &self.centring else {
            return (all, Vec::new());
        };
        let offsets = all.chunks_exact_mut(mean.len()).map(|u| {
            u.iter_mut().zip(mean).for_each(|(u, c)| *u -= c);
            // A query at the centre has no direction: all its similarities become 0.
            if !crate::embedding::normalize(u) {
                u.fill(0.0);
            }
            dot(u, mean)
        });
        let offsets = offsets.collect();
        (all, offsets)
    }

    /// The `k` rows most similar to `query`, best first; of equal ones the lower index first.
    pub fn nearest(&self, query: &Embedding, k: usize) -> Vec<Hit> {
        largest(&self.similarities(&batch_of_one(query)), k)
    }

    /// [`Memory::nearest`] of each of `queries` [B, d].
    pub fn nearest_batch(&self, queries: &Embeddings, k: usize) -> Vec<Vec<Hit>> {
        self.in_batches(queries, |sims, out: &mut Vec<_>| {
            out.par_extend(sims.par_chunks_exact(self.len()).map(|s| largest(s, k)));
        })
    }

    /// The paper's projection of `query` on the memory, [d]: the sum of rows weighted by softmax(similarity / tau)
    /// (Eq. 4 and 5; its length is at most 1). With `top_k` only the `k` most similar rows take part.
    ///
    /// # Errors
    /// Where `tau` is not positive or `top_k` is 0.
    pub fn project(&self, query: &Embedding, tau: f32, top_k: Option<usize>) -> Result<Vec<f32>> {
        self.project_batch(&batch_of_one(query), tau, top_k)
    }

    /// [`Memory::project`] of each of `queries` [B, d]: [B, d].
    ///
    /// # Errors
    /// As [`Memory::project`].
    pub fn project_batch(
        &self,
        queries: &Embeddings,
        tau: f32,
        top_k: Option<usize>,
    ) -> Result<Vec<f32>> {
        if !(tau > 0.0 && tau.is_finite()) || top_k == Some(0) {
            return Err(Error::Config(format!(
                "projection needs tau > 0 and at least one caption, not tau {tau} over {top_k:?}"
            )));
        }
        let n = self.len();
        Ok(
            self.in_batches(queries, |mut sims, out: &mut Vec<f32>| match top_k {
                Some(k) if k < n => {
                    for sims in sims.chunks_exact(n) {
                        out.extend(self.project_on(&largest(sims, k), tau));
                    }
                }
                _ => {
                    let rows = sims.len() / n;
                    sims.par_chunks_exact_mut(n).for_each(|s| softmax(s, tau));
                    out.extend(self.weighted_sums(&sims, rows));
                }
            }),
        )
    }

    /// [`Memory::project`] over the rows of `hits` alone: [d].
    pub fn project_on(&self, hits: &[Hit], tau: f32) -> Vec<f32> {
        let mut weights: Vec<f32> = hits.iter().map(|h| h.similarity).collect();
        softmax(&mut weights, tau);
        let mut sum = vec![0.0; self.dim()];
        for (hit, weight) in hits.iter().zip(weights) {
            let row = self.embedding(hit.index);
            sum.iter_mut().zip(row).for_each(|(s, m)| *s += weight * m);
        }
        sum
    }

    /// `weights` [B, N] times the rows: [B, d].
    fn weighted_sums(&self, weights: &[f32], b: usize) -> Vec<f32> {
        let (n, d) = (self.len(), self.dim());
        let parts: Vec<Vec<f32>> = self
            .blocks()
            .map(|(range, rows)| {
                let weights: Vec<f32> = weights
                    .chunks_exact(n)
                    .flat_map(|w| &w[range.clone()])
                    .copied()
                    .collect();
                let mut part = vec![0.0; b * d];
                let weights = Mat::new(&weights, b, range.len());
                matmul(
                    &mut part,
                    weights,
                    Mat::new(&rows, range.len(), d),
                    Store::Set,
                );
                part
            })
            .collect();
        let mut sums = vec![0.0; b * d];
        for part in parts {
            sums.iter_mut().zip(part).for_each(|(s, p)| *s += p);
        }
        sums
    }

    /// The similarities [b, N] of as many queries at a time as memory allows, given to `step`.
    fn in_batches<T>(&self, queries: &Embeddings, step: impl Fn(Vec<f32>, &mut Vec<T>)) -> Vec<T> {
        let mut out = Vec::new();
        let at_once = (BATCH / self.len()).max(1);
        for start in (0..queries.len()).step_by(at_once) {
            let end = (start + at_once).min(queries.len());
            step(self.similarities(&queries.slice(start..end)), &mut out);
        }
        out
    }

    /// Ranges of rows and their numbers as f32.
    fn blocks(&self) -> impl IndexedParallelIterator<Item = (Range<usize>, Vec<f32>)> {
        (0..self.len().div_ceil(BLOCK)).into_par_iter().map(|i| {
            let range = i * BLOCK..((i + 1) * BLOCK).min(self.len());
            let mut rows = vec![0.0; range.len() * self.dim()];
            self.rows.copy_to(range.clone(), &mut rows);
            (range, rows)
        })
    }
}

fn batch_of_one(query: &Embedding) -> Embeddings {
    let mut batch = Embeddings::empty(query.as_slice().len());
    batch.push(query);
    batch
}

/// The `k` largest of `similarities`, largest first; of equal ones the lower index first.
fn largest(similarities: &[f32], k: usize) -> Vec<Hit> {
    let better = |a: &Hit, b: &Hit| {
        b.similarity
            .total_cmp(&a.similarity)
            .then(a.index.cmp(&b.index))
    };
    let hits = similarities.iter().enumerate();
    let mut hits: Vec<Hit> = hits
        .map(|(index, &similarity)| Hit { index, similarity })
        .collect();
    if 0 < k && k < hits.len() {
        hits.select_nth_unstable_by(k - 1, better);
    }
    hits.truncate(k);
    hits.sort_unstable_by(better);
    hits
}

/// softmax(x / tau) in place, the largest entry subtracted first and the sum taken in f64.
fn softmax(x: &mut [f32], tau: f32) {
    let max = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    x.iter_mut().for_each(|x| *x = ((*x - max) / tau).exp());
    let sum = x.iter().map(|&x| f64::from(x)).sum::<f64>() as f32;
    x.iter_mut().for_each(|x| *x /= sum);
}
