//! Search: queries [B, d] against all rows [N, d], block by block, exactly.
//!
//! ```text
//! segments (parallel) > blocks of rows that fit a core's cache > similarities [rows, B]
//!     -> the k best so far                                    (nearest)
//!     -> the largest m, sum of w = exp((s - m) / tau), w rows  (projection, Eq. 4 and 5, in one pass over the rows)
//! ```
//!
//! Segments are cut by the number of rows alone and joined in order, so that the number of threads does not change a bit.
//! Neither the similarities nor f16 or int8 rows as f32 are ever materialised whole: one query is multiplied with the rows as
//! stored, several with each block
//! widened once.

use std::ops::Range;

use rayon::prelude::*;
use wsac_nn::matmul::{Mat, Packed, ProductDtype, Store, matmul};
use wsac_nn::search::{add_scaled, any_above, largest_of_columns, weigh, weigh_columns};

use super::{Hit, Memory};
use crate::error::{Error, Result};
use wsac_encoders::embedding::{Embedding, Embeddings, dot, normalize};
use wsac_tensors::matrix::View;

/// Values per block: 512 KB as f32, half of a core's L2 cache.
const BLOCK: usize = 1 << 17;
/// The most segments: each keeps a sum of rows for each query.
const SEGMENTS: usize = 16;
/// Queries searched for at once.
const QUERIES: usize = 64;
/// Weights below this share of the largest are skipped: all of them together are below the precision of f32.
const NOTHING: f32 = 1e-15;

/// Rows to multiply with queries, and buffers for that.
#[derive(Default)]
struct Block<'a> {
    range: Range<usize>,
    /// [n, d] as stored.
    kept: Option<View<'a>>,
    /// [n, d] if they are not stored as f32 and there are several queries.
    wide: Vec<f32>,
    /// [n, B], and then their weights.
    sims: Vec<f32>,
    /// The rows as a right operand.
    panels: Packed,
}

/// For each query the softmax-weighted sum of the rows met so far, scaled to the largest similarity among them.
struct Weighted {
    /// [B].
    max: Vec<f32>,
    total: Vec<f64>,
    /// [B, d].
    sums: Vec<f32>,
    tau: f32,
}

/// The best hits so far of each query: all of the `k` best, and fewer than as many others.
struct Best {
    hits: Vec<Vec<Hit>>,
    k: usize,
    /// What a hit must exceed to be among the best, [B].
    least: Vec<f32>,
}

