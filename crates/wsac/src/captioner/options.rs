//! How recordings are captioned: the bridge, the search, the ranking, and the memory that is leaned on.

use std::sync::Arc;

use super::ranking::Rerank;
use crate::bridge::{Bridge, GapMap};
use crate::error::{Error, Result};
use crate::generate::Search;
use crate::memory::Memory;
use crate::model::Model;

/// How recordings are captioned. `Default` is what the model does best with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CaptionOptions {
    /// Moves the audio embeddings to where texts are, before anything else, where paired recordings have shown the way
    /// (`wsac gap learn`).
    pub gap_map: Option<Arc<GapMap>>,
    /// How the modality gap is bridged; the model's own strategy where `None`.
    pub bridge: Option<Bridge>,
    /// The share of the sound's own embedding in what a bridge gives, in [0, 1]: `blend * sound + (1 - blend) * bridged`.
    /// 0 is the paper's. Raise it a little where the memory is small or of another domain.
    pub blend: f32,
    /// How words are searched for. A beam is a little better than greedy and a few times slower.
    pub search: Search,
    /// Whether, of the captions that a beam finds, one that names more of the sounds heard is preferred to a likelier one.
    pub name_sounds: bool,
    /// Whether captions keep to the rules of [`Captioner::rules`](super::Captioner::rules); the paper's know none.
    pub rules: bool,
    /// Further candidates, and by what the one is chosen that is told; `None` tells the likeliest (or what `name_sounds`
    /// prefers).
    pub rerank: Option<Rerank>,
    /// The most tokens of a caption; raise it for captions that stop in the middle.
    pub max_tokens: usize,
    /// How many of the nearest captions of the memory are reported; 0 saves a search.
    pub neighbours: usize,
    /// Use this memory instead of the model's; [`Captioner::fit`](super::Captioner::fit) makes it ready. Recordings that use different
    /// memories can still be captioned together.
    pub memory: Option<Arc<Memory>>,
}

impl CaptionOptions {
    /// What `model` does best with: the default, or ClapCap's own search.
    pub fn of(model: &Model) -> Self {
        if !model.is_clapcap() {
            return Self::default();
        }
        Self {
            search: Search::Average { width: 5 },
            max_tokens: 67,
            ..Self::default()
        }
    }
}

impl Default for CaptionOptions {
    fn default() -> Self {
        Self {
            gap_map: None,
            bridge: None,
            blend: 0.0,
            search: Search::of_width(4),
            name_sounds: true,
            rules: true,
            rerank: None,
            max_tokens: 30,
            neighbours: 3,
            memory: None,
        }
    }
}

/// The captions that a recording is told by.
#[derive(Clone, Copy)]
pub(super) struct Memories<'a> {
    /// What the whole of a recording uses.
    pub captions: Option<&'a Memory>,
    /// What one of several sounds uses, where the model has learned to join them.
    pub clauses: Option<&'a Memory>,
}

impl CaptionOptions {
    /// Says what is wrong with these options.
    pub(super) fn check(&self) -> Result<()> {
        self.search.check()?;
        if let Some(rerank) = &self.rerank {
            rerank.check()?;
        }
        if !(0.0..=1.0).contains(&self.blend) {
            return Err(Error::Config(format!(
                "the share of the sound in a blend is 0 to 1, not {}",
                self.blend
            )));
        }
        Ok(())
    }

    /// The bridges that are asked for (the model's `own` where none is), and the searches for each of them.
    pub(super) fn bridges_and_searches(&self, own: Bridge) -> (Vec<Bridge>, Vec<Search>) {
        let mut bridges = vec![self.bridge.unwrap_or(own)];
        let mut searches = vec![self.search.clone()];
        if let Some(rerank) = &self.rerank {
            for &width in &rerank.widths {
                let search = Search::of_width(width);
                if !searches.contains(&search) {
                    searches.push(search);
                }
            }
            for bridge in &rerank.bridges {
                if !bridges.contains(bridge) {
                    bridges.push(*bridge);
                }
            }
        }
        (bridges, searches)
    }

    /// The memory asked for, which stands in for the clauses too (what the user wants said comes from nowhere else); else
    /// those of `model`.
    pub(super) fn memories<'a>(&'a self, model: &'a Model) -> Memories<'a> {
        match self.memory.as_deref() {
            Some(memory) => Memories {
                captions: Some(memory),
                clauses: model.clauses.as_ref().map(|_| memory),
            },
            None => Memories::of(model),
        }
    }
}

impl<'a> Memories<'a> {
    /// Those of `model`.
    pub fn of(model: &'a Model) -> Self {
        Self {
            captions: model.memory.as_ref(),
            clauses: model.clauses.as_ref(),
        }
    }
}
