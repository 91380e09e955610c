//! The facade: a recording -> a [`Caption`], and each stage on the way alone.
//!
//! ```text
//! Source -encode-> AudioAnalysis{embedding [d], parts} -draft, bridge-> [parts, d] -decode-> candidates -rerank, finish-> Caption
//! ```
//!
//! ```no_run
//! use wsac::captioner::{CaptionOptions, Captioner};
//!
//! let captioner = Captioner::open("runs/mine")?;
//! let caption = captioner.caption(&"dog.ogg".into(), &CaptionOptions::default())?;
//! println!("{}", caption.text);
//! for sound in &caption.sounds {
//!     println!("  {} {:.2}", sound.name, sound.score);
//! }
//! # Ok::<(), wsac::Error>(())
//! ```

mod batch;
mod caption;
mod confidence;
mod draft;
mod keyword_rerank;
mod opening;
mod options;
mod ranking;
mod rerank;
mod rules;
mod settings;
mod stages;

use std::path::Path;
use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::memory::{Centre, Hit, Memory};
use crate::model::Model;
pub use caption::{Caption, Neighbour};
pub use draft::{Candidate, Draft, Route};
pub use opening::{MeasuredFrom, Opening, Precision};
pub use options::CaptionOptions;
pub use ranking::{Measure, Rerank};
pub use settings::{RankedBy, Settings};
use wsac_audio::{AudioStream, Source};
use wsac_encoders::analysis::AudioAnalysis;
use wsac_encoders::embedding::{Embedding, Embeddings};
use wsac_encoders::encoder::Encoder;
use wsac_encoders::mini::sound_events::Activations;
use wsac_encoders::towers::{AudioTower, TextTower};

/// From recordings to captions: an audio tower and a [`Model`] that learned from the same space.
pub struct Captioner {
    tower: Box<dyn AudioTower>,
    model: Model,
    /// The text tower that embeds candidates, loaded when first needed, and the encoder it belongs to.
    reader: OnceLock<Box<dyn TextTower>>,
    encoder: Option<Encoder>,
}

impl Captioner {
    /// The built-in captioner `mini`, which needs no file.
    ///
    /// # Errors
    /// If this build has none (it was made without the feature `bundled`).
    pub fn bundled() -> Result<Self> {
        let captioner = Self::new(Encoder::mini().audio_tower()?, Model::bundled()?)?;
        Ok(captioner.with_reader(Encoder::mini()))
    }

