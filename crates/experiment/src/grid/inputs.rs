//! The inputs that all cells of a data set share: its encoded recordings (or their replacements), the modality gap, a map
//! across it, its captions as a memory, and further training captions.

use std::cell::OnceCell;
use std::fs;
use std::sync::Arc;

use wsac::bridge::{GapMap, LearnOptions, gap};
use wsac::encoders::analysis::AudioAnalysis;
use wsac::encoders::embedding::Embeddings;
use wsac::memory::Memory;
use wsac::model::load_gap;
use wsac::paraphrase::{Paraphrasing, paraphrase};
use wsac::train::embed_cached;
use wsac::{Error, Result};
use wsac_metrics::tables::Tables;

use super::event::{Counter, Event, Observer};
use super::setup::Setup;
use crate::artifact_cache::{self as cache, Key};
use crate::config::{Config, Named, Paraphrases, Source, slug};
use crate::data::{Data, Sound};
use crate::encoding::{self, Encoded};
use crate::extra_corpora::ExtraCorpora;
use crate::text_probe::Displacement;

/// A data set, and everything derived from it for all its cells.
pub(super) struct Inputs<'a, 'o> {
    pub config: &'a Config,
    pub setup: &'a Setup<'a>,
    pub observer: &'a Observer<'o>,
    /// The other corpora of each training.
    extra: &'a [ExtraCorpora],
    source: &'a Source,
    pub data: &'a Data,
    /// See [`Inputs::clips`].
    clips: OnceCell<Vec<Embeddings>>,
    /// See [`Inputs::train_memory`].
    memory: OnceCell<Memory>,
}

impl<'a, 'o> Inputs<'a, 'o> {
    /// For the data set that `source` names and `data` holds; nothing is computed yet.
    pub fn new(
        config: &'a Config,
        setup: &'a Setup<'a>,
        observer: &'a Observer<'o>,
        extra: &'a [ExtraCorpora],
        source: &'a Source,
        data: &'a Data,
    ) -> Self {
        Self {
            config,
            setup,
            observer,
            extra,
            source,
            data,
            clips: OnceCell::new(),
            memory: OnceCell::new(),
        }
    }

    /// The embeddings of the validation captions, else of the training captions, clip by clip: gaps are measured on these.
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

    /// The encoded validation clips, if their recordings were given.
    fn validation(&self) -> Result<Option<Encoded>> {
        let Some(sounds) = &self.data.validation_sounds else {
            return Ok(None);
        };
        let sounds: Vec<&Sound> = sounds.iter().collect();
        let encoded = self.encode(&sounds, &format!("{} validation", self.data.name))?;
        Ok(Some(encoded.0))
    }

    /// How captions' embeddings are moved, if captions replace sounds.
    pub fn probe(&self) -> Result<Option<Displacement>> {
        let Some(probe) = &self.source.probe else {
            return Ok(None);
        };
        let clips = self.clips()?;
        let counter = Counter::new(self.observer, 0);
        let each = || counter.one();
        Displacement::measure(probe, clips, self.setup.encoder, self.setup.out, &each).map(Some)
    }

    /// Each item, encoded.
    pub fn encoded(&self, probe: Option<&Displacement>) -> Result<(Encoded, Key)> {
        let sounds: Vec<&Sound> = self.data.items.iter().map(|item| &item.sound).collect();
        let Some(probe) = probe else {
            return self.encode(&sounds, &self.data.name);
        };
        let captions: Vec<String> = sounds
            .iter()
            .filter_map(|sound| match sound {
                Sound::Caption(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        let encoded = probe.stand_ins(&self.embed(&captions)?, "test");
        let key = Key::of("probe")
            .with(self.setup.encoder.made_in())
            .with_all(&captions);
        let key = key.with_all(probe.gap.iter().map(|x| x.to_le_bytes()));
        let key = key
            .with(probe.noise_variance.to_le_bytes())
            .with(probe.seed.to_le_bytes());
        Ok((encoded, key))
    }

    fn encode(&self, sounds: &[&Sound], what: &str) -> Result<(Encoded, Key)> {
        let counter = Counter::new(self.observer, sounds.len());
        let each = || counter.one();
        let Setup { encoder, out, .. } = self.setup;
        encoding::encode_all(sounds, encoder, out, &slug(what), &each)
    }

    /// The modality gap, if a training shifts by it: as given, or measured between validation clips and their
    /// captions.
    pub fn gap(&self, probe: Option<&Displacement>) -> Result<Option<Vec<f32>>> {
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
        let texts = encoding::joined(self.clips()?, self.setup.text.dim());
        let audio = match probe {
            Some(probe) => Some(probe.stand_ins(&texts, "validation")),
            None => self.validation()?,
        };
        let Some(audio) = audio else {
            let name = &self.data.name;
            return Err(Error::Config(format!(
                "a training shifts embeddings, but data {name:?} has no gap: give validation_audio (recordings of the \
                 validation clips), or gap = \"FILE\" from `wsac gap CAPTIONS --audio DIR -o FILE`"
            )));
        };
        gap(&encoding::embeddings(&audio, texts.dim()), &texts).map(Some)
    }

    /// The map from audio to text embeddings, if an inference strategy uses one: learned from the validation clips, none of
    /// which is captioned. With a probe, the first caption of a clip replaces its recording, and the others are its texts.
    pub fn map(&self, probe: Option<&Displacement>) -> Result<Option<Arc<GapMap>>> {
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
        let mut pair = |sound: std::result::Result<AudioAnalysis, String>, of: Embeddings| {
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
                let encoded = self.validation()?.ok_or_else(missing)?;
                let pairs = encoded.into_iter().zip(clips);
                pairs.for_each(|(sound, clip)| pair(sound, clip.clone()));
            }
        }
        GapMap::learn(&audio, &texts, &LearnOptions::default()).map(|map| Some(Arc::new(map)))
    }

    /// The training captions as a memory; built once for all cells.
    pub fn train_memory(&self) -> Result<Memory> {
        if let Some(memory) = self.memory.get() {
            return Ok(memory.clone());
        }
        let captions = self.data.train.concat();
        let memory = Memory::new(&captions, self.embed(&captions)?)?;
        Ok(self.memory.get_or_init(|| memory).clone())
    }

    /// The additional captions of training `t`.
    pub fn extra_corpora(&self, t: usize) -> Result<ExtraCorpora> {
        let mut extra = self.extra[t].clone();
        if let Some(Paraphrases { share, how }) = &self.config.training[t].paraphrases {
            let paraphrases = self.paraphrases(how)?.into_iter().flatten();
            extra.add(paraphrases.map(|caption| vec![caption]), *share);
        }
        Ok(extra)
    }

    /// Paraphrases of each training caption, computed once: they take minutes.
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
        let file = cache::file(self.setup.out, "paraphrases", &name, &key);
        let made = cache::get_or_make(&file, || {
            let open = Tables::open(tables).map_err(|e| Error::Config(e.to_string()))?;
            paraphrase(&captions, &open, how, &mut |texts| {
                let list: Vec<&str> = texts.iter().map(String::as_str).collect();
                let total = list.len();
                Ok(self.setup.text.embed(&list, &mut |done| {
                    let _ = self.observer.notify(&Event::Embedded { done, total });
                })?)
            })
        });
        Ok(made?.0)
    }

    fn embed(&self, texts: &[String]) -> Result<Embeddings> {
        let space = self.setup.encoder.made_in();
        let mut on_progress = |done, total| {
            // Whether to stop is checked at the next cell; a batch of texts takes no time.
            let _ = self.observer.notify(&Event::Embedded { done, total });
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
