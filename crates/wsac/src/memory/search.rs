//! Search: queries [B, d] against all rows [N, d], block by block, exactly.
//!
//! ```text
//! segments (parallel) > blocks of rows that fit a core's cache > similarities [B, rows]
//!     -> the k best so far                                    (nearest)
//!     -> the largest m, sum of w = exp((s - m) / tau), w rows  (projection, Eq. 4 and 5, in one pass over the rows)
//! ```
//!
//! Segments are cut by the number of rows alone and joined in order, so that threads do not change a bit. Neither the
//! similarities nor int8 rows as f32 are ever whole.

use std::ops::Range;

use rayon::prelude::*;
use wsac_nn::matmul::{Mat, Store, matmul_alone};
use wsac_nn::search::{add_scaled, dots, weigh};

use super::{Hit, Memory};
use crate::embedding::{Embedding, Embeddings, dot, normalize};
use crate::error::{Error, Result};

/// Numbers of a block: 512 KB as f32, half of a core's second cache.
const BLOCK: usize = 1 << 17;
/// At most so many segments: each keeps a sum of rows for each query.
const SEGMENTS: usize = 16;
/// Queries searched for at once.
const QUERIES: usize = 64;
/// A weight under this share of the largest is left out: all of them together are less than f32 can tell.
const NOTHING: f32 = 1e-15;

/// For each query the softmax-weighted sum of the rows met so far, scaled to the largest similarity among them.
struct Weighted {
    /// [B].
    max: Vec<f32>,
    total: Vec<f64>,
    /// [B, d].
    sums: Vec<f32>,
    tau: f32,
}

/// The best hits so far of one query: all of the `k` best, and at most as many others.
#[derive(Clone)]
struct Best {
    hits: Vec<Hit>,
    k: usize,
    /// What a hit must exceed to be among the best.
    least: f32,
}

impl Memory {
    /// The similarity of each of `queries` [B, d] to each row: [B, N].
    ///
    /// # Panics
    /// Where the queries have another width.
    pub fn similarities(&self, queries: &Embeddings) -> Vec<f32> {
        let n = self.len();
        let queries = self.centred(queries);
        let blocks: Vec<(Range<usize>, Vec<f32>)> = self
            .blocks()
            .map(|range| {
                let (mut rows, mut sims) = (Vec::new(), Vec::new());
                self.similar(&queries, range.clone(), &mut rows, &mut sims);
                (range, sims)
            })
            .collect();
        let mut all = vec![0.0; queries.len() * n];
        for (range, sims) in blocks {
            for (q, sims) in sims.chunks_exact(range.len()).enumerate() {
                all[q * n..][range.clone()].copy_from_slice(sims);
            }
        }
        all
    }

    /// The `k` rows most similar to `query`, best first; of equal ones the lower index first.
    pub fn nearest(&self, query: &Embedding, k: usize) -> Vec<Hit> {
        self.nearest_batch(&batch_of_one(query), k).swap_remove(0)
    }

