//! How recordings are captioned: the bridge, decoding, re-ranking, and the memory.

use std::sync::Arc;

use super::ranking::Rerank;
use crate::bridge::{Bridge, GapMap};
use crate::error::{Error, Result};
use crate::generate::Search;
use crate::memory::Memory;
use crate::model::Model;
use wsac_audio::Hearing;

/// How recordings are captioned. `Default` is what works best with the built-in model.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CaptionOptions {
    /// Which channels and which track are heard, where the captioner opens the recording itself
    /// ([`Captioner::caption`](super::Captioner::caption), [`Captioner::caption_all`](super::Captioner::caption_all)).
    pub hearing: Hearing,
    /// A map across the modality gap, applied to the audio embedding first, if one has been learned from paired recordings
    /// (`wsac gap learn`).
    pub gap_map: Option<Arc<GapMap>>,
    /// How the modality gap is bridged; `None` is the model's own strategy.
    pub bridge: Option<Bridge>,
    /// The share of the audio embedding itself in the output of a bridge, in [0, 1]: `blend * sound + (1 - blend) * bridged`.
    /// 0 is the paper's. Raise it a little if the memory is small or of another domain.
    pub blend: f32,
    /// The decoding strategy. Beam search is a little better than greedy and a few times slower.
    pub search: Search,
    /// Whether a beam's caption that names more of the detected sounds is preferred to a more probable one.
    pub name_sounds: bool,
    /// Whether decoding follows the rules of [`Captioner::rules`](super::Captioner::rules); the paper uses none.
    pub rules: bool,
    /// Additional candidates, and the score that selects the caption; `None` selects the most probable (or what `name_sounds`
    /// prefers).
    pub rerank: Option<Rerank>,
    /// The most tokens of a caption; raise it if captions stop in the middle.
    pub max_tokens: usize,
    /// How many of the nearest captions of the memory to report; 0 saves a search.
    pub neighbours: usize,
    /// Use this memory instead of the model's; [`Captioner::fit`](super::Captioner::fit) prepares it. Recordings with different
    /// memories can still be decoded together.
    pub memory: Option<Arc<Memory>>,
}

impl CaptionOptions {
    /// The best options for `model`: the default, or ClapCap's own decoding.
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
            hearing: Hearing::default(),
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

/// The memories that a recording is bridged with.
#[derive(Clone, Copy)]
pub(super) struct Memories<'a> {
    /// For the recording as a whole.
    pub captions: Option<&'a Memory>,
    /// For single sounds, if the model was trained to join them.
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

    /// The bridges asked for (the model's `own` if none is), and the decoding strategies for each of them.
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

    /// The memory asked for, which also replaces the memory of clauses (so that every retrieved text is the user's own); else
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
