//! The stage that scores candidates if the options ask for it: by similarity to the sound, each text embedded once however
//! many drafts contain it, or by consensus.

use std::collections::HashMap;

use rayon::prelude::*;
use wsac_metrics::Corpus;

use super::draft::{Candidate, Draft};
use super::ranking::{Measure, Rerank, Voter, WIDER, consensus};
use super::{Captioner, alike, keyword_rerank, nearest};
use crate::bridge::Bridge;
use crate::error::{Error, Result};
use crate::memory::Memory;
use wsac_encoders::embedding::Embeddings;
use wsac_encoders::towers::TextTower;

/// Texts and their embeddings [N, d], or the reason why there are none.
struct Embedded {
    places: HashMap<String, usize>,
    rows: std::result::Result<Embeddings, String>,
}

impl Captioner {
    /// Scores the candidates of the drafts whose options ask for it, after adding the nearest captions of the memory if
    /// the options ask for them.
    pub fn rerank(&self, drafts: &mut [Draft]) {
        for draft in drafts.iter_mut().filter(|draft| draft.error.is_none()) {
            draft.add_nearest(draft.options.memories(&self.model).captions);
        }
        let embedded = self.embed_candidates(drafts);
        let score = |draft: &mut Draft| self.score(draft, &embedded);
        (drafts.par_iter_mut()).for_each(|draft| draft.attempt(score));
    }

    /// The candidates that are ranked by similarity, embedded.
    fn embed_candidates(&self, drafts: &[Draft]) -> Embedded {
        let by_similarity = |draft: &&Draft| {
            let by = draft.options.rerank.as_ref().map(|rerank| rerank.by);
            draft.error.is_none() && matches!(by, Some(Measure::Similarity { .. }))
        };
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut texts: Vec<&str> = Vec::new();
        for candidate in (drafts.iter().filter(by_similarity)).flat_map(|d| &d.candidates) {
            if !places.contains_key(&candidate.text) {
                places.insert(candidate.text.clone(), texts.len());
                texts.push(&candidate.text);
            }
        }
        let rows = if texts.is_empty() {
            Ok(Embeddings::empty(1))
        } else {
            let embed = |tower: &dyn TextTower| Ok(tower.embed(&texts, &mut |_| {})?);
            (self.text_tower().and_then(embed)).map_err(|error| error.to_string())
        };
        Embedded { places, rows }
    }

    fn score(&self, draft: &mut Draft, embedded: &Embedded) -> Result<()> {
        let Some(rerank) = &draft.options.rerank else {
            return Ok(());
        };
        let memory = draft.options.memories(&self.model).captions;
        let measured = match rerank.by {
            Measure::Similarity { .. } => {
                let rows = (embedded.rows.as_ref()).map_err(|why| Error::Config(why.clone()))?;
                let mut own = Embeddings::empty(rows.dim());
                (draft.candidates.iter())
                    .for_each(|c| own.push(&rows.get(embedded.places[&c.text])));
                alike(memory, &draft.analysis.embedding, &own)
            }
            Measure::Consensus {
                retrieved,
                tau,
                peers,
                ..
            } => {
                let tau = tau.unwrap_or(WIDER * self.model.card.bridge.tau());
                draft.agreed(memory, retrieved, tau, peers)
            }
        };
        for (candidate, measured) in draft.candidates.iter_mut().zip(measured) {
            candidate.score = Some(candidate.scored(rerank, measured));
        }
        Ok(())
    }
}

impl Candidate {
    /// The score of a candidate; `measured` is its measure.
    fn scored(&self, rerank: &Rerank, measured: f32) -> f32 {
        let names = rerank.naming * self.named as f32 / keyword_rerank::BEST as f32;
        measured + rerank.by.alpha() * self.mean_logprob as f32 + names
    }
}

impl Draft<'_> {
    /// Adds the nearest captions of the memory, if asked for. They have no log-probability from the decoder, so they count as
    /// no more likely than any other candidate.
    fn add_nearest(&mut self, memory: Option<&Memory>) {
        let Some((rerank, memory)) = self.options.rerank.as_ref().zip(memory) else {
            return;
        };
        let means = self.candidates.iter().map(|c| c.mean_logprob);
        let least = means.fold(0.0, f64::min);
        for neighbour in nearest(memory, &self.analysis, rerank.nearest) {
            self.add(neighbour.caption, None, least, Bridge::Nearest);
        }
    }

    /// How much each candidate agrees with the `retrieved` captions of `memory` nearest to the sound.
    fn agreed(&self, memory: Option<&Memory>, retrieved: usize, tau: f32, peers: f32) -> Vec<f32> {
        let texts: Vec<&str> = self.candidates.iter().map(|c| &*c.text).collect();
        let decoded: Vec<bool> = (self.candidates.iter())
            .map(|c| c.logprob.is_some())
            .collect();
        let Some(memory) = memory else {
            return consensus(&texts, &decoded, &[], peers, &Corpus::of(&texts));
        };
        let near = nearest(memory, &self.analysis, retrieved);
        let most = near.first().map_or(0.0, |n| n.similarity);
        let voters: Vec<Voter> = (near.iter())
            .map(|n| Voter {
                caption: &n.caption,
                weight: ((n.similarity - most) / tau).exp(),
            })
            .collect();
        consensus(&texts, &decoded, &voters, peers, memory.corpus())
    }
}