    /// [`Memory::nearest`] of each of `queries` [B, d].
    pub fn nearest_batch(&self, queries: &Embeddings, k: usize) -> Vec<Vec<Hit>> {
        let none = Best {
            hits: Vec::new(),
            k: k.min(self.len()),
            least: f32::NEG_INFINITY,
        };
        let found = self.search(
            queries,
            |b| vec![none.clone(); b],
            |best, first, rows, sims| {
                let each = sims.chunks_exact(rows.len() / self.dim());
                (best.iter_mut().zip(each)).for_each(|(best, sims)| best.take_in(first, sims));
            },
            |best, others| {
                (best.iter_mut().zip(others)).for_each(|(best, other)| best.join(other.hits));
            },
        );
        found.into_iter().flatten().map(|best| best.hits).collect()
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
        if let Some(k) = top_k.filter(|&k| k < self.len()) {
            let hits = self.nearest_batch(queries, k);
            return Ok(hits
                .iter()
                .flat_map(|hits| self.project_on(hits, tau))
                .collect());
        }
        let empty = |b| Weighted {
            max: vec![f32::NEG_INFINITY; b],
            total: vec![0.0; b],
            sums: vec![0.0; b * self.dim()],
            tau,
        };
        let sums = self.search(
            queries,
            empty,
            |so_far, _, rows, sims| so_far.take_in(rows, sims),
            |so_far, other| so_far.join(&other),
        );
        Ok(sums.iter().flat_map(Weighted::means).collect())
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

    /// The mean of the rows, [d].
    pub(super) fn mean(&self) -> Vec<f32> {
        let parts: Vec<Vec<f32>> = self
            .blocks()
            .map(|range| {
                let (mut rows, mut sum) = (Vec::new(), vec![0.0; self.dim()]);
                for row in self.block(range, &mut rows).chunks_exact(self.dim()) {
                    add_scaled(&mut sum, 1.0 / self.len() as f32, row);
                }
                sum
            })
            .collect();
        let mut mean = vec![0.0; self.dim()];
        parts
            .iter()
            .for_each(|part| add_scaled(&mut mean, 1.0, part));
        mean
    }

    /// Lets queries meet all rows: `meet(so far, first row, rows [n, d], similarities [B, n])` for the blocks of a segment
    /// in order, then `join(so far, next segment's)`. One result for each [`QUERIES`].
    fn search<T: Send>(
        &self,
        queries: &Embeddings,
        empty: impl Fn(usize) -> T + Sync,
        meet: impl Fn(&mut T, usize, &[f32], &mut [f32]) + Sync,
        join: impl Fn(&mut T, T),
    ) -> Vec<T> {
        let blocks = self.len().div_ceil(self.block_rows());
        let each = blocks.div_ceil(SEGMENTS).max(1);
        let mut found = Vec::new();
        for first in (0..queries.len()).step_by(QUERIES) {
            let some = queries.slice(first..(first + QUERIES).min(queries.len()));
            let some = self.centred(&some);
            let segment = |segment: usize| {
                let mut so_far = empty(some.len());
                let (mut rows, mut sims) = (Vec::new(), Vec::new());
                for block in segment * each..((segment + 1) * each).min(blocks) {
                    let range = self.range(block);
                    let rows = self.similar(&some, range.clone(), &mut rows, &mut sims);
                    meet(&mut so_far, range.start, rows, &mut sims);
                }
                so_far
            };
            let segments = (0..blocks.div_ceil(each)).into_par_iter().map(segment);
            let mut segments = segments.collect::<Vec<T>>().into_iter();
            let mut all = segments.next().unwrap_or_else(|| empty(some.len()));
            segments.for_each(|next| join(&mut all, next));
            found.push(all);
        }
        found
    }

    /// The similarities [B, range] of queries to the rows of `range`, and these rows.
    fn similar<'a>(
        &'a self,
        queries: &Centred,
        range: Range<usize>,
        buffer: &'a mut Vec<f32>,
        sims: &mut Vec<f32>,
    ) -> &'a [f32] {
        let (d, n) = (self.dim(), range.len());
        let rows = self.block(range.clone(), buffer);
        sims.resize(queries.len() * n, 0.0);
        match queries.len() {
            1 => dots(sims, rows, &queries.points),
            b => {
                // Rows on the left: as they lie, they are read along, and only the few queries are laid out anew.
                let points = Mat::new(&queries.points, b, d).t();
                let mut turned = vec![0.0; n * b];
                matmul_alone(&mut turned, Mat::new(rows, n, d), points, Store::Set);
                for (q, sims) in sims.chunks_exact_mut(n).enumerate() {
                    let column = turned[q..].iter().step_by(b);
                    sims.iter_mut()
                        .zip(column)
                        .for_each(|(s, product)| *s = *product);
                }
            }
        }
        if let Some(centring) = &self.centring {
            let norms = &centring.inverse_norms[range];
            for (sims, offset) in sims.chunks_exact_mut(n).zip(&queries.offsets) {
                (sims.iter_mut().zip(norms)).for_each(|(s, norm)| *s = (*s - offset) * norm);
            }
        }
        rows
    }

    /// Queries as they meet the rows, and what to take from each product:
    /// cos(a - c, m - c) = (u m - u c) / |m - c| with u = unit(a - c).
    fn centred(&self, queries: &Embeddings) -> Centred {
        assert_eq!(queries.dim(), self.dim(), "a query has the memory's width");
        let mut points = queries.as_slice().to_vec();
        let mut offsets = vec![0.0; queries.len()];
        if let Some(centring) = &self.centring {
            let mean = &centring.mean;
            for (u, offset) in points.chunks_exact_mut(mean.len()).zip(&mut offsets) {
                u.iter_mut().zip(mean).for_each(|(u, c)| *u -= c);
                // A query at the centre has no direction: all its similarities become 0.
                if !normalize(u) {
                    u.fill(0.0);
                }
                *offset = dot(u, mean);
            }
        }
        Centred { points, offsets }
    }

    /// The ranges of rows that are searched one after the other.
    pub(super) fn blocks(&self) -> impl IndexedParallelIterator<Item = Range<usize>> {
        let blocks = self.len().div_ceil(self.block_rows());
        (0..blocks).into_par_iter().map(|block| self.range(block))
    }

    fn block_rows(&self) -> usize {
        (BLOCK / self.dim()).max(1)
    }

    fn range(&self, block: usize) -> Range<usize> {
        let rows = self.block_rows();
        block * rows..((block + 1) * rows).min(self.len())
    }

    /// The rows of `range` as f32, in `buffer` where they are not kept so.
    pub(super) fn block<'a>(&'a self, range: Range<usize>, buffer: &'a mut Vec<f32>) -> &'a [f32] {
        if let Some(rows) = self.rows.as_f32(range.clone()) {
            return rows;
        }
        buffer.resize(range.len() * self.dim(), 0.0);
        self.rows.copy_to(range, buffer);
        buffer
    }
}

