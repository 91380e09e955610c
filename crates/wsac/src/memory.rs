//! Memory: captions and their text embeddings [N, d], searched exactly.
//!
//! A query [d] in; the nearest captions, or the softmax-weighted sum of all rows [d], out. Rows are unit f32 or int8 and
//! are multiplied block by block, so that int8 rows are never all f32 at once.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;
use wsac_nn::matmul::{Mat, Store, matmul};

use crate::embedding::{Embedding, Embeddings, dot};
use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::tensors::{TensorFile, Tensors};
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

    /// The memory as a safetensors file: `embeddings` [N, d] (and `embeddings.scale` [N] where int8), `captions` (UTF-8
    /// text), `offsets` u32 [N + 1], and `centre` [d] where similarities are measured from a mean.
    ///
    /// # Errors
    /// Where the numbers cannot be written; never for a memory that was made or loaded here.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.file().to_bytes()
    }

    /// Writes [`Memory::to_bytes`] to `path`, all at once.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.file().save(path)
    }

    fn file(&self) -> TensorFile {
        let mut file = TensorFile::new();
        self.rows.write(&mut file, "embeddings");
        let (text, offsets) = self.captions.to_parts();
        file.bytes("captions", text.as_bytes());
        file.u32("offsets", &offsets);
        if let Some(centring) = &self.centring {
            file.f32("centre", &[self.dim()], &centring.mean);
        }
        if let Some(text) = &self.description {
            file.describe(text);
        }
        file
    }

    /// Reads what [`Memory::to_bytes`] made; `path` is its name in messages. Embeddings may be f32, f16, bf16 or int8
    /// with scales, and are scaled to unit length.
    ///
    /// # Errors
    /// Where `bytes` are no memory, or its parts do not fit each other.
    pub fn from_bytes(path: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        let path = path.as_ref();
        let wrong =
            |why: String| Error::model(path, format!("is no memory that wsac can use: {why}"));
        let tensors = Tensors::parse(path, bytes)?;
        let mut rows = Rows::read(&tensors, "embeddings")?;
        rows.normalise().map_err(|e| wrong(e.to_string()))?;
        let text = std::str::from_utf8(tensors.get_bytes("captions")?)
            .map_err(|_| wrong("its captions are not UTF-8".into()))?;
        let captions = Texts::from_parts(text.to_owned(), &tensors.get_u32("offsets")?)
            .ok_or_else(|| wrong("the offsets of its captions do not fit their text".into()))?;
        let mut memory = Self::from_parts(captions, rows).map_err(wrong)?;
        if tensors.shape("centre").is_some() {
            memory.centre_on(tensors.get("centre", &[memory.dim()])?);
        }
        memory.description = tensors.description().map(str::to_owned);
        Ok(memory)
    }

    /// Reads [`Memory::from_bytes`] from `path`.
    ///
    /// # Errors
    /// Where the file cannot be read or is no memory.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        Self::from_bytes(path, &bytes)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rng::Stream;

    fn embeddings(name: &str, n: usize, d: usize) -> Embeddings {
        let stream = Stream::new(name);
        // A common part, as text embeddings have, so that centring changes something.
        let number =
            |i: u64| stream.symmetric(i, 1.0) + if i.is_multiple_of(3) { 0.5 } else { 0.0 };
        Embeddings::new(d, (0..(n * d) as u64).map(number).collect()).unwrap()
    }

    fn memory(n: usize, d: usize) -> Memory {
        let captions: Vec<String> = (0..n).map(|i| format!("caption {i} à")).collect();
        Memory::new(&captions, embeddings("memory", n, d)).unwrap()
    }

    /// The definition, in f64.
    fn cosine_from(centre: &[f32], a: &[f32], b: &[f32]) -> f64 {
        let part = |x: &[f32], i: usize| f64::from(x[i]) - f64::from(centre[i]);
        let sum = |x, y| -> f64 { (0..a.len()).map(|i| part(x, i) * part(y, i)).sum() };
        sum(a, b) / (sum(a, a) * sum(b, b)).sqrt()
    }

    #[test]
    fn similarities_are_cosines_from_the_origin_or_the_mean() {
        let (mut memory, queries) = (memory(1300, 24), embeddings("queries", 3, 24));
        let mean = embeddings("memory", 1300, 24).mean();
        for centre in [Centre::None, Centre::MemoryMean] {
            memory.set_centre(centre);
            let from = match centre {
                Centre::None => vec![0.0; 24],
                Centre::MemoryMean => mean.clone(),
            };
            let all = memory.similarities(&queries);
            for (q, query) in queries.rows().enumerate() {
                for i in 0..1300 {
                    let wanted = cosine_from(&from, query, &memory.embedding(i));
                    assert!((f64::from(all[q * 1300 + i]) - wanted).abs() < 1e-6);
                }
            }
            let int8 = memory.quantise().unwrap();
            assert_eq!(int8.centre(), centre);
            let tolerance = if centre == Centre::None { 0.005 } else { 0.01 };
            crate::golden::assert_close("int8", &int8.similarities(&queries), &all, tolerance);
        }
    }

    #[test]
    fn of_equal_rows_the_lower_index_is_nearer() {
        let rows = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.6, 0.8]].concat();
        let captions = ["a", "b", "c", "d"];
        let memory = Memory::new(&captions, Embeddings::new(2, rows).unwrap()).unwrap();
        let query = Embedding::new(vec![1.0, 0.0]).unwrap();
        let found =
            |k| -> Vec<usize> { memory.nearest(&query, k).iter().map(|h| h.index).collect() };
        assert_eq!(found(9), [0, 2, 3, 1]);
        assert_eq!(found(2), [0, 2]);
        assert_eq!(found(1), [0]);
        assert!(found(0).is_empty());
    }

    #[test]
    fn a_batch_is_its_queries_one_by_one() {
        let (memory, queries) = (memory(1030, 16).quantise().unwrap(), embeddings("q", 5, 16));
        for top_k in [None, Some(7), Some(5000)] {
            let all = memory.project_batch(&queries, 0.05, top_k).unwrap();
            let one_by_one: Vec<f32> = (0..5)
                .flat_map(|i| memory.project(&queries.get(i), 0.05, top_k).unwrap())
                .collect();
            crate::golden::assert_close("projection", &all, &one_by_one, 1e-6);
        }
        for (i, hits) in memory.nearest_batch(&queries, 3).iter().enumerate() {
            let indices = |hits: &[Hit]| hits.iter().map(|h| h.index).collect::<Vec<_>>();
            assert_eq!(indices(hits), indices(&memory.nearest(&queries.get(i), 3)));
        }
        assert!(memory.project_batch(&queries, 0.0, None).is_err());
        assert!(memory.project_batch(&queries, 0.1, Some(0)).is_err());
    }

    #[test]
    fn a_saved_memory_is_the_same_when_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.safetensors");
        let mut whole = memory(20, 8);
        whole.set_centre(Centre::MemoryMean);
        whole.describe("minilm");
        for memory in [whole.quantise().unwrap(), whole] {
            memory.save(&path).unwrap();
            let loaded = Memory::load(&path).unwrap();
            assert!(loaded.captions().eq(memory.captions()));
            assert_eq!(loaded.to_bytes().unwrap(), memory.to_bytes().unwrap());
            assert_eq!(loaded.description(), Some("minilm"));
            let query = embeddings("q", 1, 8);
            assert_eq!(loaded.similarities(&query), memory.similarities(&query));
            let part = loaded.subset(&[3, 1]).unwrap();
            assert_eq!(part.caption(0), "caption 3 à");
            crate::golden::assert_close("row", &part.embedding(1), &loaded.embedding(1), 1e-7);
        }
    }

    #[test]
    fn lying_files_are_told() {
        let parts = |captions: &[u8], offsets: &[u32], rows: &[f32]| {
            let mut file = TensorFile::new();
            file.bytes("captions", captions);
            file.u32("offsets", offsets);
            file.f32("embeddings", &[rows.len() / 2, 2], rows);
            let bytes = file.to_bytes().unwrap();
            Memory::from_bytes("m.safetensors", &bytes).map_err(|e| e.to_string())
        };
        let unit = [1.0, 0.0, 0.0, 1.0];
        assert!(parts(b"ab", &[0, 1, 2], &unit).is_ok());
        for (captions, offsets, rows, why) in [
            (
                &b"ab"[..],
                &[0, 2][..],
                &unit[..],
                "1 captions but 2 embeddings",
            ),
            (b"ab", &[0, 2, 1], &unit, "do not fit"),
            (b"ab", &[0, 1, 9], &unit, "do not fit"),
            (b"ab", &[1, 1, 2], &unit, "do not fit"),
            ("é".as_bytes(), &[0, 1, 2], &unit, "do not fit"),
            (b"\xff\xfe", &[0, 1, 2], &unit, "not UTF-8"),
            (b"ab", &[0, 1, 2], &[1.0, 0.0, 0.0, 0.0], "row 1 is zero"),
            (
                b"ab",
                &[0, 1, 2],
                &[1.0, 0.0, f32::NAN, 0.0],
                "row 1 is zero or not finite",
            ),
            (b"", &[0], &[], "at least one"),
            (b"", &[], &[], "do not fit"),
        ] {
            let error = parts(captions, offsets, rows).unwrap_err();
            assert!(
                error.starts_with("m.safetensors: ") && error.contains(why),
                "{error}"
            );
        }
        let error = Memory::new(&["a"], embeddings("e", 2, 2))
            .unwrap_err()
            .to_string();
        assert!(error.contains("1 captions but 2"), "{error}");
    }

    /// cargo test --release -p wsac memory -- --ignored --nocapture
    #[test]
    #[ignore = "a measurement, not a check"]
    fn measure_loading_and_searching() {
        let mut memory = memory(10_000, 384).quantise().unwrap();
        memory.set_centre(Centre::MemoryMean);
        let (bytes, queries) = (memory.to_bytes().unwrap(), embeddings("q", 64, 384));
        let query = queries.get(0);
        for _ in 0..3 {
            let start = std::time::Instant::now();
            let loaded = Memory::from_bytes("m", &bytes).unwrap();
            println!("load 10,000 int8 rows: {:?}", start.elapsed());
            let start = std::time::Instant::now();
            loaded.nearest(&query, 5);
            println!("nearest: {:?}", start.elapsed());
            let start = std::time::Instant::now();
            loaded.project(&query, 0.02, None).unwrap();
            println!("project: {:?}", start.elapsed());
            let start = std::time::Instant::now();
            loaded.project_batch(&queries, 0.02, None).unwrap();
            println!("project 64: {:?}", start.elapsed());
        }
    }
}