    /// The captioner in a folder that `wsac train` has made.
    ///
    /// # Errors
    /// As [`Model::load`], and where its encoder is not known.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let model = Model::load(folder)?;
        let encoder = Encoder::open(&model.card.clap, None)?;
        model.check_space(encoder.space())?;
        let captioner = Self::new(encoder.audio_tower()?, model)?;
        Ok(captioner.with_reader(encoder))
    }

    /// A captioner that encodes audio with `tower`.
    ///
    /// # Errors
    /// If the tower's embeddings have another width than those the model learned from.
    pub fn new(tower: Box<dyn AudioTower>, model: Model) -> Result<Self> {
        let (ours, theirs) = (tower.dim(), model.card.decoder.embedding);
        if ours != theirs {
            return Err(Error::Config(format!(
                "the model {} learned from embeddings of width {theirs}, the encoder {} gives {ours}",
                model.card.name, model.card.clap
            )));
        }
        Ok(Self {
            tower,
            model,
            reader: OnceLock::new(),
            encoder: None,
        })
    }

    /// The same captioner, with the text tower of `encoder`, which [`CaptionOptions::rerank`] needs to embed candidates. It is
    /// loaded when it is first needed. ([`Captioner::bundled`] and [`Captioner::open`] know
    /// their own.)
    pub fn with_reader(mut self, encoder: Encoder) -> Self {
        (self.reader, self.encoder) = (OnceLock::new(), Some(encoder));
        self
    }

    /// [`Captioner::with_reader`], with a text tower that is already loaded.
    ///
    /// # Errors
    /// If its embeddings have another width than the sounds'.
    pub fn with_text_tower(mut self, tower: Box<dyn TextTower>) -> Result<Self> {
        let (ours, theirs) = (self.tower.dim(), tower.dim());
        if ours != theirs {
            return Err(Error::Config(format!(
                "the text tower gives embeddings of width {theirs}, the audio tower of width {ours}; take both of one encoder"
            )));
        }
        self.reader = OnceLock::from(tower);
        Ok(self)
    }

    /// The text encoder, which is loaded when it is first needed.
    ///
    /// # Errors
    /// If there is none, or its files are missing or damaged.
    pub fn text_tower(&self) -> Result<&dyn TextTower> {
        if self.reader.get().is_none() {
            let encoder = self.encoder.as_ref().ok_or_else(|| {
                Error::Config(
                    "there is no text tower to embed captions with; give the captioner that of its encoder, or rank by \
                     consensus, which needs none"
                        .into(),
                )
            })?;
            // If two threads load it at once, the first one's is kept.
            let _ = self.reader.set(encoder.text_tower()?);
        }
        let reader = self.reader.get().ok_or_else(|| {
            Error::Config("the text tower of the encoder could not be kept".into())
        })?;
        Ok(&**reader)
    }

    /// The same captioner, measuring similarities from elsewhere than its model says: the origin, or the mean of its
    /// memory; sounds, where the modality `gap` [d] is given, from their own mean
    /// ([`Memory::centre_each`]).
    ///
    /// # Errors
    /// If the gap has another width.
    pub fn with_centre(mut self, centre: Centre, gap: Option<&[f32]>) -> Result<Self> {
        let model = &mut self.model;
        model.card.centred = centre == Centre::MemoryMean || gap.is_some();
        for memory in [&mut model.memory, &mut model.clauses]
            .into_iter()
            .flatten()
        {
            match gap {
                Some(gap) => memory.centre_each(gap)?,
                None => memory.set_centre(centre),
            }
        }
        Ok(self)
    }

    /// The same captioner with another memory, for nearest and projection.
    ///
    /// # Errors
    /// If the file is no memory, or one of another encoder.
    pub fn with_memory(mut self, path: impl AsRef<Path>) -> Result<Self> {
        let memory = self
            .fit(Memory::load(&path)?)
            .map_err(|error| Error::model(path, error.to_string()))?;
        // It replaces the clause memory too, so that every retrieved text is the user's own.
        let model = &mut self.model;
        model.clauses = model.clauses.take().map(|_| memory.clone());
        model.memory = Some(memory);
        Ok(self)
    }

    /// `memory`, measured as this captioner's own is, for [`CaptionOptions::memory`].
    ///
    /// # Errors
    /// If its width is that of another encoder.
    pub fn fit(&self, mut memory: Memory) -> Result<Memory> {
        let (ours, theirs) = (self.tower.dim(), memory.dim());
        if ours != theirs {
            return Err(Error::Config(format!(
                "holds embeddings of width {theirs}, the encoder's are {ours}; build it with `wsac memory build`"
            )));
        }
        let own = self.model.memory.as_ref();
        match own.and_then(Memory::gap) {
            Some(gap) => memory.centre_each(&gap)?,
            None => memory.set_centre(self.model.card.centre()),
        }
        Ok(memory)
    }

    /// The encoder's sample rate, in Hz.
    pub fn rate(&self) -> u32 {
        self.tower.rate()
    }

    /// The audio encoder.
    pub fn audio_tower(&self) -> &dyn AudioTower {
        &*self.tower
    }

    /// The model that turns embeddings into captions.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Encodes a recording.
    ///
    /// # Errors
    /// As [`AudioStream::open`] and [`AudioStream::next_block`], and where the encoder cannot use the recording.
    pub fn encode(&self, source: &Source) -> Result<AudioAnalysis> {
        self.encode_stream(&mut AudioStream::open(source, self.tower.rate())?)
    }

    /// Encodes an open recording, already at the encoder's sample rate.
    ///
    /// # Errors
    /// As [`Captioner::encode`].
    pub fn encode_stream(&self, stream: &mut AudioStream) -> Result<AudioAnalysis> {
        Ok(self.tower.encode(stream)?)
    }

    /// The `k` captions of the memory nearest to `analysis`, best first; none if there is no memory. Captions that are equal
    /// but for case count once.
    pub fn neighbours(&self, analysis: &AudioAnalysis, k: usize) -> Vec<Neighbour> {
        let memory = self.model.memory.as_ref();
        memory.map_or(Vec::new(), |memory| nearest(memory, analysis, k))
    }

    /// The similarity of `query` to each of `texts`, in [-1, 1], measured as for the captions of the memory: from the memory's
    /// mean, if the model does so.
    pub fn similarities(&self, query: &Embedding, texts: &Embeddings) -> Vec<f32> {
        alike(self.model.memory.as_ref(), query, texts)
    }

    /// Sound event activations over time, for the `most` likeliest classes; `None` where the encoder has no classifier.
    ///
    /// # Errors
    /// As [`Captioner::encode`].
    pub fn activations(
        &self,
        stream: &mut AudioStream,
        most: usize,
    ) -> Result<Option<Activations>> {
        let activations = self.tower.activations(stream)?;
        Ok(activations.map(|activations| activations.likeliest(most)))
    }

    /// The caption of a recording: [`Captioner::encode_stream`], then [`Captioner::draft`], [`Captioner::bridge`],
    /// [`Captioner::decode`], [`Captioner::bridge_unnamed`], [`Captioner::decode`], [`Captioner::rerank`] and
    /// [`Captioner::finish`].
    ///
    /// # Errors
    /// As [`Captioner::encode`] and [`Captioner::finish`].
    pub fn caption(&self, source: &Source, options: &CaptionOptions) -> Result<Caption> {
        let mut stream = AudioStream::open(source, self.tower.rate())?;
        let analysis = self.encode_stream(&mut stream)?;
        let mut caption = self.describe(&analysis, options)?;
        caption.warnings = stream.warnings().to_vec();
        Ok(caption)
    }
}

/// The similarity of a sound to each of `texts`, measured as for the captions of `memory`.
fn alike(memory: Option<&Memory>, sound: &Embedding, texts: &Embeddings) -> Vec<f32> {
    let from = |origin: Option<&[f32]>, point: &[f32]| -> Option<Embedding> {
        Embedding::new(match origin {
            Some(origin) => point.iter().zip(origin).map(|(x, o)| x - o).collect(),
            None => point.to_vec(),
        })
    };
    let origin = memory.and_then(Memory::origin);
    let sound = from(memory.and_then(Memory::origin_of_queries), sound.as_slice());
    let similarity = |row| Some(sound.as_ref()?.cosine(&from(origin, row)?));
    texts
        .rows()
        .map(|row| similarity(row).unwrap_or(0.0))
        .collect()
}

/// [`Captioner::neighbours`] in `memory`.
fn nearest(memory: &Memory, analysis: &AudioAnalysis, k: usize) -> Vec<Neighbour> {
    let neighbour = |hit: Hit| Neighbour {
        caption: memory.caption(hit.index).to_owned(),
        similarity: hit.similarity,
    };
    let hits = memory.nearest_distinct(&analysis.embedding, k);
    hits.into_iter().map(neighbour).collect()
}

#[cfg(test)]
mod tests;