impl Memory {
    /// The similarity of each of `queries` [B, d] to each row: [B, N].
    ///
    /// # Panics
    /// If the queries have another width.
    pub fn similarities(&self, queries: &Embeddings) -> Vec<f32> {
        let n = self.len();
        let queries = self.centred(queries);
        let blocks: Vec<(Range<usize>, Vec<f32>)> = self
            .blocks()
            .map(|range| {
                let mut block = Block::default();
                self.meet(&queries, range.clone(), &mut block);
                (range, block.sims)
            })
            .collect();
        let mut all = vec![0.0; queries.len() * n];
        for (range, sims) in blocks {
            for (i, sims) in range.zip(sims.chunks_exact(queries.len())) {
                (sims.iter().enumerate()).for_each(|(q, sim)| all[q * n + i] = *sim);
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
        let k = k.min(self.len());
        let found = self.search(queries, |b| Best::none(b, k), Best::take_in, Best::join);
        found.into_iter().flat_map(Best::sorted).collect()
    }

    /// The paper's projection of `query` on the memory, [d]: the sum of rows weighted by softmax(similarity / tau)
    /// (Eq. 4 and 5; its length is at most 1). With `top_k` only the `k` most similar rows take part.
    ///
    /// # Errors
    /// If `tau` is not positive or `top_k` is 0.
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
        let sums = self.search(queries, empty, Weighted::take_in, Weighted::join);
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

    /// Multiplies queries with all rows: `take_in(so far, block)` for the blocks of a segment in order, then
    /// `join(so far, next segment's)`. One result for each [`QUERIES`].
    fn search<T: Send>(
        &self,
        queries: &Embeddings,
        empty: impl Fn(usize) -> T + Sync,
        take_in: impl Fn(&mut T, &mut Block) + Sync,
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
                let mut block = Block::default();
                for i in segment * each..((segment + 1) * each).min(blocks) {
                    self.meet(&some, self.range(i), &mut block);
                    take_in(&mut so_far, &mut block);
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

    /// Fills `block` with the rows of `range` and their similarities to `queries`.
    fn meet<'a>(&'a self, queries: &Centred, range: Range<usize>, block: &mut Block<'a>) {
        let (b, d, n) = (queries.len(), self.dim(), range.len());
        let kept = self.rows.view(range.clone());
        (block.range, block.kept) = (range.clone(), Some(kept));
        block.sims.resize(n * b, 0.0);
        if b == 1 {
            kept.dots(&mut block.sims, &queries.points);
        } else {
            if kept.as_f32().is_none() {
                block.wide.resize(n * d, 0.0);
                self.rows.copy_to(range.clone(), &mut block.wide);
            }
            let rows = kept.as_f32().unwrap_or(&block.wide);
            let rows = Mat::new(rows, n, d);
            matmul(&mut block.sims, rows, &queries.panels, Store::Set);
        }
        if let Some(centring) = &self.centring {
            let norms = &centring.inverse_norms[range];
            for (sims, norm) in block.sims.chunks_exact_mut(b).zip(norms) {
                (sims.iter_mut().zip(&queries.offsets)).for_each(|(s, o)| *s = (*s - o) * norm);
            }
        }
    }

    /// Queries ready to be multiplied with the rows, and what to subtract from each product:
    /// cos(a - c', m - c) = (u m - u c) / |m - c| with u = unit(a - c'), c' being c or the mean of sounds.
    fn centred(&self, queries: &Embeddings) -> Centred {
        assert_eq!(queries.dim(), self.dim(), "a query has the memory's width");
        let mut points = queries.as_slice().to_vec();
        let mut offsets = vec![0.0; queries.len()];
        if let Some(centring) = &self.centring {
            let mean = &centring.mean;
            let from = centring.sounds.as_ref().unwrap_or(mean);
            for (u, offset) in points.chunks_exact_mut(mean.len()).zip(&mut offsets) {
                u.iter_mut().zip(from).for_each(|(u, c)| *u -= c);
                // A query at the centre has no direction: all its similarities become 0.
                if !normalize(u) {
                    u.fill(0.0);
                }
                *offset = dot(u, mean);
            }
        }
        let mut panels = Packed::default();
        if queries.len() > 1 {
            let points = Mat::new(&points, queries.len(), queries.dim());
            panels.repack(points.t(), ProductDtype::F32);
        }
        Centred {
            points,
            offsets,
            panels,
        }
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
        if let Some(rows) = self.rows.view(range.clone()).as_f32() {
            return rows;
        }
        buffer.resize(range.len() * self.dim(), 0.0);
        self.rows.copy_to(range, buffer);
        buffer
    }
}

/// Queries [B, d] ready to be multiplied with the rows.
struct Centred {
    points: Vec<f32>,
    /// One per query.
    offsets: Vec<f32>,
    /// The points as a right operand [d, B], where there are several.
    panels: Packed,
}

impl Centred {
    fn len(&self) -> usize {
        self.offsets.len()
    }
}

impl Weighted {
    /// Adds the rows of `block` weighted by exp(similarity / tau); its similarities become the weights.
    fn take_in(&mut self, block: &mut Block) {
        let (b, d, n) = (
            self.max.len(),
            self.sums.len() / self.max.len(),
            block.range.len(),
        );
        let mut largest = vec![f32::NEG_INFINITY; b];
        largest_of_columns(&block.sims, &mut largest);
        largest
            .iter()
            .enumerate()
            .for_each(|(q, most)| self.rescale(q, *most));
        let factor = 1.0 / self.tau;
        let (weights, Some(kept)) = (&mut block.sims, block.kept) else {
            return;
        };
        if b == 1 {
            self.total[0] += weigh(weights, self.max[0], factor);
            return kept.add_weighted(&mut self.sums, weights, NOTHING);
        }
        weigh_columns(weights, &self.max, factor, &mut self.total);
        let rows = kept.as_f32().unwrap_or(&block.wide);
        let tells = weights.iter().filter(|weight| **weight > NOTHING).count();
        if tells > weights.len() / 8 {
            block.panels.repack(Mat::new(rows, n, d), ProductDtype::F32);
            let weights = Mat::new(weights, n, b).t();
            return matmul(&mut self.sums, weights, &block.panels, Store::Add);
        }
        for (weights, row) in weights.chunks_exact(b).zip(rows.chunks_exact(d)) {
            for (weight, sum) in weights.iter().zip(self.sums.chunks_exact_mut(d)) {
                if *weight > NOTHING {
                    add_scaled(sum, *weight, row);
                }
            }
        }
    }

    /// Adds the sums of another segment.
    fn join(&mut self, other: Self) {
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
    /// Empty: for `b` queries the `k` best are wanted.
    fn none(b: usize, k: usize) -> Self {
        let least = if k == 0 {
            f32::INFINITY
        } else {
            f32::NEG_INFINITY
        };
        Self {
            hits: vec![Vec::new(); b],
            k,
            least: vec![least; b],
        }
    }

    /// Takes in the rows of `block`.
    fn take_in(&mut self, block: &mut Block) {
        let sims = block.sims.chunks_exact(self.least.len());
        for (index, sims) in block.range.clone().zip(sims) {
            if any_above(sims, &self.least) {
                for (q, &similarity) in sims.iter().enumerate() {
                    // A later row loses to an equal earlier one.
                    if similarity > self.least[q] {
                        self.hits[q].push(Hit { index, similarity });
                        if self.hits[q].len() >= 2 * self.k {
                            self.keep(q);
                        }
                    }
                }
            }
        }
    }

    fn join(&mut self, others: Self) {
        for (q, others) in others.hits.into_iter().enumerate() {
            self.hits[q].extend(others);
            self.keep(q);
        }
    }

    /// Keeps the `k` best of query `q`, best first; of equal ones the lower index first.
    fn keep(&mut self, q: usize) {
        let hits = &mut self.hits[q];
        let order = |a: &Hit, b: &Hit| {
            let by_similarity = b.similarity.total_cmp(&a.similarity);
            by_similarity.then(a.index.cmp(&b.index))
        };
        hits.sort_unstable_by(order);
        hits.truncate(self.k);
        if let Some(last) = hits.last().filter(|_| hits.len() == self.k) {
            self.least[q] = last.similarity;
        }
    }

    /// The best of each query, in order.
    fn sorted(mut self) -> Vec<Vec<Hit>> {
        (0..self.hits.len()).for_each(|q| self.keep(q));
        self.hits
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
