//! From what was heard to words: `Heard` -> bridge -> prompts of several recordings, decoded together -> `Caption`.

use rayon::prelude::*;

use super::options::Memories;
use super::{Caption, CaptionOptions, Captioner, WEAK, naming, nearest};
use crate::bridge::Bridge;
use crate::clap::Heard;
use crate::error::{Error, Result};
use crate::generate::{DecodeOptions, Hypothesis, Prompt, generate_together};
use crate::model::Model;
use crate::prompt;

/// A recording on the way to its caption.
struct Telling<'a> {
    heard: &'a Heard,
    options: &'a CaptionOptions,
    decode: DecodeOptions,
    best: Option<Told>,
}

/// What a recording has become for the decoder.
struct Across {
    strategy: Bridge,
    /// [parts, d].
    embeddings: Vec<f32>,
    /// What is read before them.
    words: Vec<u32>,
}

/// The best caption so far.
struct Told {
    /// How many of the sounds heard it names.
    named: usize,
    text: String,
    decoded: Hypothesis,
    strategy: Bridge,
}

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
        let begin = |&(heard, options)| {
            let (heard, options): (&Heard, &CaptionOptions) = (heard, options);
            Ok(Telling {
                heard,
                options,
                decode: DecodeOptions {
                    search: options.search.clone(),
                    max_tokens: options.max_tokens,
                    rules: self.rules(heard.ordered),
                },
                best: None,
            })
        };
        let mut tellings: Vec<Result<Telling>> = asked.iter().map(begin).collect();
        self.tell(&mut tellings, |telling| {
            Some(telling.options.bridge.unwrap_or(self.model.card.bridge))
        });
        // Where a sound goes unnamed, the words of the nearest captions may have it.
        self.tell(&mut tellings, |telling| {
            let Telling { options, heard, .. } = telling;
            let memory = options.memories(&self.model).captions;
            let free = options.bridge.is_none() && memory.is_some();
            let named = telling.best.as_ref().map_or(0, |best| best.named);
            (free && options.name_sounds && named < naming::most(heard)).then_some(Bridge::Nearest)
        });
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

    /// Decodes each telling for which there is a bridge, and keeps what names more sounds than the best before.
    fn tell(
        &self,
        tellings: &mut [Result<Telling>],
        bridge: impl Fn(&Telling) -> Option<Bridge> + Sync,
    ) {
        let across: Vec<Option<Across>> = tellings
            .par_iter_mut()
            .map(|telling| {
                let asked = telling.as_ref().ok()?;
                let strategy = bridge(asked)?;
                let over = asked.options.memories(&self.model);
                match self.bridge_over(asked.heard, &strategy, over) {
                    Ok(embeddings) => Some(Across {
                        strategy,
                        embeddings,
                        words: self.prompt_over(asked.heard, over),
                    }),
                    Err(error) => {
                        *telling = Err(error);
                        None
                    }
                }
            })
            .collect();
        let prompts: Vec<Prompt> = (tellings.iter().zip(&across))
            .filter_map(|(telling, across)| {
                let across = across.as_ref()?;
                Some(Prompt {
                    words: &across.words,
                    embeddings: &across.embeddings,
                    options: &telling.as_ref().ok()?.decode,
                })
            })
            .collect();
        let tokenizer = &self.model.tokenizer;
        let mut found =
            generate_together(&self.model.decoder, &prompts, tokenizer.sep()).into_iter();
        for (telling, across) in tellings.iter_mut().zip(across) {
            let (Ok(telling), Some(Across { strategy, .. })) = (telling, across) else {
                continue;
            };
            for decoded in found.next().into_iter().flatten() {
                let text = tokenizer.decode(&decoded.tokens);
                let named = if telling.options.name_sounds {
                    naming::named(&text, telling.heard)
                } else {
                    0
                };
                if telling.best.as_ref().is_none_or(|best| named > best.named) {
                    telling.best = Some(Told {
                        named,
                        text,
                        decoded,
                        strategy,
                    });
                }
            }
        }
    }

    /// The caption, with all that is told beside it.
    fn caption_of(&self, telling: Telling) -> Result<Caption> {
        let Telling {
            heard,
            options,
            best,
            ..
        } = telling;
        let card = &self.model.card;
        let best = best.ok_or_else(|| {
            Error::Config("the decoder has no position left for a caption".into())
        })?;
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
            logprob: best.decoded.logprob,
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
