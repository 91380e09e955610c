//! Stages: audio analysis -> draft -> bridge -> decode -> (bridge and decode again if a sound is unnamed) -> rerank ->
//! caption. Every stage can be called alone; [`Captioner::describe_together`] calls one after another.
//!
//! All but the first and the last process many drafts at once, so that the decoder reads its weights once for all of them. A
//! draft that fails keeps its error and is skipped; the others go on.

use rayon::prelude::*;

use super::caption::sentence;
use super::confidence::Confidence;
use super::draft::Draft;
use super::options::Memories;
use super::{Caption, CaptionOptions, Captioner, nearest};
use crate::bridge::{Bridge, blend};
use crate::error::{Error, Result};
use crate::generate::{Prompt, Rules, Search, generate_together};
use crate::model::Model;
use crate::prompt;
use wsac_encoders::analysis::AudioAnalysis;
use wsac_encoders::embedding::Embedding;

impl Captioner {
    /// The caption of an analysed recording.
    ///
    /// # Errors
    /// As [`Captioner::finish`].
    pub fn describe(&self, analysis: &AudioAnalysis, options: &CaptionOptions) -> Result<Caption> {
        self.describe_together(&[(analysis, options)])
            .swap_remove(0)
    }

    /// [`Captioner::describe`] for several recordings at once, which takes less time than one by one.
    ///
    /// # Errors
    /// As [`Captioner::finish`], for each recording separately.
    pub fn describe_together(
        &self,
        asked: &[(&AudioAnalysis, &CaptionOptions)],
    ) -> Vec<Result<Caption>> {
        let mut drafts: Vec<Draft> = (asked.par_iter())
            .map(|&(analysis, options)| self.draft(analysis, options))
            .collect();
        self.bridge(&mut drafts);
        self.decode(&mut drafts);
        self.bridge_unnamed(&mut drafts);
        self.decode(&mut drafts);
        self.rerank(&mut drafts);
        let captions = drafts.into_par_iter().map(|draft| self.finish(draft));
        captions.collect()
    }

    /// The first stage: checks the options, applies the gap map, and sets up the rules and the prompt.
    pub fn draft<'a>(&self, analysis: &'a AudioAnalysis, options: &'a CaptionOptions) -> Draft<'a> {
        let mut draft = Draft::new(analysis, options);
        draft.attempt(|draft| {
            options.check()?;
            if let Some(map) = &options.gap_map {
                let moved = draft.analysis.to_mut();
                moved.embedding = map.apply(&moved.embedding)?;
                for part in &mut moved.parts {
                    part.embedding = map.apply(&part.embedding)?;
                }
            }
            draft.rules = match options.rules {
                true => self.rules(draft.analysis.ordered),
                false => Rules::default(),
            };
            draft.prompt = self.prompt(&draft.analysis, options.memories(&self.model));
            Ok(())
        });
        draft
    }

    /// Adds a route across the modality gap for each bridge asked for.
    pub fn bridge(&self, drafts: &mut [Draft]) {
        let bridge = |draft: &mut Draft| {
            let own = self.model.card.bridge;
            let (bridges, searches) = draft.options.bridges_and_searches(own);
            for bridge in bridges {
                self.open_route(draft, bridge, &searches)?;
            }
            Ok(())
        };
        (drafts.par_iter_mut()).for_each(|draft| draft.attempt(bridge));
    }

    /// Adds a route by nearest captions if every candidate leaves a sound unnamed: the words of those captions may name
    /// it. Not if a bridge was asked for explicitly.
    pub fn bridge_unnamed(&self, drafts: &mut [Draft]) {
        let bridge = |draft: &mut Draft| {
            let options = draft.options;
            let has_memory = options.memories(&self.model).captions.is_some();
            if draft.leaves_unnamed() && options.bridge.is_none() && has_memory {
                let search = std::slice::from_ref(&options.search);
                self.open_route(draft, Bridge::Nearest, search)?;
            }
            Ok(())
        };
        (drafts.par_iter_mut()).for_each(|draft| draft.attempt(bridge));
    }

