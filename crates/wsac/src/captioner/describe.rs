//! From what was heard to words: `Heard` -> bridge -> prompts of several recordings, decoded together -> candidates -> the
//! one that is told: `Caption`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use wsac_metrics::Corpus;

use super::options::Memories;
use super::ranking::{Measure, Rerank, Voter, WIDER, consensus};
use super::{Caption, CaptionOptions, Captioner, WEAK, alike, naming, nearest};
use crate::bridge::Bridge;
use crate::clap::Heard;
use crate::embedding::Embeddings;
use crate::error::{Error, Result};
use crate::generate::{DecodeOptions, Prompt, Rules, Search, generate_together};
use crate::memory::{Memory, words};
use crate::model::Model;
use crate::prompt;

/// A recording on the way to its caption.
struct Telling<'a> {
    heard: Cow<'a, Heard>,
    options: &'a CaptionOptions,
    rules: Rules,
    /// What the decoder reads before the prefix.
    words: Vec<u32>,
    candidates: Vec<Candidate>,
    /// The words of each, whatever their case and punctuation.
    said: HashSet<String>,
}

/// What could be told.
struct Candidate {
    text: String,
    /// The sum over its tokens, and the mean.
    logprob: f64,
    mean_logprob: f64,
    strategy: Bridge,
    /// How well it names the sounds heard; 0 where that does not matter.
    named: usize,
    /// What the ranking gives it, where there is one.
    score: Option<f32>,
}

/// A bridge, what it gives for the sound, [parts, d], and the searches that are begun from there.
type Way = (Bridge, Vec<f32>, Vec<DecodeOptions>);

impl Captioner {
    /// A sentence about what was heard.
    ///
    /// # Errors
    /// As [`Captioner::bridge`].
    pub fn describe(&self, heard: &Heard, options: &CaptionOptions) -> Result<Caption> {
        self.describe_together(&[(heard, options)]).swap_remove(0)
    }

    /// [`Captioner::describe`] for several recordings at once, which takes less time than one by one.
    ///
    /// # Errors
    /// As [`Captioner::bridge`], each for itself.
    pub fn describe_together(&self, asked: &[(&Heard, &CaptionOptions)]) -> Vec<Result<Caption>> {
        let mut tellings: Vec<Result<Telling>> = (asked.par_iter())
            .map(|&(heard, options)| self.begin(heard, options))
            .collect();
        self.tell(&mut tellings, |telling| self.first_ways(telling));
        self.tell(&mut tellings, |telling| self.naming_ways(telling));
        self.rank(&mut tellings);
        let captions = tellings
            .into_par_iter()
            .map(|telling| self.caption_of(telling?));
        captions.collect()
    }

    /// The words that the decoder reads before what was heard; none where it learned without.
    pub fn prompt(&self, heard: &Heard) -> Vec<u32> {
        self.prompt_over(heard, Memories::of(&self.model))
    }

    fn prompt_over(&self, heard: &Heard, over: Memories) -> Vec<u32> {
        let Model {
            card,
            tokenizer,
            keywords,
            ..
        } = &self.model;
        let (point, sounds) = (&heard.embedding, &heard.sounds);
        let pieces = (card.prompt).pieces(point, sounds, over.captions, keywords.as_ref());
        let tokens = |piece: &String| prompt::tokens(tokenizer, piece);
        pieces.iter().flat_map(tokens).collect()
    }

    fn begin<'a>(&self, heard: &'a Heard, options: &'a CaptionOptions) -> Result<Telling<'a>> {
        if let Some(rerank) = &options.rerank {
            rerank.check()?;
        }
        options.search.check()?;
        if !(0.0..=1.0).contains(&options.blend) {
            return Err(Error::Config(format!(
                "the share of the sound in a blend is 0 to 1, not {}",
                options.blend
            )));
        }
        let mut heard = Cow::Borrowed(heard);
        if let Some(map) = &options.gap_map {
            let moved = heard.to_mut();
            moved.embedding = map.apply(&moved.embedding)?;
            for part in &mut moved.parts {
                part.embedding = map.apply(&part.embedding)?;
            }
        }
        Ok(Telling {
            rules: if options.rules {
                self.rules(heard.ordered)
            } else {
                Rules::default()
            },
            words: self.prompt_over(&heard, options.memories(&self.model)),
            heard,
            options,
            candidates: Vec::new(),
            said: HashSet::new(),
        })
    }

