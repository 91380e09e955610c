//! Auxiliary embeddings: rows that may replace a caption's own in training, and the pieces that may be in its
//! prompt.
//!
//! Captions, their clips and embeddings [n, d] -> [`Auxiliary`]. Results that need a product of all captions with all are kept
//! in the cache beside the embeddings.

use std::path::PathBuf;

use super::config::{Related, TrainConfig};
use super::examples::Prompts;
use super::hash::hash;
use super::job::Job;
use super::lists::RaggedLists;
use super::related::{Clips, NO_CLIP};
use crate::bridge::{Bridge, Strategy};
use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::prompt::{self, Prompting};
use wsac_encoders::embedding::Embeddings;
use wsac_encoders::tokenizer::Tokenizer;
use wsac_tensors::safetensors::{TensorFile, Tensors};

/// The most related captions, or pieces of a prompt, that one is drawn from.
const POOL: usize = 16;

/// The captions to find them for.
pub(super) struct Request<'a> {
    pub config: &'a TrainConfig,
    pub job: &'a Job<'a>,
    pub tokenizer: &'a Tokenizer,
    pub captions: &'a [&'a String],
    /// The clip of each.
    pub clips: &'a [u32],
    /// Their embeddings.
    pub rows: &'a Embeddings,
    /// Those of the captions held out.
    pub unseen: &'a Embeddings,
    /// The index of the first new row.
    pub next: usize,
    /// Identifies these captions and their space.
    pub fingerprint: &'a str,
}

/// The result.
#[derive(Default)]
pub(super) struct Auxiliary {
    /// [`super::examples::Examples::related`].
    pub related: Vec<RaggedLists>,
    /// New rows, [.., d].
    pub rows: Vec<f32>,
    /// [`super::examples::Examples::prompts`], and those of the captions held out.
    pub prompts: Prompts,
    pub unseen: Prompts,
    /// The names of sounds and their embeddings, if they are used as prompts.
    pub keywords: Option<Memory>,
}

impl Request<'_> {
    pub fn find(&self) -> Result<Auxiliary> {
        let config = self.config;
        let mut memory = Memory::new(self.captions, self.rows.clone())?;
        memory.set_centre(self.job.defaults.centre);
        let captions = Clips {
            memory: &memory,
            rows: self.rows,
            clips: self.clips,
        };
        let mut found = Auxiliary::default();
        for replace in &config.replace {
            let lists = match replace.by {
                Related::Clip => self.clip_by_clip(|own| {
                    let others = |i: usize| own.clone().filter(move |&j| j != i);
                    own.clone()
                        .map(move |i| others(i).map(|j| j as u32).collect())
                        .collect()
                }),
                Related::Near => {
                    let band = (replace.low, replace.high);
                    self.near(&captions, (self.rows, self.clips), band)?
                }
                Related::Projection => {
                    let first = self.next + found.rows.len() / self.rows.dim();
                    found.rows.extend(self.projections(&captions)?);
                    self.clip_by_clip(|own| {
                        let rows = |_| own.clone().map(|j| (first + j) as u32).collect();
                        own.clone().map(rows).collect()
                    })
                }
            };
            found.related.push(lists);
        }
        match config.prompt {
            Prompting::None => {}
            Prompting::Captions { low, high, .. } => {
                let nobody = vec![NO_CLIP; self.unseen.len()];
                let pieces = self.captions.iter();
                let pieces = pieces.map(|c| prompt::tokens(self.tokenizer, c)).collect();
                found.prompts = Prompts {
                    pieces,
                    lists: self.near(&captions, (self.rows, self.clips), (low, high))?,
                };
                // At test time the nearest are taken, however near.
                found.unseen = Prompts {
                    pieces: found.prompts.pieces.clone(),
                    lists: captions.near((self.unseen, &nobody), (-1.0, 1.0), config.prompt.most()),
                };
            }
            Prompting::Keywords { most, .. } => {
                let keywords = prompt::keywords(self.job.text, self.job.defaults.centre)?;
                let names = keywords.captions();
                let pieces: Vec<_> = names.map(|n| prompt::tokens(self.tokenizer, n)).collect();
                let of = |rows: &Embeddings| {
                    let mut lists = RaggedLists::default();
                    for hits in keywords.nearest_batch(rows, most) {
                        lists.push(hits.iter().map(|hit| hit.index as u32));
                    }
                    Prompts {
                        pieces: pieces.clone(),
                        lists,
                    }
                };
                (found.prompts, found.unseen) = (of(self.rows), of(self.unseen));
                found.keywords = Some(keywords);
            }
        }
        Ok(found)
    }

    /// The lists that `make` gives for the captions of each clip in turn.
    fn clip_by_clip(&self, make: impl Fn(std::ops::Range<usize>) -> Vec<Vec<u32>>) -> RaggedLists {
        let (mut lists, mut start) = (RaggedLists::default(), 0);
        for own in self.clips.chunk_by(|a, b| a == b) {
            let range = start..start + own.len();
            start = range.end;
            make(range).into_iter().for_each(|list| lists.push(list));
        }
        lists
    }

    fn near(
        &self,
        captions: &Clips,
        of: (&Embeddings, &[u32]),
        band: (f32, f32),
    ) -> Result<RaggedLists> {
        let n = of.0.len();
        let file = self.file(&format!("near {band:?} {POOL}"));
        if let Some(path) = &file
            && let Ok(bytes) = std::fs::read(path)
            && let Ok(tensors) = Tensors::parse(path, &bytes)
            && let (Ok(ends), Ok(items)) = (tensors.get_u32("ends"), tensors.get_u32("items"))
            && let Some(lists) = RaggedLists::from_parts(ends, items, n)
        {
            return Ok(lists);
        }
        let lists = captions.near(of, band, POOL);
        self.keep(file, |out| {
            let (ends, items) = lists.parts();
            out.u32("ends", ends);
            out.u32("items", items);
        })?;
        Ok(lists)
    }

    fn projections(&self, captions: &Clips) -> Result<Vec<f32>> {
        // With the temperature of the space, or the default.
        let usual = Strategy::bridge(
            Some(Strategy::Projection),
            None,
            None,
            self.job.defaults.bridge,
        )?;
        let Some(Bridge::Project { tau, .. }) = usual else {
            return Ok(Vec::new());
        };
        let shape = [self.rows.len(), self.rows.dim()];
        let file = self.file(&format!("projection {tau}"));
        if let Some(path) = &file
            && let Ok(bytes) = std::fs::read(path)
            && let Ok(tensors) = Tensors::parse(path, &bytes)
            && let Ok(rows) = tensors.get("projections", &shape)
        {
            return Ok(rows);
        }
        let rows = captions.projections(tau);
        self.keep(file, |out| out.f32("projections", &shape, &rows))?;
        Ok(rows)
    }

    /// The cache file of `what`.
    fn file(&self, what: &str) -> Option<PathBuf> {
        let clips = self
            .clips
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(" ");
        let key = hash([self.fingerprint, &clips, what]);
        let name = format!(
            "{}-related-{}.safetensors",
            self.config.precision.mark(&self.job.space.identity),
            &key[..24]
        );
        Some(self.job.cache.as_ref()?.join(name))
    }

    fn keep(&self, file: Option<PathBuf>, fill: impl FnOnce(&mut TensorFile)) -> Result<()> {
        let (Some(path), Some(folder)) = (file, &self.job.cache) else {
            return Ok(());
        };
        std::fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
        let mut out = TensorFile::new();
        fill(&mut out);
        Ok(out.save(&path)?)
    }
}
