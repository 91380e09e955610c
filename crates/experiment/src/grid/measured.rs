//! What a data set is heard as, and measured by: stand-ins or recordings -> `Heard`s, the modality gap, a map across it;
//! and its captions in other words.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wsac::bridge::{GapMap, LearnOptions, gap};
use wsac::encoders::analysis::Heard;
use wsac::encoders::embedding::Embeddings;
use wsac::memory::Memory;
use wsac::model::load_gap;
use wsac::paraphrase::{Paraphrasing, paraphrase};
use wsac::train::embed_cached;
use wsac::{Error, Result};
use wsac_metrics::tables::Tables;

use super::{Block, Event, Observer, tell};
use crate::config::{Named, Paraphrases, slug};
use crate::data::Sound;
use crate::further::Further;
use crate::hearing::{self, Heards};
use crate::probe::Displacement;
use crate::stage::{self, Key};

impl Block<'_, '_> {
    /// The embeddings of the validation captions, else of those learned from, clip by clip: what gaps are measured on.
    fn clips(&self) -> Result<&[Embeddings]> {
        if let Some(clips) = self.clips.get() {
            return Ok(clips);
        }
        let captions = self.data.validation.as_ref().unwrap_or(&self.data.train);
        let rows = self.embed(&captions.concat())?;
        let mut from = 0;
        let clip = |clip: &Vec<String>| {
            let range = from..from + clip.len();
            from = range.end;
            rows.slice(range)
        };
        let clips = captions.iter().map(clip).collect();
        Ok(self.clips.get_or_init(|| clips))
    }

    /// What is heard of the validation clips, where their recordings were given.
    fn validation(&self) -> Result<Option<Heards>> {
        let Some(sounds) = &self.data.validation_sounds else {
            return Ok(None);
        };
        let sounds: Vec<&Sound> = sounds.iter().collect();
        let heard = self.listen(&sounds, &format!("{} validation", self.data.name))?;
        Ok(Some(heard.0))
    }

    /// How far stand-ins are moved, where captions stand in for sounds.
    pub(super) fn probe(&self) -> Result<Option<Displacement>> {
        let Some(probe) = &self.source.probe else {
            return Ok(None);
        };
        let clips = self.clips()?;
        let counted = Counted::new(self.observer, 0);
        let each = || counted.one();
        Displacement::measure(probe, clips, self.setup.encoder, self.setup.out, &each).map(Some)
    }