    /// The bridges that are asked for, each with all searches.
    fn first_ways(&self, telling: &Telling) -> Result<Vec<Way>> {
        let options = telling.options;
        let mut searches = vec![options.search.clone()];
        let mut bridges = vec![options.bridge.unwrap_or(self.model.card.bridge)];
        if let Some(rerank) = &options.rerank {
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
        let over = options.memories(&self.model);
        let way = |bridge: Bridge| {
            let embeddings = self.bridge_over(&telling.heard, &bridge, options.blend, over)?;
            let decode = searches.iter().map(|search| telling.decode(search));
            Ok((bridge, embeddings, decode.collect()))
        };
        bridges.into_iter().map(way).collect()
    }

    /// Where a sound goes unnamed, the words of the nearest captions may have it.
    fn naming_ways(&self, telling: &Telling) -> Result<Vec<Way>> {
        let Telling { options, heard, .. } = telling;
        let over = options.memories(&self.model);
        let unnamed = options.name_sounds && telling.named() < naming::most(heard);
        if !unnamed || options.bridge.is_some() || over.captions.is_none() {
            return Ok(Vec::new());
        }
        let embeddings = self.bridge_over(heard, &Bridge::Nearest, options.blend, over)?;
        let decode = telling.decode(&options.search);
        Ok(vec![(Bridge::Nearest, embeddings, vec![decode])])
    }

    /// Decodes each telling in all of its `ways`, and adds what is found to its candidates.
    fn tell(
        &self,
        tellings: &mut [Result<Telling>],
        ways: impl Fn(&Telling) -> Result<Vec<Way>> + Sync,
    ) {
        let across: Vec<Option<Vec<Way>>> = tellings
            .par_iter_mut()
            .map(|telling| {
                let begun = ways(telling.as_ref().ok()?);
                begun.map_err(|error| *telling = Err(error)).ok()
            })
            .collect();
        let prompts: Vec<Prompt> = (tellings.iter().flatten())
            .zip(across.iter().flatten())
            .flat_map(|(telling, across)| across.iter().map(|way| (&*telling.words, way)))
            .flat_map(|(words, (_, embeddings, decode))| {
                decode.iter().map(move |options| Prompt {
                    words,
                    embeddings,
                    options,
                })
            })
            .collect();
        let tokenizer = &self.model.tokenizer;
        let mut found =
            generate_together(&self.model.decoder, &prompts, tokenizer.sep()).into_iter();
        for (telling, across) in tellings.iter_mut().zip(&across) {
            let (Ok(telling), Some(across)) = (telling, across) else {
                continue;
            };
            for (bridge, _, decode) in across {
                for decoded in found.by_ref().take(decode.len()).flatten() {
                    let text = tokenizer.decode(&decoded.tokens);
                    let mean = decoded.logprob / decoded.tokens.len().max(1) as f64;
                    telling.add(text, decoded.logprob, mean, *bridge);
                }
            }
        }
    }

    /// Scores the candidates of tellings that ask for it. Each text is read once, however many tellings have it.
    fn rank(&self, tellings: &mut [Result<Telling>]) {
        for telling in tellings.iter_mut().flatten() {
            telling.add_nearest(telling.options.memories(&self.model));
        }
        let by_likeness = |telling: &Telling| {
            let by = telling.options.rerank.as_ref().map(|rerank| rerank.by);
            matches!(by, Some(Measure::Similarity { .. }))
        };
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut texts: Vec<&str> = Vec::new();
        for telling in tellings.iter().flatten().filter(|t| by_likeness(t)) {
            for candidate in &telling.candidates {
                places.entry(&candidate.text).or_insert_with(|| {
                    texts.push(&candidate.text);
                    texts.len() - 1
                });
            }
        }
        let read = if texts.is_empty() {
            Ok(Embeddings::empty(1))
        } else {
            self.read(&texts).map_err(|error| error.to_string())
        };
        let scores: Vec<Result<Vec<f32>>> = (tellings.par_iter())
            .map(|telling| {
                let Ok(telling) = telling else {
                    return Ok(Vec::new());
                };
                let Some(rerank) = &telling.options.rerank else {
                    return Ok(Vec::new());
                };
                let measured = match rerank.by {
                    Measure::Similarity { .. } => {
                        let rows = read.as_ref().map_err(|why| Error::Config(why.clone()))?;
                        let memory = telling.options.memories(&self.model).captions;
                        let mut own = Embeddings::empty(rows.dim());
                        (telling.candidates.iter())
                            .for_each(|c| own.push(&rows.get(places[&*c.text])));
                        alike(memory, &telling.heard.embedding, &own)
                    }
                    Measure::Consensus {
                        retrieved,
                        tau,
                        peers,
                        ..
                    } => {
                        let tau = tau.unwrap_or(WIDER * self.model.card.bridge.tau());
                        let memory = telling.options.memories(&self.model).captions;
                        telling.agreed(memory, retrieved, tau, peers)
                    }
                };
                Ok(telling.scores(rerank, measured))
            })
            .collect();
        for (telling, scores) in tellings.iter_mut().zip(scores) {
            match (&mut *telling, scores) {
                (Ok(told), Ok(scores)) => {
                    for (candidate, score) in told.candidates.iter_mut().zip(scores) {
                        candidate.score = Some(score);
                    }
                }
                (Ok(_), Err(error)) => *telling = Err(error),
                (Err(_), _) => {}
            }
        }
    }

    /// The caption, with all that is told beside it.
    fn caption_of(&self, telling: Telling) -> Result<Caption> {
        let card = &self.model.card;
        let best = telling.best().ok_or_else(|| {
            Error::Config("the decoder has no position left for a caption".into())
        })?;
        let (heard, options) = (&*telling.heard, telling.options);
        // A tower that names no sound cannot tell how sure it is; how near a caption lies tells something.
        let by_nearest = card.centred || heard.sounds.is_empty();
        let count = options.neighbours.max(usize::from(by_nearest));
        let memory = options.memories(&self.model).captions;
        let mut neighbours = memory.map_or(Vec::new(), |memory| nearest(memory, heard, count));
        let (confidence, weak) = match neighbours.first() {
            Some(nearest) if by_nearest => (
                nearest.similarity.clamp(0.0, 1.0),
                if card.centred {
                    nearest.similarity < WEAK
                } else {
                    heard.is_weak()
                },
            ),
            _ => (heard.confidence, heard.is_weak()),
        };
        neighbours.truncate(options.neighbours);
        Ok(Caption {
            text: sentence(&best.text),
            logprob: best.logprob,
            score: best.score,
            strategy: best.strategy,
            duration: heard.duration,
            neighbours,
            confidence,
            weak,
            model: card.name.clone(),
            sounds: heard.sounds.clone(),
            warnings: Vec::new(),
        })
    }
}

impl Telling<'_> {
    /// How words are written that `search` looks for.
    fn decode(&self, search: &Search) -> DecodeOptions {
        DecodeOptions {
            search: search.clone(),
            max_tokens: self.options.max_tokens,
            rules: self.rules.clone(),
        }
    }