    /// Decodes all routes of all drafts together, and adds the results to their candidates.
    pub fn decode(&self, drafts: &mut [Draft]) {
        let Model {
            tokenizer, decoder, ..
        } = &self.model;
        let prompts: Vec<Prompt> = drafts.iter().flat_map(Draft::to_decode).collect();
        let mut found = generate_together(decoder, &prompts, tokenizer.sep()).into_iter();
        for draft in drafts {
            for route in std::mem::take(&mut draft.routes) {
                for hypothesis in found.by_ref().take(route.decode.len()).flatten() {
                    let text = tokenizer.decode(&hypothesis.tokens);
                    let mean = hypothesis.logprob / hypothesis.tokens.len().max(1) as f64;
                    draft.add(text, Some(hypothesis.logprob), mean, route.bridge);
                }
            }
        }
    }

    /// The last stage: the best candidate as a sentence, with the evidence for it.
    ///
    /// # Errors
    /// The error of an earlier stage: options out of range, a memory that is missing or of another width, or a
    /// decoder without room for a caption.
    pub fn finish(&self, mut draft: Draft) -> Result<Caption> {
        if let Some(error) = draft.error.take() {
            return Err(error);
        }
        let card = &self.model.card;
        let best = draft.best().ok_or_else(|| {
            Error::Config("the decoder has no position left for a caption".into())
        })?;
        let (analysis, options) = (&*draft.analysis, draft.options);
        // The similarity of the nearest caption is half of the confidence.
        let needed = card.centred || analysis.sounds.is_empty();
        let count = options.neighbours.max(usize::from(needed));
        let memory = options.memories(&self.model).captions;
        let mut neighbours = memory.map_or(Vec::new(), |memory| nearest(memory, analysis, count));
        let similarity = neighbours.first().map(|nearest| nearest.similarity);
        let confidence = Confidence::of(analysis, similarity, card.centred);
        neighbours.truncate(options.neighbours);
        Ok(Caption {
            text: sentence(&best.text),
            logprob: best.logprob,
            score: best.score,
            strategy: best.strategy,
            duration: analysis.duration,
            neighbours,
            confidence: confidence.value,
            weak: confidence.weak,
            model: card.name.clone(),
            sounds: analysis.sounds.clone(),
            warnings: Vec::new(),
        })
    }

    /// The prompt tokens that the decoder reads before the prefix; none if it was trained without.
    fn prompt(&self, analysis: &AudioAnalysis, over: Memories) -> Vec<u32> {
        let Model {
            card,
            tokenizer,
            keywords,
            ..
        } = &self.model;
        let (point, sounds) = (&analysis.embedding, &analysis.sounds);
        let pieces = (card.prompt).pieces(point, sounds, over.captions, keywords.as_ref());
        let tokens = |piece: &String| prompt::tokens(tokenizer, piece);
        pieces.iter().flat_map(tokens).collect()
    }

    /// Adds a route by `bridge`: one row for each sound, from the memory of clauses, if the model was trained to join
    /// several; else one row for the whole recording, from the memory of captions.
    fn open_route(&self, draft: &mut Draft, bridge: Bridge, searches: &[Search]) -> Result<()> {
        let (analysis, options) = (&draft.analysis, draft.options);
        let over = options.memories(&self.model);
        let renormalise = self.model.card.renormalise;
        let across = |point: &Embedding, memory| {
            let bridged = bridge.apply(point, memory, renormalise)?;
            Ok(blend(point, bridged, options.blend, renormalise))
        };
        let embeddings = match over.clauses {
            Some(clauses) if analysis.parts.len() > 1 => {
                let rows =
                    (analysis.parts.iter()).map(|part| across(&part.embedding, Some(clauses)));
                rows.collect::<Result<Vec<_>>>()?.concat()
            }
            _ => across(&analysis.embedding, over.captions)?,
        };
        draft.add_route(bridge, embeddings, searches);
        Ok(())
    }
}