/// Queries [B, d] as they meet the rows.
struct Centred {
    points: Vec<f32>,
    /// One a query.
    offsets: Vec<f32>,
}

impl Centred {
    fn len(&self) -> usize {
        self.offsets.len()
    }
}

impl Weighted {
    /// Adds `rows` [n, d] weighted by exp(similarity / tau); `sims` [B, n] become the weights.
    fn take_in(&mut self, rows: &[f32], sims: &mut [f32]) {
        let (b, d) = (self.max.len(), self.sums.len() / self.max.len());
        let n = rows.len() / d;
        for (q, sims) in sims.chunks_exact_mut(n).enumerate() {
            let largest = sims.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            self.rescale(q, largest);
            self.total[q] += weigh(sims, self.max[q], 1.0 / self.tau);
        }
        let tells = sims.iter().filter(|weight| **weight > NOTHING).count();
        if b > 1 && tells > sims.len() / 8 {
            return matmul_alone(
                &mut self.sums,
                Mat::new(sims, b, n),
                Mat::new(rows, n, d),
                Store::Add,
            );
        }
        for (sum, weights) in self.sums.chunks_exact_mut(d).zip(sims.chunks_exact(n)) {
            for (weight, row) in weights.iter().zip(rows.chunks_exact(d)) {
                if *weight > NOTHING {
                    add_scaled(sum, *weight, row);
                }
            }
        }
    }

    /// Adds what another segment's rows sum up to.
    fn join(&mut self, other: &Self) {
        let d = self.sums.len() / self.max.len();
        for q in 0..self.max.len() {
            self.rescale(q, other.max[q]);
            let factor = ((other.max[q] - self.max[q]) / self.tau).exp();
            self.total[q] += other.total[q] * f64::from(factor);
            add_scaled(
                &mut self.sums[q * d..][..d],
                factor,
                &other.sums[q * d..][..d],
            );
        }
    }

    /// Scales the sums of query `q` to `max`, where that is larger than the largest so far.
    fn rescale(&mut self, q: usize, max: f32) {
        if max > self.max[q] {
            let d = self.sums.len() / self.max.len();
            let factor = ((self.max[q] - max) / self.tau).exp();
            self.total[q] *= f64::from(factor);
            (self.sums[q * d..][..d].iter_mut()).for_each(|x| *x *= factor);
            self.max[q] = max;
        }
    }

    /// The weighted means, [B, d].
    fn means(&self) -> Vec<f32> {
        let d = self.sums.len() / self.max.len();
        let each = self.sums.chunks_exact(d).zip(&self.total);
        let mean = |(sum, total): (&'_ [f32], &f64)| -> Vec<f32> {
            let total = *total as f32;
            sum.iter().map(|x| x / total).collect()
        };
        each.flat_map(mean).collect()
    }
}

impl Best {
    /// Meets rows from `first` on.
    fn take_in(&mut self, first: usize, sims: &[f32]) {
        for (index, &similarity) in (first..).zip(sims) {
            // A later row loses to an equal one before it.
            if self.k > 0 && (self.hits.len() < self.k || similarity > self.least) {
                self.hits.push(Hit { index, similarity });
                if self.hits.len() >= 2 * self.k {
                    self.keep();
                }
            }
        }
        self.keep();
    }

    fn join(&mut self, others: Vec<Hit>) {
        self.hits.extend(others);
        self.keep();
    }

    /// Keeps the `k` best, best first; of equal ones the lower index first.
    fn keep(&mut self) {
        let order = |a: &Hit, b: &Hit| {
            let by_similarity = b.similarity.total_cmp(&a.similarity);
            by_similarity.then(a.index.cmp(&b.index))
        };
        self.hits.sort_unstable_by(order);
        self.hits.truncate(self.k);
        if let Some(last) = self.hits.last().filter(|_| self.hits.len() == self.k) {
            self.least = last.similarity;
        }
    }
}

fn batch_of_one(query: &Embedding) -> Embeddings {
    let mut batch = Embeddings::empty(query.as_slice().len());
    batch.push(query);
    batch
}

/// softmax(x / tau) in place, the largest entry subtracted first and the sum taken in f64.
fn softmax(x: &mut [f32], tau: f32) {
    let max = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    x.iter_mut().for_each(|x| *x = ((*x - max) / tau).exp());
    let sum = x.iter().map(|&x| f64::from(x)).sum::<f64>() as f32;
    x.iter_mut().for_each(|x| *x /= sum);
}