    /// Adds a candidate, unless there is one of these words already.
    fn add(&mut self, text: String, logprob: f64, mean_logprob: f64, strategy: Bridge) {
        if !self.said.insert(words(&text)) {
            return;
        }
        let options = self.options;
        let counts = |rerank: &Rerank| rerank.naming != 0.0;
        let named = if options.name_sounds || options.rerank.as_ref().is_some_and(counts) {
            naming::named(&text, &self.heard)
        } else {
            0
        };
        self.candidates.push(Candidate {
            text,
            logprob,
            mean_logprob,
            strategy,
            named,
            score: None,
        });
    }

    /// Adds the nearest captions of the memory, where they are asked for. The decoder has not written them: they count as
    /// no likelier than any other candidate.
    fn add_nearest(&mut self, over: Memories) {
        let Some((rerank, memory)) = self.options.rerank.as_ref().zip(over.captions) else {
            return;
        };
        let means = self.candidates.iter().map(|c| c.mean_logprob);
        let least = means.fold(0.0, f64::min);
        for neighbour in nearest(memory, &self.heard, rerank.nearest) {
            self.add(neighbour.caption, f64::NAN, least, Bridge::Nearest);
        }
    }

    /// The most sounds that a candidate names.
    fn named(&self) -> usize {
        let named = self.candidates.iter().map(|c| c.named);
        named.max().unwrap_or(0)
    }

    /// How much each candidate agrees with the `retrieved` captions of `memory` nearest to the sound.
    fn agreed(&self, memory: Option<&Memory>, retrieved: usize, tau: f32, peers: f32) -> Vec<f32> {
        let texts: Vec<&str> = self.candidates.iter().map(|c| &*c.text).collect();
        let written: Vec<bool> = (self.candidates.iter())
            .map(|c| c.logprob.is_finite())
            .collect();
        let Some(memory) = memory else {
            return consensus(&texts, &written, &[], peers, &Corpus::of(&texts));
        };
        let near = nearest(memory, &self.heard, retrieved);
        let most = near.first().map_or(0.0, |n| n.similarity);
        let voters: Vec<Voter> = (near.iter())
            .map(|n| Voter {
                caption: &n.caption,
                weight: ((n.similarity - most) / tau).exp(),
            })
            .collect();
        consensus(&texts, &written, &voters, peers, memory.corpus())
    }

    /// The score of each candidate, of which `measured` is the measure.
    fn scores(&self, rerank: &Rerank, measured: Vec<f32>) -> Vec<f32> {
        let score = |(c, measured): (&Candidate, f32)| {
            let names = rerank.naming * c.named as f32 / naming::BEST as f32;
            measured + rerank.by.alpha() * c.mean_logprob as f32 + names
        };
        self.candidates.iter().zip(measured).map(score).collect()
    }

    /// The candidate that is told; of equal ones the first.
    fn best(&self) -> Option<&Candidate> {
        let soft = |rerank: &Rerank| rerank.naming != 0.0;
        let names_first =
            self.options.name_sounds && !self.options.rerank.as_ref().is_some_and(soft);
        let rank = |c: &Candidate| {
            let named = if names_first { c.named } else { 0 };
            (named, c.score.unwrap_or(0.0))
        };
        let mut best = self.candidates.first()?;
        for candidate in &self.candidates {
            if rank(candidate) > rank(best) {
                best = candidate;
            }
        }
        Some(best)
    }
}

/// Lower-case words as a sentence: first letter upper-case, a full stop at the end.
pub(super) fn sentence(words: &str) -> String {
    let words = words.trim().trim_end_matches(['.', ',', ';', ':', ' ']);
    let mut letters = words.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => format!(
            "{}{}{}",
            first.to_uppercase(),
            letters.as_str(),
            if words.ends_with(['!', '?']) { "" } else { "." }
        ),
    }
}