    /// What is heard of each item.
    pub(super) fn heard(&self, probe: Option<&Displacement>) -> Result<(Heards, Key)> {
        let sounds: Vec<&Sound> = self.data.items.iter().map(|item| &item.sound).collect();
        let Some(probe) = probe else {
            return self.listen(&sounds, &self.data.name);
        };
        let captions: Vec<String> = sounds
            .iter()
            .filter_map(|sound| match sound {
                Sound::Caption(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        let heard = probe.stand_ins(&self.embed(&captions)?, "test");
        let key = Key::of("probe")
            .with(self.setup.encoder.made_in())
            .with_all(&captions);
        let key = key.with_all(probe.gap.iter().map(|x| x.to_le_bytes()));
        Ok((
            heard,
            key.with(probe.noise_variance.to_le_bytes())
                .with(probe.seed.to_le_bytes()),
        ))
    }

    fn listen(&self, sounds: &[&Sound], what: &str) -> Result<(Heards, Key)> {
        let counted = Counted::new(self.observer, sounds.len());
        let each = || counted.one();
        hearing::listen(
            sounds,
            self.setup.encoder,
            self.setup.out,
            &slug(what),
            &each,
        )
    }

    /// The modality gap, where a training shifts by it: as it was given, or measured between validation clips and their
    /// captions.
    pub(super) fn gap(&self, probe: Option<&Displacement>) -> Result<Option<Vec<f32>>> {
        let wanted = |t: &Named| {
            t.model.is_none()
                && self
                    .config
                    .settings(t, 0, self.setup.encoder.space())
                    .is_ok_and(|s| s.shift)
        };
        if !self.config.training.iter().any(wanted) {
            return Ok(None);
        }
        if let Some(file) = &self.source.gap {
            return load_gap(file, self.setup.text.dim()).map(Some);
        }
        let texts = hearing::joined(self.clips()?, self.setup.text.dim());
        let heard = match probe {
            Some(probe) => Some(probe.stand_ins(&texts, "validation")),
            None => self.validation()?,
        };
        let Some(heard) = heard else {
            let name = &self.data.name;
            return Err(Error::Config(format!(
                "a training shifts embeddings, but data {name:?} tells no gap: give validation_audio (recordings of the \
                 validation clips), or gap = \"FILE\" from `wsac gap CAPTIONS --audio DIR -o FILE`"
            )));
        };
        gap(&hearing::embeddings(&heard, texts.dim()), &texts).map(Some)
    }

    /// The map from sounds to texts, where an inference strategy uses one: learned from the validation clips, none of which is
    /// captioned. Of stand-ins, the first caption of a clip stands in, the others are its texts.
    pub(super) fn map(&self, probe: Option<&Displacement>) -> Result<Option<Arc<GapMap>>> {
        if !self.config.inference.iter().any(|i| i.gap_map) {
            return Ok(None);
        }
        let missing = || {
            let name = &self.data.name;
            Error::Config(format!(
                "an inference strategy has a gap_map, but data {name:?} has no pairs to learn it from: give validation, and \
                 validation_audio or [data.probe]"
            ))
        };
        if self.data.validation.is_none() {
            return Err(missing());
        }
        let clips = self.clips()?;
        let mut audio = Embeddings::empty(self.setup.text.dim());
        let mut texts = Vec::new();
        let mut pair = |sound: std::result::Result<Heard, String>, of: Embeddings| {
            if let Ok(sound) = sound {
                audio.push(&sound.embedding);
                texts.push(of);
            }
        };
        match probe {
            Some(probe) => {
                let several = clips.iter().enumerate().filter(|(_, clip)| clip.len() > 1);
                several.for_each(|(i, clip)| {
                    let sound = probe.stand_in(clip.row(0), "map", i);
                    pair(sound, clip.slice(1..clip.len()));
                });
            }
            None => {
                let heard = self.validation()?.ok_or_else(missing)?;
                let pairs = heard.into_iter().zip(clips);
                pairs.for_each(|(sound, clip)| pair(sound, clip.clone()));
            }
        }
        GapMap::learn(&audio, &texts, &LearnOptions::default()).map(|map| Some(Arc::new(map)))
    }

    /// The captions that are learned from, as a memory.
    pub(super) fn train_memory(&self) -> Result<Memory> {
        let captions = self.data.train.concat();
        Memory::new(&captions, self.embed(&captions)?)
    }

    /// The captions that training `t` has besides the data set's.
    pub(super) fn further(&self, t: usize) -> Result<Further> {
        let mut further = self.further[t].clone();
        if let Some(Paraphrases { share, how }) = &self.config.training[t].paraphrases {
            let said = self.paraphrases(how)?.into_iter().flatten();
            further.add(said.map(|caption| vec![caption]), *share);
        }
        Ok(further)
    }

    /// Paraphrases of each caption that is learned from, made once: they take minutes.
    fn paraphrases(&self, how: &Paraphrasing) -> Result<Vec<Vec<String>>> {
        let Some(tables) = self.setup.tables else {
            let reason =
                "a training learns from paraphrases, but METEOR's word tables are not given";
            return Err(Error::Config(reason.into()));
        };
        let bytes = fs::read(tables).map_err(|e| Error::io(tables, e))?;
        let settings = serde_json::to_vec(how).map_err(|e| Error::Config(e.to_string()))?;
        let captions = self.data.train.concat();
        let key = Key::of("paraphrases").with(settings).with(bytes);
        let key = key.with(self.setup.encoder.made_in()).with_all(&captions);
        let name = slug(&self.data.name);
        let file = stage::file(self.setup.out, "paraphrases", &name, &key);
        let made = stage::once(&file, || {
            let open = Tables::open(tables).map_err(|e| Error::Config(e.to_string()))?;
            paraphrase(&captions, &open, how, &mut |texts| {
                let list: Vec<&str> = texts.iter().map(String::as_str).collect();
                let total = list.len();
                Ok(self.setup.text.embed(&list, &mut |done| {
                    let _ = tell(self.observer, &Event::Embedded { done, total });
                })?)
            })
        });
        Ok(made?.0)
    }

    fn embed(&self, texts: &[String]) -> Result<Embeddings> {
        let space = self.setup.encoder.made_in();
        let mut on_progress = |done, total| {
            // Whether to stop is asked at the next cell; a batch of texts takes no time.
            let _ = tell(self.observer, &Event::Embedded { done, total });
        };
        embed_cached(
            texts,
            self.setup.text.as_ref(),
            &space,
            Some(self.setup.cache),
            &mut on_progress,
        )
    }
}

/// Counts what several threads have done.
struct Counted<'a, 'o> {
    observer: &'a Observer<'o>,
    done: AtomicUsize,
    total: usize,
}

impl<'a, 'o> Counted<'a, 'o> {
    fn new(observer: &'a Observer<'o>, total: usize) -> Self {
        Self {
            observer,
            done: AtomicUsize::new(0),
            total,
        }
    }

    fn one(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let total = self.total.max(done);
        let _ = tell(self.observer, &Event::Embedded { done, total });
    }
}
