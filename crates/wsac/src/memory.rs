//! Memory: captions and their text embeddings [N, d], searched exactly.
//!
//! A query [d] in; the nearest captions, or the softmax-weighted sum of all rows [d], out. Rows are unit f32, f16 or int8,
//! in memory or in a mapped file, and are multiplied block by block, so that they are never all f32 at once.

mod dedup;
mod file;
mod search;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use wsac_metrics::Corpus;

use crate::error::{Error, Result};
use crate::texts::Texts;
pub use dedup::{Repeats, distinct};
use wsac_encoders::embedding::Embeddings;
use wsac_tensors::dtype::StorageDtype;
use wsac_tensors::matrix::EmbeddingMatrix;

/// Captions with their unit embeddings.
#[derive(Debug, Clone)]
pub struct Memory {
    captions: Texts,
    rows: EmbeddingMatrix,
    centring: Option<Centring>,
    description: Option<String>,
    /// See [`Memory::corpus`].
    corpus: OnceLock<Arc<Corpus>>,
}

/// The point from which the angle between a query and a row is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Centre {
    /// From the origin: the cosine, as in the paper.
    #[default]
    None,
    /// From the mean of the memory's rows, subtracted from both. Best if all texts share a large common component, as in
    /// the sentence space of `mini`.
    MemoryMean,
}

#[derive(Debug, Clone)]
struct Centring {
    mean: Vec<f32>,
    /// The point that queries are measured from, if another: the mean of sounds.
    sounds: Option<Vec<f32>>,
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
    /// If their numbers differ, there are none, or the text exceeds 4 GB.
    pub fn new<S: AsRef<str>>(captions: &[S], embeddings: Embeddings) -> Result<Self> {
        let mut texts = Texts::new();
        captions.iter().try_for_each(|c| texts.push(c.as_ref()))?;
        let rows = EmbeddingMatrix::new(embeddings.dim(), embeddings.into_vec())?;
        Self::from_parts(texts, rows).map_err(Error::Config)
    }

    /// A memory of `captions`, row `i` of `rows` being the embedding of caption `i`; rows are scaled to unit length.
    ///
    /// # Errors
    /// If their numbers differ, there are none, or a row has no direction.
    pub fn from_rows(captions: Texts, mut rows: EmbeddingMatrix) -> Result<Self> {
        rows.normalise()?;
        Self::from_parts(captions, rows).map_err(Error::Config)
    }

    fn from_parts(captions: Texts, rows: EmbeddingMatrix) -> std::result::Result<Self, String> {
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
            corpus: OnceLock::new(),
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

    /// Document frequencies of its captions, as CIDEr uses them. Computed on first use (a second for 100,000 captions).
    pub fn corpus(&self) -> &Corpus {
        let count = || Arc::new(Corpus::of(&self.captions().collect::<Vec<_>>()));
        self.corpus.get_or_init(count)
    }

    /// The embeddings [N, d] as stored.
    pub fn rows(&self) -> &EmbeddingMatrix {
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
    /// If there are no indices.
    ///
    /// # Panics
    /// If an index is not below `len()`.
    pub fn subset(&self, indices: &[usize]) -> Result<Self> {
        let captions: Vec<&str> = indices.iter().map(|&i| self.caption(i)).collect();
        let rows = indices.iter().flat_map(|&i| self.embedding(i)).collect();
        let mut part = Self::new(&captions, Embeddings::new(self.dim(), rows)?)?;
        part.centre_as(self);
        part.description = self.description.clone();
        Ok(part)
    }

    /// The same memory with rows stored as `kind`, still of unit length.
    ///
    /// # Errors
    /// Never for a memory that was made or loaded here: its rows are never zero.
    pub fn kept_as(&self, kind: StorageDtype) -> Result<Self> {
        let mut rows = self.rows.kept_as(kind);
        rows.normalise()?;
        let mut memory = Self::from_parts(self.captions.clone(), rows).map_err(Error::Config)?;
        memory.description = self.description.clone();
        memory.centre_as(self);
        Ok(memory)
    }

    /// Sets the point that similarities are measured from; it is saved with the memory.
    pub fn set_centre(&mut self, centre: Centre) {
        self.centring = None;
        if centre == Centre::MemoryMean {
            self.centre_on(self.mean());
        }
    }

    /// As [`Centre::MemoryMean`], but queries, which are sounds, are measured from their own mean (C3): the memory's, moved
    /// by the modality `gap` [d] ([`gap`](crate::bridge::gap)). Queries that are texts no longer fit then.
    ///
    /// # Errors
    /// If the gap has another width or is not finite.
    pub fn centre_each(&mut self, gap: &[f32]) -> Result<()> {
        if gap.len() != self.dim() || !gap.iter().all(|x| x.is_finite()) {
            let (is, wanted) = (gap.len(), self.dim());
            return Err(Error::Config(format!(
                "the gap has width {is}, the memory {wanted}; measure it with the same encoder (`wsac gap --audio`)"
            )));
        }
        self.set_centre(Centre::MemoryMean);
        if let Some(centring) = &mut self.centring {
            let moved = centring.mean.iter().zip(gap).map(|(m, g)| m + g);
            centring.sounds = Some(moved.collect());
        }
        Ok(())
    }

    /// The point that similarities are measured from.
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
            .flat_map_iter(|range| {
                let mut rows = Vec::new();
                let rows = self.block(range, &mut rows);
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
            sounds: None,
            inverse_norms,
        });
    }

    /// Measures similarities from the same point as `other`.
    fn centre_as(&mut self, other: &Self) {
        if let Some(Centring { mean, sounds, .. }) = &other.centring {
            self.centre_on(mean.clone());
            self.centring
                .iter_mut()
                .for_each(|c| c.sounds = sounds.clone());
        }
    }

    /// The point [d] that similarities are measured from, if it is not the origin.
    pub fn origin(&self) -> Option<&[f32]> {
        self.centring.as_ref().map(|centring| &centring.mean[..])
    }

    /// The point [d] that queries are measured from, if it is not the origin: [`Memory::origin`], or the mean of sounds.
    pub fn origin_of_queries(&self) -> Option<&[f32]> {
        let centring = self.centring.as_ref()?;
        Some(centring.sounds.as_ref().unwrap_or(&centring.mean))
    }

    /// The gap that was given to [`Memory::centre_each`], [d].
    pub fn gap(&self) -> Option<Vec<f32>> {
        let Centring { mean, sounds, .. } = self.centring.as_ref()?;
        let pairs = sounds.as_ref()?.iter().zip(mean);
        Some(pairs.map(|(s, m)| s - m).collect())
    }

    /// Free text that is saved with the memory, e.g. the name of its text tower.
    pub fn describe(&mut self, text: impl Into<String>) {
        self.description = Some(text.into());
    }

    /// The text given to [`Memory::describe`].
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }
}
